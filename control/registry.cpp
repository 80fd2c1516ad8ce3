#include "control/registry.h"

#include "dataplane/connection.h"

namespace turnout {

bool Registry::fits(const Config& config) const {
  size_t slots = generations_.size() - free_slots_.size();
  size_t indexes = next_index_ - free_indexes_.size();
  for (const ServiceConfig& wanted : config.services) {
    const auto known = services_.find(wanted.key);
    if (known == services_.end()) ++indexes;
    for (const RealServerConfig& server : wanted.real_servers) {
      if (known == services_.end() || !known->second.servers.contains(server.address)) ++slots;
    }
  }
  return slots <= kMaxServers && indexes <= kMaxServices;
}

uint16_t Registry::take_index() {
  if (free_indexes_.empty()) return static_cast<uint16_t>(next_index_++);
  const uint16_t index = free_indexes_.front();
  free_indexes_.pop_front();
  return index;
}

Registry::Server Registry::take_slot() {
  uint32_t slot;
  if (free_slots_.empty()) {
    slot = static_cast<uint32_t>(generations_.size());
    generations_.push_back(0);
  } else {
    slot = free_slots_.front();
    free_slots_.pop_front();
  }
  uint16_t& generation = generations_[slot];
  generation = generation == ConnectionValue::kGenerationMask ? 1 : static_cast<uint16_t>(generation + 1);
  return {slot, generation};  // never 0: that is the generation of a slot in nobody's hands
}

void Registry::release(const Service& service, uint64_t generation) {
  for (const auto& [address, server] : service.servers)
    released_.push_back({generation, service.index, server.slot});
  released_.push_back({generation, service.index, kNoSlot});
}

void Registry::update(const Config& config, uint64_t generation) {
  std::map<ServiceKey, Service> next;
  for (const ServiceConfig& wanted : config.services) {
    auto before = services_.extract(wanted.key);
    Service service{before ? before.mapped().index : take_index(), {}};
    for (const RealServerConfig& server : wanted.real_servers) {
      auto known =
          before ? before.mapped().servers.extract(server.address) : decltype(service.servers)::node_type{};
      service.servers.emplace(server.address, known ? known.mapped() : take_slot());
    }
    if (before) {
      for (const auto& [address, server] : before.mapped().servers) {
        released_.push_back({generation, service.index, server.slot});
      }
    }
    next.emplace(wanted.key, std::move(service));
  }
  for (const auto& [key, service] : services_) release(service, generation);
  services_ = std::move(next);
}

std::vector<Registry::Released> Registry::reclaim(uint64_t oldest) {
  std::vector<Released> freed;
  while (!released_.empty() && released_.front().generation <= oldest) {
    const Released& released = released_.front();
    if (released.slot == kNoSlot) {
      free_indexes_.push_back(released.service);
    } else {
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
    if (released.service == service && released.slot != kNoSlot) slots.push_back(released.slot);
  }
  return slots;
}

}  // namespace turnout
