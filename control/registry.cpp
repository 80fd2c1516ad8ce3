#include "control/registry.h"

#include <algorithm>

#include "dataplane/connection.h"

namespace turnout {

size_t Registry::added_slots(const ServiceConfig& service) const {
  const auto known = services_.find(service.key);
  if (known == services_.end()) return service.real_servers.size();
  const auto is_new = [&](const RealServerConfig& server) {
    return !known->second.servers.contains(server.address);
  };
  return static_cast<size_t>(std::ranges::count_if(service.real_servers, is_new));
}

size_t Registry::added_indexes(const ServiceConfig& service) const {
  const auto known = services_.find(service.key);
  if (known == services_.end()) return indexes_of(service);
  const Service& before = known->second;
  const auto is_new = [&](const ServiceKey& member) { return !before.members.contains(member); };
  const size_t added = static_cast<size_t>(std::ranges::count_if(service.members, is_new));
  return added + (!service.key.is_group() && service.persistence != 0 && before.templates == 0);
}

bool Registry::fits(const Config& config) const {
  size_t slots = slots_in_use();
  size_t indexes = keys_.size() - free_indexes_.size();
  for (const ServiceConfig& wanted : config.services) {
    indexes += added_indexes(wanted);
    slots += added_slots(wanted);
  }
  return slots <= kMaxServers && indexes <= kMaxServices;
}

bool Registry::fits(const ServiceConfig& service) const {
  return slots_in_use() + added_slots(service) <= kMaxServers &&
         keys_.size() - free_indexes_.size() + added_indexes(service) <= kMaxServices;
}

uint16_t Registry::take_index(const ServiceKey& key) {
  if (free_indexes_.empty()) {
    keys_.push_back(key);
    return static_cast<uint16_t>(keys_.size() - 1);
  }
  const uint16_t index = free_indexes_.front();
  free_indexes_.pop_front();
  keys_[index] = key;
  return index;
}

Registry::Server Registry::take_slot(const Holder& holder) {
  uint32_t slot;
  if (free_slots_.empty()) {
    slot = static_cast<uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    slot = free_slots_.front();
    free_slots_.pop_front();
  }
  slots_[slot].holder = holder;
  uint16_t& generation = slots_[slot].generation;
  generation = generation == ConnectionValue::kGenerationMask ? 1 : static_cast<uint16_t>(generation + 1);
  return {slot, generation};  // never 0: that is the generation of a slot in nobody's hands
}

void Registry::release(const Service& service, uint64_t generation) {
  for (const auto& [address, server] : service.servers)
    released_.push_back({generation, service.index, server.slot});
  for (const auto& [member, index] : service.members) released_.push_back({generation, index, kIndexOnly});
  if (service.templates != 0 && service.templates != service.index)
    released_.push_back({generation, service.templates, kIndexOnly});
  released_.push_back({generation, service.index, kNoSlot});
}

/// The indexes of a group's members, and of persistence templates.
void Registry::renumber_indexes(const ServiceConfig& wanted, Service& before, Service& service,
                                uint64_t generation) {
  for (const ServiceKey& member : wanted.members) {
    auto known = before.members.extract(member);
    if (known) {
      service.members.insert(std::move(known));
    } else {
      service.members.emplace(member, take_index(member));
    }
  }
  for (const auto& [member, index] : before.members) released_.push_back({generation, index, kIndexOnly});
  if (wanted.key.is_group()) {
    service.templates = service.index;
  } else if (wanted.persistence != 0) {
    service.templates = before.templates != 0 ? before.templates : take_index(wanted.key);
  } else if (before.templates != 0) {
    released_.push_back({generation, before.templates, kIndexOnly});
  }
}

/// The service with its servers as they are wanted; `before`: as it was.
Registry::Service Registry::renumber(const ServiceConfig& wanted, Service before, uint64_t generation) {
  Service service{before.index, {}};
  renumber_indexes(wanted, before, service, generation);
  for (const RealServerConfig& server : wanted.real_servers) {
    auto known = before.servers.extract(server.address);
    if (known) {
      service.servers.insert(std::move(known));
    } else {
      service.servers.emplace(server.address, take_slot({service.index, server.address}));
    }
  }
  for (const auto& [address, server] : before.servers)
    released_.push_back({generation, service.index, server.slot});
  return service;
}

void Registry::update(const Config& config, uint64_t generation) {
  std::map<ServiceKey, Service> next;
  for (const ServiceConfig& wanted : config.services) {
    auto before = services_.extract(wanted.key);
    Service known = before ? std::move(before.mapped()) : Service{take_index(wanted.key), {}};
    next.emplace(wanted.key, renumber(wanted, std::move(known), generation));
  }
  for (const auto& [key, service] : services_) release(service, generation);
  services_ = std::move(next);
}

void Registry::update(const ServiceConfig& service, uint64_t generation) {
  Service& known = services_.at(service.key);
  known = renumber(service, std::move(known), generation);
}

std::vector<Registry::Released> Registry::reclaim(uint64_t oldest) {
  std::vector<Released> freed;
  while (!released_.empty() && released_.front().generation <= oldest) {
    const Released& released = released_.front();
    if (released.slot == kNoSlot) {
      free_indexes_.push_back(released.service);
    } else if (released.slot != kIndexOnly) {
      free_slots_.push_back(released.slot);
    }
    freed.push_back(released);
    released_.pop_front();
  }
  return freed;
}

std::vector<uint32_t> Registry::released_slots(uint16_t service) const {
  std::vector<uint32_t> slots;
  for (const Released& released : released_) {
    if (released.service == service && released.slot < kIndexOnly) slots.push_back(released.slot);
  }
  return slots;
}

}  // namespace turnout
