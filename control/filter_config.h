// Filters as the configuration has them: which clients may reach the VIPs and services that name them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/address.h"

namespace turnout {

enum class FilterAction : uint8_t { deny, allow };
std::string to_string(FilterAction action);

/// What becomes of a packet that a filter denies.
enum class DeniedPolicy : uint8_t { drop, reject };  // reject: TCP RST, or ICMP "administratively prohibited"
std::string to_string(DeniedPolicy policy);

/// Prefixes of clients' addresses, of either family; host bits are 0.
struct FilterListConfig {
  std::string name;
  FilterAction action = FilterAction::deny;
  std::vector<InterfaceAddress> prefixes;
  std::string file;  // with more of them, a line each; absolute; "": none
  bool operator==(const FilterListConfig&) const = default;
};

/// Of all prefixes in its lists the longest that holds the client counts; one that two lists have is that of
/// the list that comes first.
struct FilterConfig {
  std::string name;
  std::vector<FilterListConfig> lists;
  FilterAction otherwise = FilterAction::allow;  // clients that no list has
  DeniedPolicy denied = DeniedPolicy::drop;
  bool log = true;  // a sample of what it denies
  bool operator==(const FilterConfig&) const = default;
};

/// What becomes of ICMP to a VIP, by type, beyond what is usual. Sorted, without doubles.
struct IcmpConfig {
  std::vector<uint8_t> forward;  // to a real server; no errors
  std::vector<uint8_t> drop;     // errors
  bool operator==(const IcmpConfig&) const = default;
};

}  // namespace turnout
