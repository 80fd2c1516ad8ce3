// JSON ↔ filters, and the ICMP types of a VIP, for the configuration's reader and writer.
#pragma once

#include "control/config_reader.h"
#include "control/filter_config.h"

namespace turnout {

/// A prefix that can't be read is reported and left out.
FilterConfig read_filter(const ConfigReader& at);
/// The name of a filter, of a VIP or a service; "" is none, so that one which was set can be taken back.
void read_filter_name(const ConfigReader& at, std::string& name);
IcmpConfig read_icmp(const ConfigReader& at, bool ipv6);

Json to_json(const IcmpConfig& icmp, bool ipv6);

}  // namespace turnout
