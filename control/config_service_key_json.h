// JSON ↔ what names a virtual service, and the members of a group.
#pragma once

#include "control/config_reader.h"

namespace turnout {

/// {vip, protocol, port}, or {group, family}. What can't be read is reported, and left as is_unread() says.
ServiceKey read_service_key(const ConfigReader& service);
/// A member of a group: {vip, protocol, port}.
ServiceKey read_group_member(const ConfigReader& at);

/// Of a service or member whose protocol or port could not be read.
inline bool is_unread(const ServiceKey& key) {
  return key.port == 0 && key.last_port != 0;
}

}  // namespace turnout
