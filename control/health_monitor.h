// Checks each real server of each service over the path that clients' packets take, and says which of them
// may get connections. Sends through callbacks and reads no clock. Control thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "control/finding.h"
#include "control/health_check.h"
#include "control/probe_book.h"
#include "control/prober.h"
#include "control/registry.h"
#include "control/snapshot_builder.h"

namespace turnout {

class HealthMonitor {
 public:
  using Time = HealthState::Time;

  /// What the monitor needs of others. `changed`: a service has a server whose standing is another one.
  struct Links {
    std::function<void(size_t port, std::span<const uint8_t> frame)> send;
    std::function<std::optional<MacAddress>(size_t port, const IpAddress& address)> resolve;
    /// Asks by ARP or Neighbor Discovery as well, and says whether the latest such questions were answered.
    std::function<bool(size_t port, const IpAddress& address)> answers_arp;
    std::function<void(const ServiceKey& service)> changed;
    /// Do connections go to the server at this moment? Then they are not taken from it before its checks
    /// fail.
    std::function<bool(const Registry::Server& number)> serves;
    /// The real server that has a MAC address; none that is known, or a gateway: nothing.
    std::function<std::optional<IpAddress>(const MacAddress& mac, const IpAddress& family_of)> owner;
    Prober* web = nullptr;      // http and https
    Prober* program = nullptr;  // exec
  };

  HealthMonitor(std::vector<MacAddress> port_macs, Links links, uint64_t seed);

  /// The servers to check: of all services, or of one that is new or changed. A server that stays keeps its
  /// state. `presume_up`: those that are new, as the director starts.
  void apply(const Config& config, const Registry& registry, bool presume_up, Time now);
  void apply(const Config& config, const ServiceConfig& service, const Registry::Service& numbers,
             bool presume_up, Time now);

  /// Asks what is due and gives up what got no answer. To be called every few milliseconds.
  void tick(Time now);

  /// A packet for the director itself. True if it has to do with a check.
  bool on_frame(size_t port, std::span<const uint8_t> frame, Time now);

  /// Of the server in a slot; of one that isn't checked: up.
  Standing standing(uint32_t slot) const;
  const HealthCheck* find(uint32_t slot) const;

  Findings findings(Time now) const;

  /// In a call of tick(), of which there are a thousand a second: checks that begin, and events of any kind.
  /// Servers that are looked for in vain must not keep others from their checks.
  static constexpr unsigned kBegunAtOnce = 10;
  static constexpr unsigned kEventsAtOnce = 256;

 private:
  struct Event {
    Time at;
    uint32_t slot;
    uint64_t serial;
    bool operator<(const Event& other) const {  // the earliest on top
      return at != other.at ? at > other.at : serial > other.serial;
    }
  };

  struct Rise {
    Time since;
    uint32_t told = 0;  // the share that others know of
  };

  void enter(const Config& config, const RealServerConfig& server, const Registry::Server& number,
             const std::shared_ptr<const HealthRules>& rules, bool presume_up, Time now);
  void forget(uint32_t slot);
  void forget_flows(HealthCheck& check);
  void schedule(uint32_t slot, HealthCheck& check, Time at);

  bool run(uint32_t slot, HealthCheck& check, Time now);
  bool begin(uint32_t slot, HealthCheck& check, Time now);
  void ask(uint32_t slot, HealthCheck& check, Time now);
  void ask_own_address(uint32_t slot, HealthCheck& check);
  void start(Prober& prober, uint32_t slot, HealthCheck& check, Time now);
  void found(uint32_t slot, HealthCheck& check, const ProbeResult& result);
  bool answers_arp(const HealthCheck& check) const;
  void give_up(uint32_t slot, HealthCheck& check, Time now);
  void finish(uint32_t slot, HealthCheck& check, const ProbeResult& result, Time now);
  void turned(uint32_t slot, HealthCheck& check, bool was_up, Time now);
  void raise_shares();
  Time next_time(const HealthCheck& check, Time now);

  bool is_expected(const HealthCheck& check, const ProbeBook::Entry& entry, const ProbeAnswer& answer) const;
  void answer(uint32_t slot, HealthCheck& check, ProbeBook::About about, const ProbeAnswer& answer, Time now);
  void end_handshake(size_t port, const HealthCheck& check, const ProbeAnswer& answer);
  bool refuse_stray(size_t port, const ProbeAnswer& answer);
  std::optional<IpAddress> other_server(const HealthCheck& check, const MacAddress& mac) const;
  std::optional<MacAddress> mac_of(const HealthCheck& check) const;
  ProbeEnds ends_of(const HealthCheck& check) const;

  std::vector<MacAddress> port_macs_;
  Links links_;
  ProbeBook book_;
  std::unordered_map<uint32_t, HealthCheck> checks_;      // by slot
  std::map<ServiceKey, std::vector<uint32_t>> services_;  // slots of those that are checked
  std::set<IpAddress> vips_;                              // of those
  std::priority_queue<Event> events_;                     // one valid of each check, and outdated ones
  std::map<uint32_t, Rise> rising_;                       // slots in their slow start
  uint64_t last_serial_ = 0;
  Time lateness_{};  // by which the latest check came after its time
  Time now_{};
};

}  // namespace turnout
