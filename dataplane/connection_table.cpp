#include "dataplane/connection_table.h"

#include <bit>

namespace turnout {

uint64_t ConnectionTable::buckets_for(uint64_t capacity) {
  const uint64_t wanted = (capacity + ConnectionBucket::kSlots - 1) / ConnectionBucket::kSlots;
  return std::bit_ceil(wanted < 2 ? uint64_t{2} : wanted);  // a flow's two buckets are two
}

ConnectionTable::ConnectionTable(void* memory, uint64_t capacity, uint64_t seed)
    : buckets_(static_cast<ConnectionBucket*>(memory)),
      bucket_mask_(buckets_for(capacity) - 1),
      seed_(seed),
      multiplier_((seed * 0x9E3779B97F4A7C15u) | 1 | uint64_t{1} << 63) {}

std::optional<ConnectionValue> ConnectionTable::advance(Found& entry, PacketEvent event, Tick now) const {
  const uint8_t version = entry.value.version();
  while (entry.value.live() && entry.value.version() == version) {
    const ConnectionValue before = entry.value;
    const ConnectionValue next = before.with_state(next_state(before.state(), event)).with_seen(now);
    uint64_t bits = before.bits();
    if (next == before || entry.slot->value.compare_exchange_weak(bits, next.bits())) {
      entry.value = next;
      return before;
    }
    entry.value = ConnectionValue(bits);
  }
  return std::nullopt;
}

bool ConnectionTable::replace(Found& entry, ConnectionValue to) const {
  uint64_t bits = entry.value.bits();
  const ConnectionValue next = to.with_version(entry.value.version());
  const bool replaced = entry.slot->value.compare_exchange_strong(bits, next.bits());
  entry.value = replaced ? next : ConnectionValue(bits);
  return replaced;
}

}  // namespace turnout
