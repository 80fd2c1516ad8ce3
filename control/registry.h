// Who has which service index and which server slot. What keeps its name across configurations keeps its
// number, so its connections and counters stay; a number that was given up is handed out again only when no
// worker can still use it.
//
// Control thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <unordered_map>
#include <vector>

#include "control/config.h"

namespace turnout {

class Registry {
 public:
  struct Server {
    uint32_t slot = 0;
    uint16_t generation = 0;  // as ConnectionValue keeps it
  };
  struct Service {
    uint16_t index = 0;  // its own: of its flows, or of a group's persistence templates
    std::map<IpAddress, Server> servers;
    std::map<ServiceKey, uint16_t> members = {};  // of a group: the index of each one's flows
    uint16_t templates = 0;                       // index of its persistence templates; 0: it has none
    uint16_t index_of(const ServiceKey& listener) const {
      return members.empty() ? index : members.at(listener);
    }
  };
  struct Holder {  // of a slot
    uint16_t service = 0;
    IpAddress server;
  };
  struct Released {
    uint64_t generation;  // of the first snapshot without it
    uint16_t service;
    uint32_t slot;  // kNoSlot: the service itself; kIndexOnly: another index of a service
  };
  static constexpr uint32_t kNoSlot = UINT32_MAX;
  static constexpr uint32_t kIndexOnly = UINT32_MAX - 1;

  /// Are there numbers left for what `config` adds? If not, some are still being given up: later there will
  /// be.
  bool fits(const Config& config) const;
  bool fits(const ServiceConfig& service) const;  ///< in place of the one of its key

  /// Numbers for all that `config` names, as of the snapshot `generation`. It must fit.
  void update(const Config& config, uint64_t generation);
  /// The same for one service that has a number already. The others stay as they are.
  void update(const ServiceConfig& service, uint64_t generation);

  /// What was released before the snapshot `oldest`, the oldest that a worker may still hold: its number is
  /// free now. But an index whose servers may live on is free only after give_back(): the connection tables
  /// still have entries under it.
  std::vector<Released> reclaim(uint64_t oldest);
  void give_back(uint16_t index) { free_indexes_.push_back(index); }

  const Service& service(const ServiceKey& key) const { return services_.at(key); }
  const std::map<ServiceKey, Service>& services() const { return services_; }
  /// Of a slot below slots_used(): the latest who had it, and it may have been given up since.
  const Holder& holder(uint32_t slot) const { return slots_[slot].holder; }
  /// Of an index below indexes_used(), likewise: the service's key, or that of a group's member.
  const ServiceKey& key(uint16_t index) const { return keys_[index]; }
  size_t slots_used() const { return slots_.size(); }            ///< slots are below this
  size_t indexes_used() const { return keys_.size(); }           ///< service indexes are below this
  std::vector<uint32_t> released_slots(uint16_t service) const;  ///< given up, not yet reclaimed

 private:
  struct Slot {
    uint16_t generation = 0;  // of its present or latest server
    Holder holder;
  };

  size_t slots_in_use() const { return slots_.size() - free_slots_.size(); }
  size_t added_slots(const ServiceConfig& service) const;
  Service renumber(const ServiceConfig& wanted, Service before, uint64_t generation);
  void release(const Service& service, uint64_t generation);
  void renumber_indexes(const ServiceConfig& wanted, Service& before, Service& service, uint64_t generation);
  size_t added_indexes(const ServiceConfig& service) const;
  uint16_t take_index(const ServiceKey& key);
  Server take_slot(const Holder& holder);

  std::map<ServiceKey, Service> services_;
  std::vector<Slot> slots_;
  std::vector<ServiceKey> keys_{ServiceKey{}};  // by index, of which 0 is nobody's
  std::deque<uint32_t>
      free_slots_;  // the longest free first, so that a generation comes back as late as can be
  std::deque<uint16_t> free_indexes_;
  std::deque<Released> released_;
};

}  // namespace turnout
