#include "control/link_layer.h"

#include <algorithm>
#include <set>

namespace turnout {

using namespace std::chrono_literals;

namespace {

constexpr unsigned kAnnouncements = 3;  // of each address, so that one may be lost (RFC 5227 2.3 has two)
constexpr std::chrono::milliseconds kAnnounceInterval = 1s;
constexpr unsigned kAnnouncedAtOnce = 256;  // frames a tick, so that ten thousand VIPs don't fill the ring
constexpr unsigned kPuntedAtOnce = 512;     // frames a tick

}  // namespace

std::vector<LocalAddress> local_addresses(const Config& config) {
  std::vector<LocalAddress> addresses;
  for (size_t port = 0; port < config.ports.size(); ++port) {
    for (const InterfaceAddress& own : config.ports[port].addresses) {
      addresses.push_back({to_be32(own.address), 1u << port});
    }
  }
  const uint32_t everywhere = (1u << config.ports.size()) - 1;
  std::set<rte_be32_t> seen;
  for (const ServiceConfig& service : config.services) {
    if (!seen.insert(to_be32(service.key.vip)).second) continue;
    const std::optional<size_t> port = port_of(config, service.key.vip);
    addresses.push_back({to_be32(service.key.vip), port ? 1u << *port : everywhere});
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

LinkLayer::LinkLayer(Wire& wire, std::vector<MacAddress> port_macs, std::function<void()> mac_known)
    : wire_(wire),
      port_macs_(std::move(port_macs)),
      mac_known_(std::move(mac_known)),
      neighbors_({[this](const Neighbor& neighbor) { ask(neighbor); },
                  [this](const Neighbor& neighbor, std::optional<MacAddress> before) {
                    changed(neighbor, before);
                  }}) {
  for (size_t port = 0; port < port_macs_.size(); ++port) responder_.set_port_mac(port, port_macs_[port]);
}

void LinkLayer::apply(const Config& config, Time now) {
  config_ = config;
  std::set<rte_be32_t> held;
  for (const LocalAddress& address : addresses_) held.insert(address.ip);
  addresses_ = local_addresses(config);
  responder_.set_addresses(addresses_);
  for (const LocalAddress& address : addresses_) {
    if (!held.contains(address.ip)) announce(address, now);
  }
  neighbors_.want(wanted_neighbors(config), now);
  next_ask_ = now;
}

void LinkLayer::tick(Time now) {
  wire_.receive(kPuntedAtOnce, [&](PuntNote note, size_t port, std::span<const uint8_t> frame) {
    answer(note.kind, port, frame, now);
  });
  if (now >= next_ask_) next_ask_ = neighbors_.advance(now);
  announce_due(now);
}

void LinkLayer::answer(PuntKind kind, size_t port, std::span<const uint8_t> frame, Time now) {
  std::optional<PuntResponder::Answer> answer;
  if (kind == PuntKind::arp) {
    const PuntResponder::ArpVerdict verdict = responder_.on_arp(port, frame, now);
    if (verdict.packet && verdict.packet->sender_ip != 0) {  // an RFC 5227 probe claims nothing yet
      neighbors_.learn(port, from_be32(verdict.packet->sender_ip), verdict.packet->sender_mac, now);
      next_ask_ = now;  // what it confirmed is due at another time
    }
    if (verdict.claims_our_address) {
      conflict_log_.log(LogLevel::warning,
                        "port '" + config_.ports[port].name + "': " + verdict.packet->sender_mac.to_string() +
                            " says that it has " + from_be32(verdict.packet->sender_ip).to_string() +
                            ", an address of this director: a real server must not announce its VIP "
                            "(net.ipv4.conf.all.arp_ignore=1, arp_announce=2)");
    }
    answer = verdict.answer;
  } else {
    answer = responder_.on_icmp(port, frame, now);
  }
  if (answer) wire_.send(port, answer->frame);
}

void LinkLayer::ask(const Neighbor& neighbor) {
  const PortConfig& port = config_.ports[neighbor.port];
  rte_be32_t from = to_be32(port.addresses.front().address);
  for (const InterfaceAddress& own : port.addresses) {
    if (own.contains(neighbor.ip)) from = to_be32(own.address);
  }
  const MacAddress& our_mac = port_macs_[neighbor.port];
  const bool unicast = neighbor.mac && neighbor.unanswered < NeighborTable::kUnicastTries;
  wire_.send(neighbor.port, unicast ? make_arp_check(our_mac, from, *neighbor.mac, to_be32(neighbor.ip))
                                    : make_arp_request(our_mac, from, to_be32(neighbor.ip)));
}

void LinkLayer::changed(const Neighbor& neighbor, std::optional<MacAddress> before) {
  const std::string name = neighbor.ip.to_string() + " on port '" + config_.ports[neighbor.port].name + "'";
  if (before) {
    log_warning(name + " moved from " + before->to_string() + " to " + neighbor.mac->to_string());
  } else {
    log_info(name + " is at " + neighbor.mac->to_string());
  }
  mac_known_();
}

void LinkLayer::announce(const LocalAddress& address, Time now) {
  for (size_t port = 0; port < port_macs_.size(); ++port) {
    if (address.port_mask >> port & 1) announcements_.push_front({now, port, address, kAnnouncements});
  }
}

void LinkLayer::port_came_up(size_t port, Time now) {
  for (const LocalAddress& address : addresses_) {
    if (address.port_mask >> port & 1) announcements_.push_front({now, port, address, kAnnouncements});
  }
}

void LinkLayer::announce_due(Time now) {
  for (unsigned sent = 0; sent < kAnnouncedAtOnce && !announcements_.empty(); ++sent) {
    Announcement next = announcements_.front();
    if (next.due > now) return;
    announcements_.pop_front();
    if (!responder_.holds(next.address.ip)) continue;  // the VIP was removed meanwhile
    wire_.send(next.port, make_gratuitous_arp(port_macs_[next.port], next.address.ip));
    next.due = now + kAnnounceInterval;
    if (--next.left > 0) announcements_.push_back(next);
  }
}

std::optional<MacAddress> LinkLayer::resolve(size_t port, const IpAddress& address) const {
  const Neighbor* neighbor = neighbors_.find(port, address);
  return neighbor ? neighbor->mac : std::nullopt;
}

}  // namespace turnout
