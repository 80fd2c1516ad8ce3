// Prefixes of clients' addresses as people write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "control/address.h"

namespace turnout {

/// "198.51.100.0/24", "2001:db8::/32", or an address alone, which is all of it. Without host bits: who writes
/// 198.51.100.7/24 may mean one address or 256. `fault`: what is wrong, and the remedy.
struct PrefixText {
  std::optional<InterfaceAddress> prefix;
  std::string fault;
};
PrefixText parse_prefix(std::string_view text);

/// The shortest way to write it: "198.51.100.7" for all 32 bits of it.
std::string prefix_text(const InterfaceAddress& prefix);

}  // namespace turnout
