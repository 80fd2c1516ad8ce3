// ICMP's types by the names that nft gives them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace turnout {

std::optional<uint8_t> icmp_type_of(std::string_view name, bool ipv6);
/// Its name, or its number if it has none here.
std::string icmp_type_name(uint8_t type, bool ipv6);
std::string icmp_type_names(bool ipv6);  ///< all, for a message: "echo-reply, destination-unreachable, …"

/// Errors about a packet of a connection, which follow it to its real server.
bool is_icmp_error_type(uint8_t type, bool ipv6);
/// Neighbour discovery and listener reports, which are between neighbours and never a VIP's.
bool is_link_type(uint8_t type, bool ipv6);

}  // namespace turnout
