// What the values of single options mean, and what is refused of them. All throw GrammarError.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/cli/ipvsadm/command.h"
#include "control/cli/ipvsadm/endpoint.h"
#include "control/cli/ipvsadm/names.h"

namespace turnout::cli::ipvsadm {

ServiceId group_of_mark(const std::string& mark);  ///< -f
ServiceId service_at(const std::string& endpoint, const std::string& protocol,
                     const Names& names);                          ///< -t, -u
ServiceId member_of(const std::string& path, const Names& names);  ///< --member tcp/192.0.2.100:80

uint32_t timeout_of(const std::string& text, uint32_t least);                   ///< seconds, at most 31 days
uint32_t persistence_of(const std::optional<std::string>& text);                ///< -p; alone: 360 seconds
unsigned prefix_of(const std::string& mask, bool is_ipv6, const Names& names);  ///< -M, as bits
std::vector<std::string> flags_of(const std::string& scheduler, const std::string& flags);  ///< -b

/// What Turnout does not do, and what to do instead.
[[noreturn]] void refuse_forwarding(const std::string& method, const ServiceId& service);
[[noreturn]] void refuse_sync_daemon(const std::string& option, const std::string& state);

}  // namespace turnout::cli::ipvsadm
