#include "control/link_layer.h"

#include <algorithm>
#include <set>

#include "control/mld.h"
#include "control/ndp.h"

namespace turnout {

namespace {

constexpr unsigned kPuntedAtOnce = 512;  // frames a tick

// A tick, of which there are a thousand a second: all answers together stay below what one worker hands up in
// that time (PuntLimiter), and a hundred thousand real servers are asked for in seven seconds.
constexpr unsigned kAskedAtOnce = 15;
constexpr unsigned kUrgedAtOnce = 256;

NeighborTimings paced() {
  NeighborTimings timings;
  timings.asked_at_once = kAskedAtOnce;
  timings.urged_at_once = kUrgedAtOnce;
  return timings;
}

bool has_ipv6(const PortConfig& port) {
  return std::ranges::any_of(port.addresses, [](const InterfaceAddress& own) { return own.address.is_v6(); });
}

/// The first address of a family.
std::optional<IpAddress> own_address(const PortConfig& port, bool ipv6) {
  const auto own = std::ranges::find_if(
      port.addresses, [ipv6](const InterfaceAddress& each) { return each.address.is_v6() == ipv6; });
  return own == port.addresses.end() ? std::nullopt : std::optional(own->address);
}

bool holds_ipv6(std::span<const uint8_t> frame) {
  constexpr size_t kTypeAt = 2 * RTE_ETHER_ADDR_LEN;
  return frame.size() >= sizeof(rte_ether_hdr) &&
         (frame[kTypeAt] << 8 | frame[kTypeAt + 1]) == RTE_ETHER_TYPE_IPV6;
}

}  // namespace

std::vector<LocalAddress> local_addresses(const Config& config, const std::vector<MacAddress>& port_macs) {
  std::vector<LocalAddress> addresses;
  std::set<std::pair<size_t, IpAddress>> own;
  for (size_t port = 0; port < config.ports.size(); ++port) {
    const auto add = [&](const IpAddress& address) {
      if (own.emplace(port, address).second) addresses.push_back({address, 1u << port});
    };
    for (const InterfaceAddress& each : config.ports[port].addresses) add(each.address);
    if (has_ipv6(config.ports[port])) add(link_local_of(port_macs[port]));
  }
  const uint32_t everywhere = (1u << config.ports.size()) - 1;
  std::set<IpAddress> seen;
  for (const ServiceConfig& service : config.services) {
    for (const ServiceKey& listener : listeners_of(service)) {
      if (!seen.insert(listener.vip).second) continue;
      const std::optional<size_t> port = port_of(config, listener.vip);
      addresses.push_back({listener.vip, port ? 1u << *port : everywhere, true});
    }
  }
  return addresses;
}

std::vector<NeighborKey> wanted_neighbors(const Config& config) {
  std::set<NeighborKey> wanted;
  for (size_t port = 0; port < config.ports.size(); ++port) {
    for (const IpAddress& gateway : config.ports[port].gateways) wanted.insert({port, gateway});
  }
  for (const ServiceConfig& service : config.services) {
    for (const RealServerConfig& server : service.real_servers) {
      if (!server.mac) wanted.insert({port_of(config, server.address).value(), server.address});
    }
  }
  return {wanted.begin(), wanted.end()};
}

std::vector<std::pair<MacAddress, MacOwner>> fixed_macs(const Config& config) {
  std::vector<std::pair<MacAddress, MacOwner>> owners;
  for (const ServiceConfig& service : config.services) {
    for (const RealServerConfig& server : service.real_servers) {
      if (server.mac) owners.push_back({*server.mac, {.address = server.address}});
    }
  }
  return owners;
}

bool want_same_neighbors(const ServiceConfig& a, const ServiceConfig& b) {
  const auto wanted = [](const ServiceConfig& service) {
    std::set<IpAddress> addresses;
    for (const RealServerConfig& server : service.real_servers) {
      if (!server.mac) addresses.insert(server.address);
    }
    return addresses;
  };
  return wanted(a) == wanted(b);
}

std::optional<IpAddress> source_address(const PortConfig& port, const MacAddress& port_mac,
                                        const IpAddress& target) {
  const auto own = std::ranges::find_if(port.addresses,
                                        [&](const InterfaceAddress& each) { return each.contains(target); });
  if (own != port.addresses.end()) return own->address;
  if (target.is_v6() && target.to_v6().is_link_local()) return link_local_of(port_mac);
  return own_address(port, target.is_v6());
}

LinkLayer::LinkLayer(Wire& wire, std::vector<MacAddress> port_macs, MacKnown mac_known, ToKernel to_kernel,
                     ToHealth to_health)
    : wire_(wire),
      port_macs_(std::move(port_macs)),
      mac_known_(std::move(mac_known)),
      to_kernel_(std::move(to_kernel)),
      to_health_(std::move(to_health)),
      neighbors_(
          {[this](const Neighbor& neighbor, const std::optional<MacAddress>& to) { ask(neighbor, to); },
           [this](const Neighbor& neighbor, std::optional<MacAddress> before) { changed(neighbor, before); },
           [this](const Neighbor& neighbor) { contested(neighbor); },
           [this](const Neighbor& neighbor) { settled(neighbor); },
           [this](const Neighbor& neighbor) { lost(neighbor); },
           [this](const Neighbor& neighbor) { returned(neighbor); }},
          paced()),
      announcer_(port_macs_,
                 [this](size_t port, std::span<const uint8_t> frame) { wire_.send(port, frame); }),
      groups_(port_macs_, [this](size_t port, std::span<const uint8_t> frame) { wire_.send(port, frame); }),
      watch_(port_macs_, {[this](size_t port, std::span<const uint8_t> frame) { wire_.send(port, frame); },
                          [this](size_t port, const IpAddress& target) {
                            return source_address(ports_[port], port_macs_[port], target);
                          }}) {
  for (size_t port = 0; port < port_macs_.size(); ++port) responder_.set_port_mac(port, port_macs_[port]);
}

void LinkLayer::apply(const Config& config, Time now, const std::set<IpAddress>& withdrawn) {
  ports_ = config.ports;
  std::set<IpAddress> held;
  for (const LocalAddress& address : addresses_) held.insert(address.ip);
  addresses_ = local_addresses(config, port_macs_);
  std::erase_if(addresses_, [&](const LocalAddress& address) { return withdrawn.contains(address.ip); });
  responder_.set_addresses(addresses_);
  for (size_t port = 0; port < port_macs_.size(); ++port) {
    for (const LocalAddress& address : addresses_) {
      if (address.is_on(port) && !held.contains(address.ip)) announcer_.announce(port, address.ip, now);
    }
    listen(port, now);
  }
  neighbors_.want(wanted_neighbors(config), now);
  next_ask_ = now;
  std::vector<std::string> names;
  for (const PortConfig& port : ports_) names.push_back(port.name);
  watch_.watch(config.vip_watch, std::move(names), addresses_, now);
  fixed_owners_ = fixed_macs(config);
  owners_outdated_ = true;
}

void LinkLayer::listen(size_t port, Time now) {
  std::vector<IpAddress> held;
  for (const LocalAddress& address : addresses_) {
    if (address.is_on(port)) held.push_back(address.ip);
  }
  groups_.hold(port, held, now);
}

void LinkLayer::tick(Time now) {
  wire_.receive(kPuntedAtOnce, [&](PuntNote note, size_t port, std::span<const uint8_t> frame) {
    handle(note, port, frame, now);
  });
  if (now >= next_ask_) next_ask_ = neighbors_.advance(now);
  announcer_.advance(now, [this](const IpAddress& address) { return responder_.holds(address); });
  groups_.advance(now);
  renew_owners(now);
  watch_.tick(now);
}

void LinkLayer::handle(PuntNote note, size_t port, std::span<const uint8_t> frame, Time now) {
  switch (note.kind) {
    case PuntKind::arp:
      return heard(port, responder_.on_arp(port, frame, now), frame, now);
    case PuntKind::ndp:
      return on_ndp(port, frame, now);
    case PuntKind::neighbor:
      neighbors_.count_unicast();
      return holds_ipv6(frame) ? on_ndp(port, frame, now)
                               : heard(port, responder_.on_arp(port, frame, now), frame, now);
    case PuntKind::icmp_echo:
      return send(port, responder_.on_icmp(port, frame, now));
    case PuntKind::unmatched:
      return send(port, responder_.on_unmatched(port, frame, now));
    case PuntKind::filtered:
      return send(port, responder_.on_filtered(port, frame, now));
    case PuntKind::too_big:
      return on_too_big(port, note.mtu, frame, now);
    case PuntKind::health:
      return on_health(port, frame);
    case PuntKind::kernel:
      return give_to_kernel(port, frame);
    case PuntKind::count:
      return;
  }
}

void LinkLayer::on_ndp(size_t port, std::span<const uint8_t> frame, Time now) {
  if (is_mld_query(frame)) return groups_.on_query(port);
  heard(port, responder_.on_ndp(port, frame, now), frame, now);
}

void LinkLayer::heard(size_t port, const PuntResponder::NeighborVerdict& verdict,
                      std::span<const uint8_t> frame, Time now) {
  if (verdict.claim) {
    learn(port, *verdict.claim, now);
    if (verdict.claims_our_address) watch_.heard(port, *verdict.claim, owners_, now);
  }
  if (verdict.asked_for) watch_.asked_for(port, *verdict.asked_for, now);
  // The kernel needs the answers to its own questions, and can't be told apart from ours. It gets no
  // questions: those would be answered twice.
  if (verdict.is_answer) give_to_kernel(port, frame);
  send(port, verdict.answer);
}

void LinkLayer::on_too_big(size_t port, uint16_t mtu, std::span<const uint8_t> frame, Time now) {
  const bool ipv6 = holds_ipv6(frame);
  std::optional<IpAddress> from = own_address(ports_[port], ipv6);
  for (size_t other = 0; !from && other < ports_.size(); ++other)
    from = own_address(ports_[other], ipv6);  // any of a router's will do (RFC 1812 4.3.2.4)
  if (from) send(port, responder_.on_too_big(port, frame, *from, mtu, now));
}

void LinkLayer::on_health(size_t port, std::span<const uint8_t> frame) {
  if (!to_health_ || !to_health_(port, frame)) give_to_kernel(port, frame);
}

void LinkLayer::send(size_t port, const std::optional<PuntResponder::Answer>& answer) {
  if (answer) wire_.send(port, answer->frame);
}

void LinkLayer::give_to_kernel(size_t port, std::span<const uint8_t> frame) {
  if (to_kernel_) to_kernel_(port, frame);
}

void LinkLayer::port_came_up(size_t port, Time now) {
  announcer_.forget(port);
  for (const LocalAddress& address : addresses_) {
    if (address.is_on(port)) announcer_.announce(port, address.ip, now);
  }
  groups_.port_came_up(port, now);
}

void LinkLayer::doubt(size_t port, const IpAddress& address, Time now) {
  neighbors_.doubt(port, address, now);
  next_ask_ = now;
}

std::optional<MacAddress> LinkLayer::resolve(size_t port, const IpAddress& address) const {
  const Neighbor* neighbor = neighbors_.find(port, address);
  return neighbor ? neighbor->mac : std::nullopt;
}

}  // namespace turnout
