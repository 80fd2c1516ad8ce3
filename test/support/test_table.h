// A connection table with memory of its own.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <set>
#include <tuple>

#include "dataplane/connection_room.h"
#include "dataplane/connection_table.h"

namespace turnout {

/// What became of an insertion, whichever way it took: whoever gave way to the quick one is one more than
/// insert() alone notes.
struct TestInsertion {
  InsertedConnection::Result result = InsertedConnection::Result::full;
  ConnectionEntry entry;  // none if full
  size_t displaced_count = 0;
  std::array<DisplacedConnection, std::tuple_size_v<decltype(InsertedConnection::displaced)> + 1> displaced;

  TestInsertion(const InsertedConnection& inserted)
      : result(inserted.result), entry(inserted.entry), displaced_count(inserted.displaced_count) {
    std::copy_n(inserted.displaced.begin(), displaced_count, displaced.begin());
  }
  template <typename Key>
  explicit TestInsertion(const SupplantingConnection<Key>& quick) : entry(quick.entry) {
    if (entry) result = InsertedConnection::Result::inserted;
    note_displaced(quick);
  }
  template <typename Key>
  void note_displaced(const SupplantingConnection<Key>& quick) {
    if (!quick.displaces) return;
    DisplacedConnection& one = displaced[displaced_count++];
    one.value = quick.others_value;
    one.evicted = quick.evicts;
    std::memcpy(one.key.data(), &quick.other, sizeof quick.other);
  }
};

template <typename Key>
class BasicTestTable {
 public:
  using Table = BasicConnectionTable<Key>;

  explicit BasicTestTable(uint64_t capacity, uint64_t seed = 0x5EED)
      : count_(Table::buckets_for(capacity)),
        buckets_(std::make_unique<typename Table::Bucket[]>(count_)),
        table_(buckets_.get(), capacity, seed) {}

  const Table& operator*() const { return table_; }
  const Table* operator->() const { return &table_; }

  ConnectionEntry find(const Key& key, Tick now = 0, const Timeouts& timeouts = {}) const {
    return table_.find(key, table_.hash(key), now, timeouts);
  }
  /// Each thread takes the quick way first every other time, as a worker does mostly.
  InsertedConnection insert(const Key& key, ConnectionValue proposal, Tick now = 0,
                            const Timeouts& timeouts = {}) const {
    static thread_local bool quickly = false;
    const uint64_t hash = table_.hash(key);
    InsertedConnection inserted;
    if (quickly = !quickly; quickly) inserted.entry = table_.enter(key, hash, proposal);
    if (!inserted.entry) return table_.insert(key, hash, proposal, now, timeouts);
    inserted.result = InsertedConnection::Result::inserted;
    return inserted;
  }

  /// As a worker does with a table that has been full for a while: the quick way first, then the other
  /// without a search for room.
  TestInsertion supplant(const Key& key, ConnectionValue proposal, Tick now = 0,
                         const Timeouts& timeouts = {}) const {
    const uint64_t hash = table_.hash(key);
    const SupplantingConnection<Key> quick = table_.supplant(key, hash, proposal, now, timeouts);
    if (quick.decided) return TestInsertion(quick);
    TestInsertion inserted = table_.insert(key, hash, proposal, now, timeouts, 0);
    inserted.note_displaced(quick);
    return inserted;
  }

  /// Calls look(key, value) for every slot, whatever its state.
  template <typename Function>
  void for_each_slot(Function&& look) const {
    for (uint64_t i = 0; i < count_; ++i) {
      for (const typename Table::Slot& slot : buckets_[i].slots)
        look(slot.key.load(std::memory_order_seq_cst), ConnectionValue(slot.value.load()));
    }
  }
  uint64_t live() const {
    uint64_t number = 0;
    for_each_slot([&](const Key&, ConnectionValue value) { number += value.live(); });
    return number;
  }
  /// Slots that some thread left while it was changing them.
  uint64_t unfinished() const {
    uint64_t number = 0;
    for_each_slot([&](const Key&, ConnectionValue value) {
      number += !value.live() && value.state() != ConnectionState::free;
    });
    return number;
  }
  /// Live entries of flows that have more than one.
  uint64_t duplicates() const {
    uint64_t number = 0;
    std::set<std::array<uint64_t, sizeof(Key) / 8>> seen;
    for_each_slot([&](const Key& key, ConnectionValue value) {
      number +=
          value.live() && !seen.insert(std::bit_cast<std::array<uint64_t, sizeof(Key) / 8>>(key)).second;
    });
    return number;
  }
  /// Frees what frees(key) says, while nobody else uses the table.
  template <typename Function>
  void free_if(Function&& frees) {
    for (uint64_t i = 0; i < count_; ++i) {
      for (typename Table::Slot& slot : buckets_[i].slots) {
        if (!frees(slot.key.load(std::memory_order_seq_cst))) continue;
        slot.value.store(ConnectionValue(slot.value.load()).with_state(ConnectionState::free).bits());
      }
    }
  }

 private:
  uint64_t count_;
  std::unique_ptr<typename Table::Bucket[]> buckets_;
  Table table_;
};
using TestTable = BasicTestTable<ConnectionKey>;
using WideTestTable = BasicTestTable<WideKey>;

/// Another flow for each `number`, of one of `services` services.
constexpr ConnectionKey flow_key(uint64_t number, uint16_t services = 1) {
  const uint64_t mixed = (number + 1) * 0x9E3779B97F4A7C15u;
  return make_connection_key(static_cast<uint32_t>(mixed >> 32), static_cast<uint16_t>(number),
                             static_cast<uint16_t>(number % services + 1));
}

}  // namespace turnout
