// An entry of a connection table once it is found: reading and moving on its value. The same for all tables.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <optional>

#include "dataplane/connection.h"

namespace turnout {

/// A flow's entry as it was read. `slot` stays valid as long as the table; the entry in it may change hands.
struct ConnectionEntry {
  std::atomic<uint64_t>* slot = nullptr;  // where the value stands; none if not found
  ConnectionValue value;
  explicit operator bool() const { return slot != nullptr; }

  /// A packet of the flow was seen: moves state and time on. `value` becomes what stands in the slot then,
  /// and what stood there before is returned. Nothing if the entry is gone or is being moved.
  std::optional<ConnectionValue> advance(PacketEvent event, Tick now);

  /// Replaces server, state and time of a live entry, if it still is as `value` says. If not, `value` becomes
  /// what stands there now, and false is returned.
  bool replace(ConnectionValue to);
};

/// An entry that had to go so that another could take its slot.
struct DisplacedConnection {
  ConnectionValue value;
  bool evicted;                 // false: it had expired
  std::array<uint64_t, 3> key;  // its key's words, of which a narrow one has one

  template <typename Key>
  Key key_as() const {
    Key whole;
    std::memcpy(static_cast<void*>(&whole), key.data(), sizeof whole);
    return whole;
  }
};

/// What became of an insertion.
struct InsertedConnection {
  enum class Result : uint8_t { inserted, existing, full };
  Result result = Result::full;
  bool crowded = false;  // neither of the flow's buckets had a free slot
  uint8_t displaced_count = 0;
  uint16_t looked_at = 0;  // other buckets, in search of room
  ConnectionEntry entry;   // none if full
  std::array<DisplacedConnection, 4> displaced;

  bool may_displace() const { return displaced_count < displaced.size(); }
  template <typename Key>
  void note_displaced(const Key& key, ConnectionValue value, bool evicted) {
    DisplacedConnection& one = displaced[displaced_count++];
    one.value = value;
    one.evicted = evicted;
    std::memcpy(one.key.data(), &key, sizeof key);
  }
};

/// What became of a flow that took the quick way into a full table. Its members go from one register to the
/// next: a DisplacedConnection would be put together in memory, and waited for there.
template <typename Key>
struct SupplantingConnection {
  bool decided = false;    // else insert() has to find out …
  bool displaces = false;  // … and another entry may be gone all the same
  bool evicts = false;     // before its time
  Key other{};             // whose entry it was
  ConnectionValue others_value;
  ConnectionEntry entry;  // none if nobody may go: the table is full for this flow
};

}  // namespace turnout
