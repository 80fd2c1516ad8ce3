// (VIP, port, protocol) → service index.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "dataplane/address_map.h"
#include "dataplane/bounds.h"
#include "dataplane/spread_hash.h"

namespace turnout {

/// As ExactMap, for what each packet is looked up in: slots have the services' indexes only, two octets each,
/// and their keys stand by index. So a map of ten thousand services is 144 KB, and who comes by what it has
/// found need not wait for the key, which the processor takes to be right meanwhile. `Key`: uint64_t or
/// ServiceKey6. Built by control, then immutable.
template <typename Key>
class ServiceMap {
 public:
  explicit ServiceMap(size_t expected = 0)
      : slots_(std::bit_ceil(expected * 2 + 2)), keys_(1), hash_(slots_.size()) {
    make_nobodys(keys_.front());
  }

  /// `service` must not be 0, nor have a key already, the key must be new, and no more than `expected` may be
  /// inserted.
  void insert(const Key& key, uint16_t service) {
    if (keys_.size() <= service) keys_.resize(size_t{service} + 1);
    keys_[service] = key;
    place(service);
  }

  /// To be called once all is inserted: SpreadHash::choose.
  void spread() {
    std::vector<uint16_t> services;
    std::vector<uint64_t> folded;
    for (const uint16_t service : slots_) {
      if (service == 0) continue;
      services.push_back(service);
      folded.push_back(fold(keys_[service]));
    }
    hash_.choose(folded);
    std::fill(slots_.begin(), slots_.end(), uint16_t{0});
    for (const uint16_t service : services) place(service);
  }

  /// Too large for the first-level cache: who looks many keys up has them prefetched.
  bool is_large() const {
    return slots_.size() * sizeof(uint16_t) + keys_.size() * sizeof(Key) > kFirstLevelCache;
  }
  [[gnu::always_inline]] void prefetch(const Key& key) const {
    __builtin_prefetch(&slots_[hash_.home(fold(key))]);
  }

  /// 0: not there.
  uint32_t find(const Key& key) const { return view().find(key); }

  /// For a loop: what it writes can't change where the map is.
  class View {
   public:
    explicit View(const ServiceMap& map)
        : slots_(map.slots_.data()),
          keys_(map.keys_.data()),
          mask_(map.slots_.size() - 1),
          hash_(map.hash_) {}
    uint32_t find(const Key& key) const {
      for (size_t at = hash_.home(fold(key));; at = (at + 1) & mask_) {
        const uint32_t service = slots_[at];
        if (keys_[service] == key) [[likely]] {
          if (service == 0) __builtin_unreachable();  // it has nobody's: so it need not be compared once more
          return service;
        }
        if (service == 0) return 0;
      }
    }

   private:
    const uint16_t* slots_;
    const Key* keys_;
    size_t mask_;
    SpreadHash hash_;
  };
  View view() const { return View(*this); }

 private:
  static_assert(kMaxServices <= size_t{UINT16_MAX} + 1);
  static constexpr size_t kFirstLevelCache = 16 << 10;  // what of it other things leave

  void place(uint16_t service) {
    size_t at = hash_.home(fold(keys_[service]));
    while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = service;
  }

  std::vector<uint16_t> slots_;  // 0: free
  std::vector<Key> keys_;        // by service index; 0 has nobody's
  SpreadHash hash_;
};

}  // namespace turnout
