// The two tables that are compared, behind one face: Turnout's and DPDK's rte_hash, each used as it is at its
// best in a forwarder: bursts, hashed and prefetched before they are looked up.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>

#include <rte_errno.h>
#include <rte_hash.h>
#include <rte_hash_crc.h>

#include "dataplane/connection_table.h"
#include "dataplane/move_credit.h"
#include "test/bench/eal.h"
#include "test/bench/flow_numbers.h"

namespace turnout::bench {

inline constexpr size_t kBulk = 32;  // keys that are looked up, or entered, at once

/// Client address and port of a flow, 48 bits.
constexpr uint64_t client_number(uint64_t n) {
  return scattered<48>(n);
}

class TurnoutRival {
 public:
  using Key = ConnectionKey;
  static constexpr Tick kNow = 1;

  explicit TurnoutRival(uint64_t capacity, uint64_t seed = 12345)
      : memory_(allocate(ConnectionTable::bytes_for(capacity))), table_(memory_.get(), capacity, seed) {}

  static Key key(uint64_t n) { return client_number(n) << 16 | 1; }
  uint64_t slots() const { return table_.slots(); }
  uint64_t bytes() const { return table_.buckets() * sizeof(ConnectionTable::Bucket); }
  void clear() { std::memset(memory_.get(), 0, bytes()); }

  /// How many of them were found. A whole number of bursts.
  uint64_t look_up(std::span<const Key> keys) const {
    uint64_t found = 0;
    std::array<uint64_t, kBulk> hashes;
    for (size_t at = 0; at < keys.size(); at += kBulk) {
      prepare(keys.subspan(at, kBulk), hashes);
      for (size_t i = 0; i < kBulk; ++i) {
        const ConnectionEntry entry = table_.look_up(keys[at + i], hashes[i]);
        found += entry ? uint64_t{1} + entry.value.server() : 0;
      }
    }
    return found;
  }

  /// How many were entered; they are new to the table.
  uint64_t insert(std::span<const Key> keys, ConnectionState state = ConnectionState::established) {
    uint64_t entered = 0;
    const Timeouts timeouts;
    const auto value = ConnectionValue::make(0, 0, state, kNow);
    std::array<uint64_t, kBulk> hashes;
    for (size_t at = 0; at < keys.size(); at += kBulk) {
      prepare(keys.subspan(at, kBulk), hashes);
      for (const uint64_t hash : hashes) table_.view().fetch_rest(hash);
      for (size_t i = 0; i < kBulk; ++i) {
        const InsertedConnection made =
            table_.insert(keys[at + i], hashes[i], value, kNow, timeouts, move_credit_.available());
        move_credit_.settle(made);
        entered += made.result == InsertedConnection::Result::inserted;
      }
    }
    return entered;
  }

 private:
  void prepare(std::span<const Key> keys, std::array<uint64_t, kBulk>& hashes) const {
    for (size_t i = 0; i < kBulk; ++i) {
      hashes[i] = table_.hash(keys[i]);
      table_.view().fetch(hashes[i]);
    }
  }

  Memory memory_;
  ConnectionTable table_;
  MoveCredit move_credit_;  // as a worker has it
};

/// rte_hash with lock-free readers and a 16-byte key, which is what an IPv4 flow takes there.
class RteHashRival {
 public:
  struct alignas(16) Key {
    uint32_t client;
    uint32_t vip;
    uint16_t client_port;
    uint16_t port;
    uint32_t protocol;
  };
  static_assert(sizeof(Key) == 16);

  explicit RteHashRival(uint64_t capacity) {
    const size_t before = allocated_bytes();
    rte_hash_parameters parameters{};
    parameters.name = "rival";
    parameters.entries = static_cast<uint32_t>(capacity);
    parameters.key_len = sizeof(Key);
    parameters.hash_func = rte_hash_crc;
    parameters.socket_id = static_cast<int>(rte_socket_id());
    parameters.extra_flag = RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY_LF;
    hash_.reset(rte_hash_create(&parameters));
    if (!hash_) throw std::runtime_error(std::string("rte_hash_create: ") + rte_strerror(rte_errno));
    bytes_ = allocated_bytes() - before;
  }

  static Key key(uint64_t n) {
    const uint64_t client = client_number(n);
    return {static_cast<uint32_t>(client >> 16), 0x0100FF0A, static_cast<uint16_t>(client), 0x5000, 6};
  }
  uint64_t bytes() const { return bytes_; }
  void clear() { rte_hash_reset(hash_.get()); }

  uint64_t look_up(std::span<const Key> keys) const {
    uint64_t found = 0;
    std::array<const void*, kBulk> pointers;
    std::array<void*, kBulk> data;
    for (size_t at = 0; at < keys.size(); at += kBulk) {
      for (size_t i = 0; i < kBulk; ++i) pointers[i] = &keys[at + i];
      uint64_t hits = 0;
      found += static_cast<uint64_t>(
          rte_hash_lookup_bulk_data(hash_.get(), pointers.data(), kBulk, &hits, data.data()));
      for (uint64_t left = hits; left != 0; left &= left - 1)
        found += reinterpret_cast<uintptr_t>(data[static_cast<size_t>(std::countr_zero(left))]);
    }
    return found;
  }

  uint64_t insert(std::span<const Key> keys) {
    uint64_t entered = 0;
    for (const Key& key : keys) entered += rte_hash_add_key_data(hash_.get(), &key, nullptr) == 0;
    return entered;
  }

 private:
  struct Free {
    void operator()(rte_hash* hash) const { rte_hash_free(hash); }
  };
  std::unique_ptr<rte_hash, Free> hash_;
  uint64_t bytes_ = 0;
};

}  // namespace turnout::bench
