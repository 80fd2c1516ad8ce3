// Exact-match look-ups of the snapshot: address → what it is to us, and the keys of services (service_map.h).
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "dataplane/address6.h"
#include "dataplane/spread_hash.h"

namespace turnout {

/// A service's key, all as it stands in the packet (network byte order): IPv4 in one number …
constexpr uint64_t service_map_key(rte_be32_t vip, rte_be16_t port, uint8_t protocol) {
  return uint64_t{protocol} << 48 | uint64_t{port} << 32 | vip;
}
/// … and IPv6.
struct ServiceKey6 {
  Address6 vip;
  uint64_t port_and_protocol = 0;
  friend constexpr bool operator==(const ServiceKey6&, const ServiceKey6&) = default;
};
constexpr ServiceKey6 service_map_key(const Address6& vip, rte_be16_t port, uint8_t protocol) {
  return {vip, uint64_t{protocol} << 16 | port};
}

/// A key that no service has and nobody looks for: its highest octet is nought in all others.
constexpr void make_nobodys(uint64_t& key) {
  key = UINT64_MAX;
}
constexpr void make_nobodys(ServiceKey6& key) {
  key.port_and_protocol = UINT64_MAX;
}

constexpr uint64_t fold(uint64_t key) {
  return key;
}
constexpr uint64_t fold(const Address6& address) {
  return address.first ^ std::rotl(address.last, 29);
}
constexpr uint64_t fold(const ServiceKey6& key) {
  return fold(key.vip) ^ std::rotl(key.port_and_protocol, 40);
}

/// Open addressing with linear probing over a power of two, at most half full. Built by control, then
/// immutable. A value of 0 means "not there".
template <typename Key>
class ExactMap {
 public:
  explicit ExactMap(size_t expected = 0) : slots_(std::bit_ceil(expected * 2 + 2)), hash_(slots_.size()) {}

  /// `value` must not be 0, the key must be new, and no more than `expected` may be inserted.
  void insert(const Key& key, uint32_t value) {
    size_t at = hash_.home(fold(key));
    while (slots_[at].value != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = {key, value};
  }

  /// To be called once all is inserted: SpreadHash::choose.
  void spread() {
    std::vector<Slot> entries;
    std::vector<uint64_t> folded;
    for (const Slot& slot : slots_) {
      if (slot.value == 0) continue;
      entries.push_back(slot);
      folded.push_back(fold(slot.key));
    }
    hash_.choose(folded);
    std::fill(slots_.begin(), slots_.end(), Slot());
    for (const Slot& entry : entries) insert(entry.key, entry.value);
  }

  uint32_t find(const Key& key) const {
    for (size_t at = hash_.home(fold(key));; at = (at + 1) & (slots_.size() - 1)) {
      const Slot& slot = slots_[at];
      if (slot.value == 0 || slot.key == key) [[likely]]
        return slot.value;
    }
  }

 private:
  struct Slot {
    Key key{};
    uint32_t value = 0;
  };

  std::vector<Slot> slots_;
  SpreadHash hash_;
};

/// What an address is to us: the value in the address maps, a sum of these; 0: nothing. Of a VIP that has
/// one, the upper half is the index of its policy.
struct AddressRole {
  static constexpr uint32_t kVip = 1;
  static constexpr uint32_t kOwn = 2;
  static constexpr uint32_t kEcho = 4;    // answers echo requests
  static constexpr uint32_t kReject = 8;  // a VIP that rejects what no service has
  static constexpr unsigned kPolicyShift = 16;
};

}  // namespace turnout
