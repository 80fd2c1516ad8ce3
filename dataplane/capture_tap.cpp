#include "dataplane/capture_tap.h"

#include <rte_cycles.h>

#include "dataplane/forwarder.h"

namespace turnout {

rte_mbuf* CaptureTap::copy(const rte_mbuf& frame, const CaptureNote& note) {
  rte_mbuf* copy = rte_pktmbuf_copy(&frame, pool_, 0, snaplen_);
  if (copy) CaptureNote::of(*copy) = note;
  return copy;
}

unsigned CaptureTap::put(rte_mbuf* const* copies, unsigned count) {
  void* objects[kBurst];
  std::copy_n(copies, count, objects);
  return rte_ring_mp_enqueue_burst(copies_, objects, count, nullptr);
}

unsigned CaptureTap::take(rte_mbuf** copies, unsigned most) {
  void* objects[kBurst];
  const unsigned count =
      rte_ring_sc_dequeue_burst(copies_, objects, std::min<unsigned>(most, kBurst), nullptr);
  for (unsigned i = 0; i < count; ++i) copies[i] = static_cast<rte_mbuf*>(objects[i]);
  return count;
}

uint64_t CaptureTap::missed() const {
  uint64_t sum = 0;
  for (const auto& missed : missed_) sum += missed.load(std::memory_order_relaxed);
  return sum;
}

BurstTap::BurstTap(const CaptureOrder& order, const Snapshot& snapshot, const Forwarder& forwarder,
                   const Burst& packets, unsigned worker)
    : order_(order),
      snapshot_(snapshot),
      forwarder_(forwarder),
      burst_(packets),
      tsc_(rte_rdtsc()),
      worker_(static_cast<uint16_t>(worker)) {}

BurstTap::~BurstTap() {
  if (count_ == 0) return;
  CaptureTap& tap = *order_.tap;
  std::array<rte_mbuf*, kBurst> copies;
  std::array<uint16_t, kBurst> ports;
  unsigned copied = 0;
  for (unsigned i = 0; i < count_; ++i) {
    const Entry& entry = entries_[i];
    if (!entry.copy) {
      tap.miss(entry.port);
      continue;
    }
    ports[copied] = entry.port;
    copies[copied++] = entry.copy;
  }
  tap.count(count_);
  for (unsigned i = copied > 0 ? tap.put(copies.data(), copied) : 0; i < copied; ++i) {
    tap.miss(ports[i]);
    rte_pktmbuf_free(copies[i]);
  }
}

/// Slot of the server that the forwarder chose for a packet of the burst.
uint32_t BurstTap::server_of(const rte_mbuf& packet) {
  for (uint16_t tried = 0; tried < burst_.count;
       ++tried) {  // lanes have the burst's order: nearly always the next
    const uint16_t position = next_ < burst_.count ? next_ : uint16_t{0};
    next_ = static_cast<uint16_t>(position + 1);
    if (burst_.packets[position] == &packet) return forwarder_.server_at(position);
  }
  return kNobody;
}

void BurstTap::look_at(const rte_mbuf& packet, const CaptureSight& sight, CaptureNote note, uint16_t place) {
  const CaptureFilter& filter = order_.filter;
  if (count_ == kBurst || !filter.may_want(sight)) return;
  const Frame frame = frame_of(&packet);
  if (!filter.may_want(sight.fate, frame)) return;
  const CaptureView view = view_of(frame);
  note.service = service_of(view, snapshot_);
  if (filter.looks_inside() && !filter.wants(sight, view, note.service)) return;
  note.tsc = tsc_;
  note.length = packet.pkt_len;
  note.server = sight.server;
  note.worker = worker_;
  note.fate = sight.fate;
  entries_[count_++] = {order_.tap->copy(packet, note), place, note.seen_at()};
}

void BurstTap::transmit(uint16_t port, const Outcome::Lane& lane) {
  lane_begins_ = count_;
  for (uint16_t i = 0; i < lane.count; ++i) {
    if (!order_.filter.may_want(CaptureFate::transmitted, frame_of(lane.packets[i]))) continue;
    CaptureNote note{};
    note.port = burst_.port;
    note.egress = port;
    const uint32_t server = server_of(*lane.packets[i]);
    look_at(*lane.packets[i], {CaptureFate::transmitted, DropReason::count, server}, note, i);
  }
}

void BurstTap::originate(uint16_t port, const rte_mbuf& frame) {
  lane_begins_ = count_;
  CaptureNote note{};
  note.port = note.egress = port;
  look_at(frame, {CaptureFate::originated, DropReason::count, kNobody}, note, 0);
}

void BurstTap::sent(uint16_t count) {
  unsigned first = lane_begins_;
  while (first < count_ && entries_[first].place < count) ++first;
  forget_from(first);
}

void BurstTap::punt(const rte_mbuf& packet, PuntNote kind) {
  lane_begins_ = count_;
  CaptureNote note{};
  note.port = burst_.port;
  note.detail = static_cast<uint8_t>(kind.kind);
  const uint32_t server = kind.kind == PuntKind::too_big ? server_of(packet) : kNobody;
  look_at(packet, {CaptureFate::punted, DropReason::count, server}, note, 0);
}

void BurstTap::unpunt() {
  forget_from(lane_begins_);
}

void BurstTap::drop(const rte_mbuf& packet, DropReason reason) {
  CaptureNote note{};
  note.port = burst_.port;
  note.detail = static_cast<uint8_t>(reason);
  // It had a server, and then couldn't go there. Of others the forwarder says nothing.
  const bool had_server = reason == DropReason::too_big || reason == DropReason::no_headroom ||
                          reason == DropReason::transmit_full;
  look_at(packet, {CaptureFate::dropped, reason, had_server ? server_of(packet) : kNobody}, note, 0);
}

void BurstTap::forget_from(unsigned first) {
  for (unsigned i = first; i < count_; ++i) rte_pktmbuf_free(entries_[i].copy);  // null does no harm
  count_ = first;
}

}  // namespace turnout
