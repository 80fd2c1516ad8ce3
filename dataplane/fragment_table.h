// Which real server the fragments of a datagram go to. Only the first fragment has the ports that a server is
// found by; the others follow it, and those that come before it wait for it, a short time and in a small
// number.
//
// One table per worker: a NIC spreads fragments by addresses alone, as RSS in software does, so those of one
// datagram come to one worker.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "dataplane/address6.h"
#include "dataplane/burst.h"
#include "dataplane/connection.h"
#include "dataplane/connection_key.h"
#include "dataplane/tick.h"

namespace turnout {

/// What the fragments of a datagram have in common (RFC 791 3.2, RFC 8200 4.5). IPv4 addresses as
/// mapped_address6() gives them.
struct DatagramKey {
  Address6 source;
  Address6 destination;
  uint32_t id = 0;        // as it stands in the packet
  uint32_t protocol = 0;  // of IPv4; IPv6 has none in its key
  friend bool operator==(const DatagramKey&, const DatagramKey&) = default;
};

/// Not shared between threads.
class FragmentTable {
 public:
  static constexpr size_t kDatagrams = 1024;
  static constexpr size_t kHeld = 256;             // fragments that wait, of all datagrams
  static constexpr size_t kHeldOfOne = 64;         // a datagram of 65,535 bytes has 54 at an MTU of 1,280
  static constexpr uint32_t kMemory = 5;           // seconds that a datagram's server is remembered
  static constexpr uint32_t kPatience = 1;         // whole seconds that a fragment waits: less than two
  static constexpr uint32_t kNobody = UINT32_MAX;  // instead of a server's slot: the first was not forwarded

  /// Where a datagram's first fragment went.
  struct Fate {
    uint32_t server = kNobody;  // slot
    uint16_t generation = 0;
  };

  /// `seed`: random, so that nobody outside can choose datagrams that share a set.
  explicit FragmentTable(uint64_t seed);

  /// The first fragment was seen. Those that waited for it are released.
  void learn(const DatagramKey& key, Fate fate, Tick now);
  /// None if the first fragment was not seen.
  const Fate* find(const DatagramKey& key, Tick now) const;
  /// Keeps a fragment until its first comes, or patience ends. False if there is no room for it.
  bool hold(const DatagramKey& key, rte_mbuf* packet, uint16_t port, Tick now);

  /// Releases what has waited too long.
  void expire(Tick now);
  /// Releases all: nothing will come any more.
  void release_all();
  /// Takes released fragments that came in by one port: burst.count is 0 when there are no more.
  void take_released(Burst& burst);

  size_t held() const { return held_count_; }  ///< waiting or released, and not taken yet

 private:
  static constexpr size_t kWays = 4;
  static constexpr uint16_t kNone = UINT16_MAX;
  struct Entry {
    DatagramKey key;
    Tick seen = 0;       // when it was entered
    uint32_t order = 0;  // likewise, counted: a flood enters thousands in a second
    Fate fate;
    uint16_t waiting = kNone;  // the first of the fragments that wait
    uint16_t waiting_count = 0;
    enum State : uint8_t { free, known, expected } state = free;
  };
  struct Held {
    rte_mbuf* packet = nullptr;
    uint16_t port = 0;
    uint16_t next = kNone;
  };
  using Set = std::array<Entry, kWays>;

  Set& set_of(const DatagramKey& key) const;
  static Entry* find_in(Set& set, const DatagramKey& key, Tick now);
  Entry* make_entry(const DatagramKey& key, Tick now, bool of_first);
  void release(Entry& entry);

  HashSeed seed_;
  std::unique_ptr<Set[]> sets_;
  std::array<Held, kHeld> slots_;
  uint16_t free_ = 0;          // list of slots
  uint16_t released_ = kNone;  // list of slots whose fragments may go on
  size_t held_count_ = 0;
  uint32_t entered_ = 0;  // entries made, modulo 2^32
  Tick expired_at_ = 0;
};

}  // namespace turnout
