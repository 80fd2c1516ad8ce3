// Exact-match look-ups of the snapshot: (VIP, port, protocol) → service, and address → what it is to us.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <iterator>
#include <vector>

#include "dataplane/address6.h"

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
  ExactMap() : ExactMap(0) {}
  explicit ExactMap(size_t expected)
      : slots_(std::bit_ceil(expected * 2 + 2)),
        mask_(slots_.size() - 1),
        shift_(static_cast<unsigned>(std::countl_zero(mask_))) {}

  /// `value` must not be 0, the key must be new, and no more than `expected` may be inserted.
  void insert(const Key& key, uint32_t value) {
    size_t at = home(key);
    while (slots_[at].value != 0) at = (at + 1) & mask_;
    slots_[at] = {key, value};
  }

  /// To be called once all is inserted. Keys that form a sequence, as a network's VIPs do, may be close
  /// together under one multiplier and far apart under another: takes the best of a few.
  void spread() {
    std::vector<Slot> entries;
    std::copy_if(slots_.begin(), slots_.end(), std::back_inserter(entries),
                 [](const Slot& slot) { return slot.value != 0; });
    size_t best = at_home();
    uint64_t multiplier = multiplier_;
    for (unsigned tried = 1; tried < kMultipliers && best < entries.size(); ++tried) {
      multiplier *= kNextMultiplier;
      ExactMap other(*this, multiplier);
      for (const Slot& entry : entries) other.insert(entry.key, entry.value);
      const size_t found = other.at_home();
      if (found <= best) continue;
      best = found;
      *this = std::move(other);
    }
  }

  /// Too large for the first-level cache: who looks many keys up has them prefetched.
  bool is_large() const { return slots_.size() * sizeof(Slot) > kFirstLevelCache; }
  void prefetch(const Key& key) const { __builtin_prefetch(&slots_[home(key)]); }

  uint32_t find(const Key& key) const {
    for (size_t at = home(key);; at = (at + 1) & mask_) {
      const Slot& slot = slots_[at];
      if (slot.value == 0 || slot.key == key) [[likely]]
        return slot.value;
    }
  }

 private:
  static constexpr uint64_t kFirstMultiplier = 0x9E3779B97F4A7C15u;  // 2^64 by the golden ratio
  static constexpr uint64_t kNextMultiplier = 0xD1342543DE82EF95u;   // odd as well, or keys would be lost
  static constexpr unsigned kMultipliers = 16;
  static constexpr size_t kFirstLevelCache = 16 << 10;  // what of it other things leave
  struct Slot {
    Key key{};
    uint32_t value = 0;
  };

  /// As large as `like`, and empty.
  ExactMap(const ExactMap& like, uint64_t multiplier)
      : slots_(like.slots_.size()), mask_(like.mask_), shift_(like.shift_), multiplier_(multiplier) {}

  /// Multiplicative hashing; keys are the operator's, not a stranger's. Of the product only the highest bits
  /// hang on the whole key.
  size_t home(const Key& key) const { return fold(key) * multiplier_ >> shift_; }
  size_t at_home() const {  // entries that the first look finds
    size_t count = 0;
    for (size_t at = 0; at < slots_.size(); ++at)
      count += slots_[at].value != 0 && home(slots_[at].key) == at;
    return count;
  }

  std::vector<Slot> slots_;
  size_t mask_;
  unsigned shift_;
  uint64_t multiplier_ = kFirstMultiplier;
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
