#include "control/zeroed_statistics.h"

namespace turnout {

namespace {

ServerTotals since(const std::vector<ServerTotals>& baselines, size_t number, const ServerTotals& totals) {
  return number < baselines.size() ? totals - baselines[number] : totals;
}

void set(std::vector<ServerTotals>& baselines, size_t number, const ServerTotals& totals) {
  if (number >= baselines.size()) baselines.resize(number + 1);
  baselines[number] = totals.traffic();
}

}  // namespace

ServerTotals ZeroedStatistics::server(uint32_t slot) const {
  return since(servers_, slot, statistics_.server(slot));
}

ServerTotals ZeroedStatistics::service(const Registry::Service& service) const {
  return since(services_, service.index, statistics_.service(service, registry_));
}

void ZeroedStatistics::zero(const Registry::Service& service) {
  for (const auto& [address, number] : service.servers)
    set(servers_, number.slot, statistics_.server(number.slot));
  set(services_, service.index, statistics_.service(service, registry_));
}

void ZeroedStatistics::forget(const Registry::Released& released) {
  if (released.slot == Registry::kNoSlot) {
    if (released.service < services_.size()) services_[released.service] = {};
  } else if (released.slot < servers_.size()) {
    servers_[released.slot] = {};
  }
}

}  // namespace turnout
