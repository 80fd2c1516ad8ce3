// What a command asks of the daemon.
#pragma once

#include <string>

#include "control/cli/ipvsadm/command.h"
#include "control/cli/json.h"

namespace turnout::cli::ipvsadm {

/// One call of the control socket.
struct Operation {
  std::string method;
  Json params;
};

/// As the daemon names a service: {vip, protocol, port} or {group}.
Json key_of(const ServiceId& service);

/// Of a command that changes something: -A -E -D -C -a -e -d -Z --set. Every field that ipvsadm would set is
/// there.
Operation operation_of(const Command& command);

/// May it be a line of -R? All of the above but -Z, which changes no configuration.
bool is_change(Action action);

}  // namespace turnout::cli::ipvsadm
