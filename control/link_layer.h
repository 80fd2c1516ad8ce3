// What the director does on the wire in its own name: answers ARP and pings, announces its VIPs, resolves
// real servers and gateways. Control thread only.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <vector>

#include "control/config.h"
#include "control/log.h"
#include "control/neighbor_table.h"
#include "control/punt_responder.h"
#include "control/wire.h"

namespace turnout {

class LinkLayer {
 public:
  using Time = std::chrono::milliseconds;  // since any fixed moment, never going back

  /// `mac_known`: called when a neighbour's MAC address became known or another.
  LinkLayer(Wire& wire, std::vector<MacAddress> port_macs, std::function<void()> mac_known);

  /// The addresses to answer for and the neighbours to resolve. VIPs that are new are announced.
  void apply(const Config& config, Time now);

  /// Answers what workers punted, asks and announces what is due. To be called every few milliseconds.
  void tick(Time now);

  void port_came_up(size_t port, Time now);  ///< announces everything on it again
  /// Packets wait for a server that is not resolved.
  void urge(Time now) { neighbors_.urge(now); }

  bool all_resolved() const { return neighbors_.all_resolved(); }
  std::optional<MacAddress> resolve(size_t port, const IpAddress& address) const;
  const NeighborTable& neighbors() const { return neighbors_; }
  const PuntResponder& responder() const { return responder_; }

 private:
  struct Announcement {
    Time due;
    size_t port;
    LocalAddress address;
    unsigned left;  // how often still
  };

  void ask(const Neighbor& neighbor);
  void changed(const Neighbor& neighbor, std::optional<MacAddress> before);
  void answer(PuntKind kind, size_t port, std::span<const uint8_t> frame, Time now);
  void announce(const LocalAddress& address, Time now);
  void announce_due(Time now);

  Wire& wire_;
  std::vector<MacAddress> port_macs_;
  std::function<void()> mac_known_;
  Config config_;  // ports and services as last applied
  std::vector<LocalAddress> addresses_;
  NeighborTable neighbors_;
  PuntResponder responder_;
  std::deque<Announcement> announcements_;  // by due time
  Time next_ask_{};
  LogLimiter conflict_log_;
};

/// The addresses the director answers for, each with the ports it is answered on: its own on their port, a
/// VIP on the port whose subnet holds it, on all ports if none does.
std::vector<LocalAddress> local_addresses(const Config& config);

/// The neighbours to resolve: real servers without a fixed MAC, and gateways.
std::vector<NeighborKey> wanted_neighbors(const Config& config);

}  // namespace turnout
