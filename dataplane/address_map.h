// Exact-match look-ups of the snapshot: (VIP, port, protocol) → service, and address → what it is to us.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace turnout {

/// Open addressing with linear probing over a power of two, at most half full. Built by control, then
/// immutable. A value of 0 means "not there".
class AddressMap {
 public:
  AddressMap() : AddressMap(0) {}
  explicit AddressMap(size_t expected) : slots_(std::bit_ceil(expected * 2 + 2)), mask_(slots_.size() - 1) {}

  /// `value` must not be 0, the key must be new, and no more than `expected` may be inserted.
  void insert(uint64_t key, uint32_t value) {
    size_t at = home(key);
    while (slots_[at].value != 0) at = (at + 1) & mask_;
    slots_[at] = {key, value};
  }

  uint32_t find(uint64_t key) const {
    for (size_t at = home(key);; at = (at + 1) & mask_) {
      const Slot& slot = slots_[at];
      if (slot.value == 0 || slot.key == key) return slot.value;
    }
  }
  void prefetch(uint64_t key) const { __builtin_prefetch(&slots_[home(key)]); }

 private:
  struct Slot {
    uint64_t key = 0;
    uint32_t value = 0;
  };
  size_t home(uint64_t key) const {  // Fibonacci hashing; keys are the operator's, not a stranger's
    const uint64_t mixed = key * 0x9E3779B97F4A7C15u;
    return (mixed ^ mixed >> 32) & mask_;
  }

  std::vector<Slot> slots_;
  size_t mask_;
};

/// All arguments as they stand in the packet (network byte order).
constexpr uint64_t service_map_key(uint32_t vip_be, uint16_t port_be, uint8_t protocol) {
  return uint64_t{vip_be} << 32 | uint64_t{port_be} << 16 | protocol;
}

/// What an address that has no service for a packet is to us.
enum class AddressKind : uint32_t { unknown, vip, own };

}  // namespace turnout
