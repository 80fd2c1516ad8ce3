#include "control/snapshot_filters.h"

#include <algorithm>

namespace turnout {

namespace {

uint8_t filter_of_vip(const Config& config, const IpAddress& vip, const FilterBook& book) {
  const auto settings = std::ranges::find(config.vips, vip, &VipConfig::address);
  return settings == config.vips.end() ? uint8_t{0} : book.number_of(settings->filter);
}

}  // namespace

void set_filters(const ServiceConfig& service, const Config& config, const Registry::Service& numbers,
                 const FilterBook& book, Snapshot& snapshot) {
  if (config.filters.empty()) return;
  snapshot.service_filters.resize(snapshot.services.size());
  const uint8_t own = book.number_of(service.filter);
  for (const ServiceKey& listener : listeners_of(service)) {
    snapshot.service_filters[numbers.index_of(listener)] = {filter_of_vip(config, listener.vip, book), own};
  }
}

uint32_t add_policy(const VipConfig& vip, uint16_t icmp_service, const FilterBook& book, Snapshot& snapshot) {
  VipPolicy policy;
  policy.filter = book.number_of(vip.filter);
  policy.icmp_service = icmp_service;
  for (const uint8_t type : vip.icmp.forward) policy.forwarded.set(type);
  for (const uint8_t type : vip.icmp.drop) policy.dropped.set(type);
  if (policy.filter == 0 && policy.forwarded.none() && policy.dropped.none()) return 0;
  if (snapshot.vip_policies.empty()) snapshot.vip_policies.emplace_back();  // 0 is nobody's
  snapshot.vip_policies.push_back(policy);
  return static_cast<uint32_t>(snapshot.vip_policies.size() - 1);
}

void hand_out_filters(const FilterBook& book, Snapshot& snapshot) {
  const bool used = std::ranges::any_of(snapshot.service_filters, &ServiceFilters::any) ||
                    std::ranges::any_of(snapshot.vip_policies, &VipPolicy::filter);
  snapshot.filters = used ? book.tables() : nullptr;
  if (!used) snapshot.service_filters.clear();
}

}  // namespace turnout
