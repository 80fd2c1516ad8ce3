#include "control/traffic_rates.h"

#include <algorithm>
#include <utility>

namespace turnout {

namespace {

constexpr auto kPeriod = std::chrono::duration_cast<TrafficRates::Time>(RateEstimator::kPeriod);
constexpr auto kPhases = static_cast<uint64_t>(kPeriod.count());  // a block's turn comes in its millisecond
constexpr size_t kBlock = 64;  // servers or services: 128,000 are a block in each millisecond

/// Calls visit(number) for the numbers below `count` whose turn is in that millisecond of a period.
template <typename Visit>
void visit_phase(uint64_t phase, size_t count, Visit&& visit) {
  for (size_t first = phase * kBlock; first < count; first += kPhases * kBlock) {
    for (size_t number = first; number < std::min(first + kBlock, count); ++number) visit(number);
  }
}

}  // namespace

TrafficRates::TrafficRates(const Statistics& statistics, const Registry& registry, Time now)
    : statistics_(statistics), registry_(registry), ticked_(now) {}

void TrafficRates::tick(Time now) {
  servers_.resize(registry_.slots_used());
  services_.resize(registry_.indexes_used());
  for (Time at = std::max(ticked_, now - kPeriod); at < now; ++at)
    sample_phase(static_cast<uint64_t>(at.count()) % kPhases);
  ticked_ = now;
}

void TrafficRates::sample_phase(uint64_t phase) {
  visit_phase(phase, servers_.size(), [this](size_t slot) {
    const TrafficCounts growth = take_growth(static_cast<uint32_t>(slot));
    servers_[slot].estimator.sample(growth);
    add_growth(registry_.holder(static_cast<uint32_t>(slot)).service, growth);
  });
  const auto sample = [](Sum& sum) { sum.estimator.sample(std::exchange(sum.growth, {})); };
  visit_phase(phase, services_.size(), [&](size_t index) { sample(services_[index]); });
  if (phase == 0) sample(total_);
}

TrafficCounts TrafficRates::take_growth(uint32_t slot) {
  const ServerTotals totals = statistics_.server(slot);
  const TrafficCounts counted{totals.connections, totals.packets, totals.bytes};
  return counted - std::exchange(servers_[slot].counted, counted);
}

void TrafficRates::add_growth(uint16_t service, const TrafficCounts& growth) {
  services_[service].growth += growth;
  total_.growth += growth;
}

Rates TrafficRates::server(uint32_t slot) const {
  return slot < servers_.size() ? servers_[slot].estimator.rates() : Rates{};
}

Rates TrafficRates::service(uint16_t index) const {
  return index < services_.size() ? services_[index].estimator.rates() : Rates{};
}

void TrafficRates::zero(const Registry::Service& service) {
  for (const auto& [address, number] : service.servers) {
    if (number.slot >= servers_.size()) continue;  // so new that it has counted nothing
    total_.growth += take_growth(number.slot);
    servers_[number.slot].estimator = {};
  }
  if (service.index < services_.size()) services_[service.index] = {};
}

void TrafficRates::zero_total() {
  total_ = {};
}

void TrafficRates::forget(const Registry::Released& released) {
  if (released.slot == Registry::kNoSlot) {
    if (released.service < services_.size()) services_[released.service] = {};
  } else if (released.slot < servers_.size()) {
    add_growth(released.service, take_growth(released.slot));
    servers_[released.slot] = {};
  }
}

}  // namespace turnout
