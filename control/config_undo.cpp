#include "control/config_undo.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace turnout {

ConfigUndo::ConfigUndo(Config before, const Config& after) {
  std::vector<ServiceConfig> old = std::exchange(before.services, {});
  if (!std::ranges::equal(old, after.services, {}, &ServiceConfig::key, &ServiceConfig::key)) {
    order_.emplace();
    std::ranges::transform(old, std::back_inserter(*order_), &ServiceConfig::key);
  }
  std::map<ServiceKey, const ServiceConfig*> now;
  for (const ServiceConfig& service : after.services) now.emplace(service.key, &service);
  for (ServiceConfig& service : old) {
    const auto found = now.find(service.key);
    if (found == now.end() || *found->second != service) services_.emplace(service.key, std::move(service));
  }
  rest_ = std::move(before);
}

ConfigUndo::ConfigUndo(ServiceConfig before) {
  const ServiceKey key = before.key;
  services_.emplace(key, std::move(before));
}

void ConfigUndo::apply(Config& config) const {
  std::vector<ServiceConfig> now = std::exchange(config.services, {});
  if (rest_) config = *rest_;
  if (!order_) {
    for (ServiceConfig& service : now) {
      if (const auto old = services_.find(service.key); old != services_.end()) service = old->second;
    }
    config.services = std::move(now);
    return;
  }
  std::map<ServiceKey, ServiceConfig*> kept;
  for (ServiceConfig& service : now) kept.emplace(service.key, &service);
  for (const ServiceKey& key : *order_) {
    const auto old = services_.find(key);
    config.services.push_back(old != services_.end() ? old->second : std::move(*kept.at(key)));
  }
}

void ConfigUndo::follow(ConfigUndo later) {
  if (!rest_) rest_ = std::move(later.rest_);
  if (!order_) order_ = std::move(later.order_);
  services_.merge(later.services_);
}

size_t ConfigUndo::bytes() const {
  size_t sum = 0;
  if (rest_) {
    sum += sizeof(Config) + rest_->vips.size() * sizeof(VipConfig) +
           rest_->maintenance.size() * sizeof(IpAddress);
  }
  if (order_) sum += order_->size() * sizeof(ServiceKey);
  for (const auto& [key, service] : services_)
    sum += sizeof key + sizeof service + service.members.size() * sizeof(ServiceKey) +
           service.real_servers.size() * sizeof(RealServerConfig);
  return sum;
}

}  // namespace turnout
