// What the director does on the wire in its own name: answers ARP, Neighbor Discovery and pings, refuses what
// it won't forward, announces its VIPs, listens to its groups, resolves real servers and gateways, and hands
// the kernel what is for it. Control thread only.
#pragma once

#include <chrono>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <vector>

#include "control/announcer.h"
#include "control/config.h"
#include "control/finding.h"
#include "control/group_membership.h"
#include "control/log.h"
#include "control/mac_owners.h"
#include "control/neighbor_table.h"
#include "control/punt_responder.h"
#include "control/vip_watch.h"
#include "control/wire.h"

namespace turnout {

class LinkLayer {
 public:
  using Time = std::chrono::milliseconds;  // since any fixed moment, never going back

  /// Hands a frame to the kernel interface of a port, if it has one.
  using ToKernel = std::function<void(size_t port, std::span<const uint8_t> frame)>;

  /// Offers a frame to the health checks. True if it answers one of them.
  using ToHealth = std::function<bool(size_t port, std::span<const uint8_t> frame)>;

  using MacKnown = std::function<void(const NeighborKey& neighbor)>;

  /// `mac_known`: called when a neighbour's MAC address became known or another. `to_kernel`: none if no port
  /// has a kernel interface.
  LinkLayer(Wire& wire, std::vector<MacAddress> port_macs, MacKnown mac_known, ToKernel to_kernel = {},
            ToHealth to_health = {});

  /// The addresses to answer for, all but the VIPs that are `withdrawn`, and the neighbours to resolve. VIPs
  /// that are new, or withdrawn no longer, are announced.
  void apply(const Config& config, Time now, const std::set<IpAddress>& withdrawn = {});

  /// Answers what workers punted, asks and announces what is due. To be called every few milliseconds.
  void tick(Time now);

  void port_came_up(size_t port, Time now);  ///< announces everything on it again, and joins its groups
  /// Asks a wanted neighbour once, out of its turn: itself alone if its MAC is known, unless `for_all` to
  /// hear. If it answers, neighbors() has it as confirmed.
  void probe(const NeighborKey& neighbor, bool for_all);
  /// Packets wait for a server that is not resolved.
  void urge(Time now) { neighbors_.urge(now); }

  /// Whose MAC address it is, by an address of `family_of` if there is one. As of a moment ago.
  std::optional<MacOwner> owner_of(const MacAddress& mac, const IpAddress& family_of) const {
    return owners_.find(mac, family_of);
  }
  /// A real server fails its checks: is it there at all?
  void doubt(size_t port, const IpAddress& address, Time now);

  bool all_resolved() const { return neighbors_.all_resolved(); }
  std::optional<MacAddress> resolve(size_t port, const IpAddress& address) const;
  const NeighborTable& neighbors() const { return neighbors_; }
  const PuntResponder& responder() const { return responder_; }
  const VipConflicts& vip_conflicts() const { return watch_.conflicts(); }

  /// Conflicts about addresses, and neighbours that are silent or fought over.
  Findings findings(Time now) const;

 private:
  void ask(const Neighbor& neighbor, const std::optional<MacAddress>& to);
  nlohmann::json fields_of(const Neighbor& neighbor) const;
  void lost(const Neighbor& neighbor);
  void returned(const Neighbor& neighbor);
  void contested(const Neighbor& neighbor);
  void settled(const Neighbor& neighbor);
  void renew_owners(Time now);
  std::string name_of(const Neighbor& neighbor) const;
  void changed(const Neighbor& neighbor, std::optional<MacAddress> before);
  void handle(PuntNote note, size_t port, std::span<const uint8_t> frame, Time now);
  void on_ndp(size_t port, std::span<const uint8_t> frame, Time now);
  void heard(size_t port, const PuntResponder::NeighborVerdict& verdict, std::span<const uint8_t> frame,
             Time now);
  void learn(size_t port, const AddressClaim& claim, Time now);
  void on_too_big(size_t port, uint16_t mtu, std::span<const uint8_t> frame, Time now);
  void on_health(size_t port, std::span<const uint8_t> frame);
  void send(size_t port, const std::optional<PuntResponder::Answer>& answer);
  void give_to_kernel(size_t port, std::span<const uint8_t> frame);
  void listen(size_t port, Time now);

  Wire& wire_;
  std::vector<MacAddress> port_macs_;
  MacKnown mac_known_;
  ToKernel to_kernel_;
  ToHealth to_health_;
  std::vector<PortConfig> ports_;
  std::vector<LocalAddress> addresses_;
  NeighborTable neighbors_;
  PuntResponder responder_;
  Announcer announcer_;
  GroupMembership groups_;
  VipWatch watch_;
  MacOwners owners_;
  std::vector<std::pair<MacAddress, MacOwner>> fixed_owners_;  // of the configuration
  bool owners_outdated_ = false;
  Time next_owners_{};
  Time next_ask_{};
  LogLimiter neighbor_log_;
};

/// The addresses the director answers for, each with the ports it is answered on: its own on their port, with
/// the link-local address of a port that has an IPv6 one (RFC 4291 2.1); a VIP on the port whose subnet holds
/// it, on all ports if none does.
std::vector<LocalAddress> local_addresses(const Config& config, const std::vector<MacAddress>& port_macs);

/// Where a question for `target` is to come from: the port's own address in its subnet, else link-local for a
/// link-local one, else the port's first address of that family. None if the port has none.
std::optional<IpAddress> source_address(const PortConfig& port, const MacAddress& port_mac,
                                        const IpAddress& target);

/// The neighbours to resolve: real servers without a fixed MAC, and gateways.
std::vector<NeighborKey> wanted_neighbors(const Config& config);

/// The real servers whose MAC the configuration has. Those are never in the neighbour table, so nobody can
/// move them.
std::vector<std::pair<MacAddress, MacOwner>> fixed_macs(const Config& config);

/// Do both have the same real servers to be resolved?
bool want_same_neighbors(const ServiceConfig& a, const ServiceConfig& b);

}  // namespace turnout
