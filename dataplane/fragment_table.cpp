#include "dataplane/fragment_table.h"

namespace turnout {

namespace {
constexpr size_t kSets = FragmentTable::kDatagrams / 4;
}

FragmentTable::FragmentTable(uint64_t seed) : seed_(seed), sets_(std::make_unique<Set[]>(kSets)) {
  static_assert(kSets * kWays == kDatagrams && (kSets & (kSets - 1)) == 0);
  for (uint16_t i = 0; i < kHeld; ++i) slots_[i].next = i + 1u < kHeld ? static_cast<uint16_t>(i + 1) : kNone;
}

FragmentTable::Set& FragmentTable::set_of(const DatagramKey& key) const {
  const uint64_t source = hash_of(WideKey{key.source, uint64_t{key.id} << 32 | key.protocol}, seed_);
  return sets_[hash_of(WideKey{key.destination, source}, seed_) % kSets];
}

/// A datagram that was remembered for long enough is forgotten: its id comes round again.
FragmentTable::Entry* FragmentTable::find_in(Set& set, const DatagramKey& key, Tick now) {
  for (Entry& entry : set) {
    if (entry.state == Entry::free || !(entry.key == key)) continue;
    if (entry.state == Entry::known && age_of(entry.seen, now) > kMemory) continue;
    return &entry;
  }
  return nullptr;
}

/// In place of a free entry, or else of the oldest known one. Those with fragments waiting stay, unless a
/// first fragment finds nothing but them, and they don't take the last known one's place: who waits without
/// ever being followed must not keep out who comes in order.
FragmentTable::Entry* FragmentTable::make_entry(const DatagramKey& key, Tick now, bool of_first) {
  Entry* chosen = nullptr;
  unsigned known_ones = 0;
  const auto age = [&](const Entry& entry) {
    if (entry.state == Entry::free) return uint64_t{UINT64_MAX};
    const uint64_t known = entry.state == Entry::known ? uint64_t{1} << 32 : 0;
    return known | (entered_ - entry.order);
  };
  for (Entry& entry : set_of(key)) {
    if (entry.state == Entry::expected && !of_first) continue;
    if (entry.state == Entry::known && entry.key == key) {  // remembered too long
      chosen = &entry;
      break;
    }
    known_ones += entry.state == Entry::known;
    if (!chosen || age(entry) > age(*chosen)) chosen = &entry;
  }
  const bool takes_last_known = chosen && chosen->state == Entry::known && !of_first && known_ones == 1;
  if (!chosen || takes_last_known) return nullptr;
  release(*chosen);
  *chosen = {.key = key, .seen = now & kTickMask, .order = entered_++, .fate = {}};
  return chosen;
}

void FragmentTable::release(Entry& entry) {
  while (entry.waiting != kNone) {
    Held& held = slots_[entry.waiting];
    const uint16_t slot = entry.waiting;
    entry.waiting = held.next;
    held.next = released_;
    released_ = slot;
  }
  entry.waiting_count = 0;
}

void FragmentTable::learn(const DatagramKey& key, Fate fate, Tick now) {
  Entry* entry = find_in(set_of(key), key, now);
  if (!entry) entry = make_entry(key, now, true);
  release(*entry);
  entry->state = Entry::known;
  entry->seen = now & kTickMask;
  entry->fate = fate;
}

const FragmentTable::Fate* FragmentTable::find(const DatagramKey& key, Tick now) const {
  const Entry* entry = find_in(set_of(key), key, now);
  return entry && entry->state == Entry::known ? &entry->fate : nullptr;
}

bool FragmentTable::hold(const DatagramKey& key, rte_mbuf* packet, uint16_t port, Tick now) {
  if (free_ == kNone) return false;
  Entry* entry = find_in(set_of(key), key, now);
  if (!entry) entry = make_entry(key, now, false);
  if (!entry || entry->waiting_count == kHeldOfOne) return false;
  const uint16_t slot = free_;
  free_ = slots_[slot].next;
  slots_[slot] = {packet, port, entry->waiting};
  entry->waiting = slot;
  ++entry->waiting_count;
  entry->state = Entry::expected;
  ++held_count_;
  return true;
}

void FragmentTable::expire(Tick now) {
  if (held_count_ == 0 || now == expired_at_) return;
  expired_at_ = now;
  for (size_t i = 0; i < kSets; ++i) {
    for (Entry& entry : sets_[i]) {
      if (entry.state != Entry::expected || age_of(entry.seen, now) <= kPatience) continue;
      release(entry);
      entry.state = Entry::free;
    }
  }
}

void FragmentTable::release_all() {
  for (size_t i = 0; i < kSets; ++i) {
    for (Entry& entry : sets_[i]) {
      if (entry.state != Entry::expected) continue;
      release(entry);
      entry.state = Entry::free;
    }
  }
}

void FragmentTable::take_released(Burst& burst) {
  burst.count = 0;
  burst.released = true;
  while (released_ != kNone && burst.count < kBurst) {
    Held& held = slots_[released_];
    if (burst.count == 0) burst.port = held.port;
    if (held.port != burst.port) return;
    burst.packets[burst.count++] = held.packet;
    const uint16_t slot = released_;
    released_ = held.next;
    held = {nullptr, 0, free_};
    free_ = slot;
    --held_count_;
  }
}

}  // namespace turnout
