#include "control/mac_owners.h"

namespace turnout {

void MacOwners::add(const MacAddress& mac, const MacOwner& owner) {
  std::optional<MacOwner>& known = owners_[mac.to_number()][owner.address.is_v6() ? 1 : 0];
  if (!known || (known->is_gateway && !owner.is_gateway)) known = owner;
}

std::optional<MacOwner> MacOwners::find(const MacAddress& mac, const IpAddress& family_of) const {
  const auto place = owners_.find(mac.to_number());
  if (place == owners_.end()) return std::nullopt;
  const size_t family = family_of.is_v6() ? 1 : 0;
  const std::optional<MacOwner>& wanted = place->second[family];
  const std::optional<MacOwner>& other = place->second[1 - family];
  if (!wanted) return other;
  return wanted->is_gateway && other && !other->is_gateway ? other : wanted;
}

}  // namespace turnout
