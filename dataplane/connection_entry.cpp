#include "dataplane/connection_entry.h"

namespace turnout {

std::optional<ConnectionValue> ConnectionEntry::advance(PacketEvent event, Tick now) {
  const uint8_t version = value.version();
  while (value.live() && value.version() == version) {
    const ConnectionValue before = value;
    const ConnectionValue next = before.with_state(next_state(before.state(), event)).with_seen(now);
    uint64_t bits = before.bits();
    if (next == before || slot->compare_exchange_weak(bits, next.bits())) {
      value = next;
      return before;
    }
    value = ConnectionValue(bits);
  }
  return std::nullopt;
}

bool ConnectionEntry::replace(ConnectionValue to) {
  uint64_t bits = value.bits();
  const ConnectionValue next = to.with_version(value.version());
  const bool replaced = slot->compare_exchange_strong(bits, next.bits());
  value = replaced ? next : ConnectionValue(bits);
  return replaced;
}

}  // namespace turnout
