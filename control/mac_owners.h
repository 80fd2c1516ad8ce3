// Whose a MAC address is, as far as the director knows: a real server's or a gateway's. Control thread only.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "control/address.h"

namespace turnout {

struct MacOwner {
  IpAddress address;
  bool is_gateway = false;
};

class MacOwners {
 public:
  /// A machine may be both, and have several addresses: the first real server of each family counts, else the
  /// first gateway.
  void add(const MacAddress& mac, const MacOwner& owner);

  /// By an address of `family_of` if it has one.
  std::optional<MacOwner> find(const MacAddress& mac, const IpAddress& family_of) const;

 private:
  using OfFamily = std::array<std::optional<MacOwner>, 2>;  // IPv4, IPv6
  std::unordered_map<uint64_t, OfFamily> owners_;
};

}  // namespace turnout
