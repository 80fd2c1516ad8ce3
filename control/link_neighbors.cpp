// LinkLayer's neighbours: how they are asked, what is learnt of them, and what is said of them.
#include "control/arp.h"
#include "control/event.h"
#include "control/link_layer.h"
#include "control/ndp.h"
#include "control/neighbor_findings.h"

namespace turnout {

void LinkLayer::learn(size_t port, const AddressClaim& claim, Time now) {
  const Evidence evidence = claim.to_us ? Evidence::answer : Evidence::claim;
  if (claim.mac && (claim.overrides || !resolve(port, claim.ip))) {
    neighbors_.learn(port, claim.ip, *claim.mac, evidence, now);
  } else if (claim.to_us) {
    neighbors_.confirm(port, claim.ip, claim.sender, now);
  }
  next_ask_ = now;  // what it confirmed is due at another time
}

void LinkLayer::ask(const Neighbor& neighbor, const std::optional<MacAddress>& to) {
  const MacAddress& our_mac = port_macs_[neighbor.port];
  const auto from = source_address(ports_[neighbor.port], our_mac, neighbor.ip);
  if (!from) return;
  if (neighbor.ip.is_v4()) {
    const rte_be32_t from_ip = to_be32(*from), wanted = to_be32(neighbor.ip);
    wire_.send(neighbor.port, to ? make_arp_check(our_mac, from_ip, *to, wanted)
                                 : make_arp_request(our_mac, from_ip, wanted));
  } else {
    wire_.send(neighbor.port, to ? make_neighbor_check(our_mac, *from, *to, neighbor.ip)
                                 : make_neighbor_solicitation(our_mac, *from, neighbor.ip));
  }
}

void LinkLayer::probe(const NeighborKey& neighbor, bool for_all) {
  const Neighbor* known = neighbors_.find(neighbor.port, neighbor.ip);
  if (known) ask(*known, for_all ? std::nullopt : known->mac);
}

std::string LinkLayer::name_of(const Neighbor& neighbor) const {
  return neighbor.ip.to_string() + " on port '" + ports_[neighbor.port].name + "'";
}

Json LinkLayer::fields_of(const Neighbor& neighbor) const {
  return {{"port", ports_[neighbor.port].name},
          {"address", neighbor.ip.to_string()},
          {"mac", neighbor.mac->to_string()}};
}

void LinkLayer::changed(const Neighbor& neighbor, std::optional<MacAddress> before) {
  Json fields = fields_of(neighbor);
  if (before) {
    fields["before"] = before->to_string();
    report({EventKind::neighbor_moved, Severity::warning,
            name_of(neighbor) + " moved from " + before->to_string() + " to " + neighbor.mac->to_string(),
            std::move(fields)});
  } else {
    report({EventKind::neighbor_found, Severity::info,
            name_of(neighbor) + " is at " + neighbor.mac->to_string(), std::move(fields)});
  }
  owners_outdated_ = true;
  mac_known_({neighbor.port, neighbor.ip});
}

void LinkLayer::lost(const Neighbor& neighbor) {
  report({EventKind::neighbor_lost, Severity::warning,
          name_of(neighbor) + " no longer answers " + (neighbor.ip.is_v4() ? "ARP" : "neighbor discovery") +
              ": packets still go to " + neighbor.mac->to_string(),
          fields_of(neighbor)});
}

void LinkLayer::returned(const Neighbor& neighbor) {
  report({EventKind::neighbor_found, Severity::info,
          name_of(neighbor) + " answers again, at " + neighbor.mac->to_string(), fields_of(neighbor)});
}

void LinkLayer::contested(const Neighbor& neighbor) {
  Json fields = fields_of(neighbor);
  fields["rival"] = neighbor.rival->mac.to_string();
  report(
      {EventKind::neighbor_contested, Severity::warning,
       name_of(neighbor) + ": " + neighbor.rival->mac.to_string() + " says that it has that address, but " +
           neighbor.mac->to_string() + " still answers for it and keeps it: find the other machine",
       std::move(fields)},
      neighbor_log_);
}

void LinkLayer::settled(const Neighbor& neighbor) {
  Json fields = fields_of(neighbor);
  fields["rival"] = neighbor.rival->mac.to_string();
  report({EventKind::neighbor_settled, Severity::info,
          name_of(neighbor) + ": " + neighbor.rival->mac.to_string() +
              " no longer says that it has that address",
          std::move(fields)},
         neighbor_log_);
}

void LinkLayer::renew_owners(Time now) {
  constexpr Time kInterval{100};  // while thousands are being resolved
  if (!owners_outdated_ || now < next_owners_) return;
  next_owners_ = now + kInterval;
  owners_outdated_ = false;
  owners_ = {};
  for (const auto& [mac, owner] : fixed_owners_) owners_.add(mac, owner);
  for (const Neighbor* neighbor : neighbors_.list()) {
    if (neighbor->mac)
      owners_.add(*neighbor->mac, {neighbor->ip, is_gateway(ports_[neighbor->port], neighbor->ip)});
  }
}

Findings LinkLayer::findings(Time now) const {
  Findings all = watch_.findings(now);
  for (Finding& finding : find_neighbor_faults(neighbors_, ports_, now)) all.push_back(std::move(finding));
  return all;
}

}  // namespace turnout
