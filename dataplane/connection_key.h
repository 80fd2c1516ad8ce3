// What a flow is known by in a connection table: the whole of it, never a digest. A false match would be a
// misrouted connection.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <utility>

#include "dataplane/address6.h"

namespace turnout {

/// The whole flow of an IPv4 service: service index (16 bits) | client port (16) and address (32), both as in
/// the packet.
using ConnectionKey = uint64_t;

constexpr ConnectionKey make_connection_key(uint32_t client_be, uint16_t client_port_be, uint16_t service) {
  return uint64_t{service} << 48 | uint64_t{client_port_be} << 32 | client_be;
}
constexpr uint32_t client_of(ConnectionKey key) {
  return static_cast<uint32_t>(key);
}
constexpr uint16_t client_port_of(ConnectionKey key) {
  return static_cast<uint16_t>(key >> 32);
}
constexpr uint16_t service_of(ConnectionKey key) {
  return static_cast<uint16_t>(key >> 48);
}

/// The whole flow of an IPv6 service, or of either family's that has several ports: an IPv4 client is a
/// mapped address then.
struct WideKey {
  Address6 client;
  // Service index (16 bits) | client port (16, as in the packet) | 0 (16) | destination port, of a service
  // that has several (16, as in the packet).
  uint64_t rest = 0;
  friend constexpr bool operator==(const WideKey&, const WideKey&) = default;
};

constexpr WideKey make_connection_key(const Address6& client, uint16_t client_port_be, uint16_t service) {
  return {client, uint64_t{service} << 48 | uint64_t{client_port_be} << 32};
}
constexpr WideKey make_connection_key(const Address6& client, uint16_t client_port_be, uint16_t service,
                                      uint16_t destination_port_be) {
  return {client, uint64_t{service} << 48 | uint64_t{client_port_be} << 32 | destination_port_be};
}
constexpr uint16_t destination_port_of(const WideKey& key) {
  return static_cast<uint16_t>(key.rest);
}
constexpr Address6 client_of(const WideKey& key) {
  return key.client;
}
constexpr uint16_t client_port_of(const WideKey& key) {
  return static_cast<uint16_t>(key.rest >> 32);
}
constexpr uint16_t service_of(const WideKey& key) {
  return static_cast<uint16_t>(key.rest >> 48);
}

/// A table's secret: nobody outside can choose flows that share a bucket.
struct HashSeed {
  uint64_t addend;
  uint64_t multiplier;
  explicit constexpr HashSeed(uint64_t random)
      : addend(random), multiplier((random * 0x9E3779B97F4A7C15u) | 1 | uint64_t{1} << 63) {}
};

/// Both halves of the 128-bit product, folded.
constexpr uint64_t multiply_and_fold(uint64_t a, uint64_t b) {
  __extension__ using Uint128 = unsigned __int128;  // an extension that both compilers have
  const auto product = static_cast<Uint128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}
/// Keys that form a sequence, as the ports of one client do, form one after a multiplication as well. Not
/// after this.
constexpr uint64_t scatter(uint64_t product) {
  return (product ^ product >> 32) * 0x9E3779B97F4A7C15u;
}
constexpr uint64_t hash_of(ConnectionKey key, const HashSeed& seed) {
  return scatter(multiply_and_fold(key ^ seed.addend, seed.multiplier));
}
constexpr uint64_t hash_of(const WideKey& key, const HashSeed& seed) {
  const uint64_t client =
      multiply_and_fold(key.client.first ^ seed.addend, key.client.last ^ seed.multiplier);
  return scatter(multiply_and_fold(client ^ key.rest, seed.multiplier));
}

/// A key word by word.
constexpr std::array<uint64_t, 1> words_of(ConnectionKey key) {
  return {key};
}
constexpr std::array<uint64_t, 3> words_of(const WideKey& key) {
  return {key.client.first, key.client.last, key.rest};
}

/// A key that one thread writes while others read. What they read may be of two owners: whoever uses it makes
/// sure by the version of the value beside it.
template <typename Key>
class AtomicKey {
 public:
  Key load(std::memory_order order) const {
    Words words;
    for (size_t i = 0; i < kWords; ++i) words[i] = words_[i].load(order);
    return std::bit_cast<Key>(words);
  }
  void store(const Key& key, std::memory_order order) {
    const auto words = std::bit_cast<Words>(key);
    for (size_t i = 0; i < kWords; ++i) words_[i].store(words[i], order);
  }
  bool equals(const Key& key, std::memory_order order) const {
    return equal_words(words_of(key), order, std::make_index_sequence<kWords>());
  }
  /// Are the last two words `key`'s? Asked without a branch: which of two slots it is can't be predicted.
  bool ends_as(const Key& key) const {
    static_assert(kWords >= 2);
    const auto words = words_of(key);
    const auto difference = [&](size_t i) { return words_[i].load(std::memory_order_relaxed) ^ words[i]; };
    return (difference(kWords - 2) | difference(kWords - 1)) == 0;
  }

 private:
  template <size_t... kIndex>
  bool equal_words(const std::array<uint64_t, sizeof...(kIndex)>& words, std::memory_order order,
                   std::index_sequence<kIndex...>) const {
    return ((words_[kIndex].load(order) == words[kIndex]) && ...);
  }

  static constexpr size_t kWords = sizeof(Key) / sizeof(uint64_t);
  using Words = std::array<uint64_t, kWords>;
  std::array<std::atomic<uint64_t>, kWords> words_;
};

}  // namespace turnout
