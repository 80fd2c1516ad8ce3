#include "control/statistics.h"

#include <numeric>
#include <utility>

namespace turnout {

namespace {

// A worker spends a small part of its time in an Update; so many looks find it outside.
constexpr unsigned kReadTries = 10'000;

PacketTotals copy(const PacketCounters& counters) {
  PacketTotals totals;
  for (size_t i = 0; i < kMaxPorts; ++i) {
    const PortCounters& port = counters.ports[i];
    totals.ports[i] = {port.receive_packets.read(), port.receive_bytes.read(), port.transmit_packets.read(),
                       port.transmit_bytes.read()};
  }
  for (size_t i = 0; i < kDropReasons; ++i) totals.drops[i] = counters.drops[i].read();
  for (size_t i = 0; i < kPuntKinds; ++i) totals.punts[i] = counters.punts[i].read();
  totals.held = counters.held.read();
  totals.originated = counters.originated.read();
  totals.originated_lost = counters.originated_lost.read();
  return totals;
}

void add(PacketTotals& sum, const PacketTotals& part) {
  for (size_t i = 0; i < kMaxPorts; ++i) {
    sum.ports[i].receive_packets += part.ports[i].receive_packets;
    sum.ports[i].receive_bytes += part.ports[i].receive_bytes;
    sum.ports[i].transmit_packets += part.ports[i].transmit_packets;
    sum.ports[i].transmit_bytes += part.ports[i].transmit_bytes;
  }
  for (size_t i = 0; i < kDropReasons; ++i) sum.drops[i] += part.drops[i];
  for (size_t i = 0; i < kPuntKinds; ++i) sum.punts[i] += part.punts[i];
  sum.held += part.held;
  sum.originated += part.originated;
  sum.originated_lost += part.originated_lost;
}

}  // namespace

ServerTotals& ServerTotals::operator+=(const ServerTotals& other) {
  packets += other.packets;
  bytes += other.bytes;
  connections += other.connections;
  active += other.active;
  inactive += other.inactive;
  templates += other.templates;
  return *this;
}

ServerTotals ServerTotals::operator-(const ServerTotals& other) const {
  return {packets - other.packets, bytes - other.bytes,       connections - other.connections,
          active - other.active,   inactive - other.inactive, templates - other.templates};
}

uint64_t PacketTotals::received() const {
  uint64_t sum = 0;
  for (const PortTotals& port : ports) sum += port.receive_packets;
  return sum;
}

uint64_t PacketTotals::transmitted() const {
  uint64_t sum = 0;
  for (const PortTotals& port : ports) sum += port.transmit_packets;
  return sum - originated;
}

uint64_t PacketTotals::punted() const {
  return std::accumulate(punts.begin(), punts.end(), uint64_t{0});
}
uint64_t PacketTotals::dropped() const {
  return std::accumulate(drops.begin(), drops.end(), uint64_t{0});
}

Statistics::Statistics(unsigned workers, const Limits::Setup& limits)
    : limits_(std::make_shared<Limits>(limits)) {
  for (unsigned i = 0; i <= workers; ++i)
    counters_.push_back(std::make_unique<WorkerCounters>(loads_, limits_));
}

PacketTotals Statistics::packets() const {
  PacketTotals sum;
  for (const auto& counters : counters_) {
    PacketTotals part;
    counters->read_consistently(kReadTries, [&] { part = copy(counters->packets); });
    add(sum, part);
  }
  return sum;
}

TableTotals Statistics::table(TableCounters WorkerCounters::*which) const {
  TableTotals sum;
  for (const auto& counters : counters_) {
    const TableCounters& table = (*counters).*which;
    sum.inserted += table.inserted.read();
    sum.expired += table.expired.read();
    sum.evicted += table.evicted.read();
    sum.stateless += table.stateless.read();
  }
  return sum;
}

uint64_t Statistics::drops(DropReason reason) const {
  uint64_t sum = 0;
  for (const auto& counters : counters_) sum += counters->packets.drops[static_cast<size_t>(reason)].read();
  return sum;
}

uint64_t Statistics::received_by(unsigned worker) const {
  uint64_t sum = 0;
  for (const PortCounters& port : counters_[worker]->packets.ports) sum += port.receive_packets.read();
  return sum;
}

uint64_t Statistics::rule(uint32_t number) const {
  uint64_t sum = 0;
  for (const auto& counters : counters_) sum += std::as_const(*counters).rule(number).read();
  return sum;
}

ServerTotals Statistics::raw(uint32_t slot) const {
  ServerTotals sum;
  for (const auto& counters : counters_) {
    const TrafficCounters& traffic = std::as_const(*counters).traffic(slot);
    const ServerCounters& server = std::as_const(*counters).server(slot);
    sum += {traffic.packets.read(), traffic.bytes.read(),   server.connections.read(),
            server.active.read(),   server.inactive.read(), server.templates.read()};
  }
  return sum;
}

ServerTotals Statistics::server(uint32_t slot) const {
  const auto baseline = baseline_.find(slot);
  ServerTotals totals = baseline == baseline_.end() ? raw(slot) : raw(slot) - baseline->second;
  // read while workers count, a connection's end may be seen before its beginning
  if (static_cast<int64_t>(totals.active) < 0) totals.active = 0;
  if (static_cast<int64_t>(totals.inactive) < 0) totals.inactive = 0;
  if (static_cast<int64_t>(totals.templates) < 0) totals.templates = 0;
  return totals;
}

ServerTotals Statistics::service(const Registry::Service& service, const Registry& registry) const {
  ServerTotals sum;
  for (const auto& [address, number] : service.servers) sum += server(number.slot);
  for (const uint32_t slot : registry.released_slots(service.index)) sum += server(slot).traffic();
  if (const auto past = past_.find(service.index); past != past_.end()) sum += past->second.traffic();
  return sum;
}

void Statistics::settle(const Registry::Released& released) {
  if (released.slot == Registry::kIndexOnly) return;
  if (released.slot == Registry::kNoSlot) {
    past_.erase(released.service);
    settle_limits(released.service);
    return;
  }
  past_[released.service] += server(released.slot);
  baseline_[released.slot] = raw(released.slot);
  loads_->restart(released.slot);
}

}  // namespace turnout
