#include "control/neighbor_findings.h"

#include <algorithm>

namespace turnout {
namespace {

using Time = NeighborTable::Time;

std::string seconds(Time time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s";
}

std::string role(const PortConfig& port, const IpAddress& address) {
  return is_gateway(port, address) ? "gateway " : "real server ";
}

Severity severity(const PortConfig& port, const IpAddress& address) {
  return is_gateway(port, address) ? Severity::critical : Severity::warning;
}

const char* question(const IpAddress& address) {
  return address.is_v4() ? "ARP requests" : "neighbour solicitations";
}

std::string look_for(const Neighbor& neighbor, const PortConfig& port) {
  return "is it up, with that address, on the LAN of port '" + port.name + "'" +
         (port.vlan != 0 ? " (VLAN " + std::to_string(port.vlan) + ")" : "") +
         "? From another machine there: ping -c 3 " + neighbor.ip.to_string();
}

Finding unresolved(const Neighbor& neighbor, const PortConfig& port) {
  return {.severity = severity(port, neighbor.ip),
          .code = "neighbor_unresolved",
          .subject = neighbor.ip.to_string(),
          .meaning = role(port, neighbor.ip) + neighbor.ip.to_string() +
                     " never said where it is, so it is sent nothing",
          .evidence = std::to_string(neighbor.requests_sent) + " " + question(neighbor.ip) + " on port '" +
                      port.name + "', no answer",
          .remedy = look_for(neighbor, port)};
}

Finding stale(const Neighbor& neighbor, const PortConfig& port, Time now) {
  return {.severity = severity(port, neighbor.ip),
          .code = "neighbor_stale",
          .subject = neighbor.ip.to_string(),
          .meaning = role(port, neighbor.ip) + neighbor.ip.to_string() +
                     " no longer says where it is; it is sent packets at its last MAC, " +
                     neighbor.mac->to_string(),
          .evidence = "last heard of " + seconds(now - neighbor.confirmed) + " ago on port '" + port.name +
                      "', " + std::to_string(neighbor.unanswered) + " " + question(neighbor.ip) +
                      " since, no answer",
          .remedy = look_for(neighbor, port)};
}

Finding fight(const Neighbor& neighbor, const PortConfig& port, Time now) {
  const Rival& rival = *neighbor.rival;
  return {.severity = severity(port, neighbor.ip),
          .code = "neighbor_fight",
          .subject = neighbor.ip.to_string(),
          .meaning = "two machines have the address of " + role(port, neighbor.ip) + neighbor.ip.to_string() +
                     ", or one forges it; packets go to the one that had it first, " +
                     neighbor.mac->to_string() + ", as long as it answers",
          .evidence = rival.mac.to_string() + (rival.others ? " and others" : "") + " claimed it " +
                      std::to_string(rival.claims) + " times on port '" + port.name + "', the last time " +
                      seconds(now - rival.last) + " ago, and " +
                      (rival.answers ? "answers when it is asked" : "does not answer when it is asked"),
          .remedy =
              "find the machine by its MAC (in the switch's table of addresses, or bridge fdb show | grep " +
              rival.mac.to_string() + ") and take " + neighbor.ip.to_string() +
              " off it; if both are network cards of one machine: sudo sysctl -w "
              "net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 there"};
}

}  // namespace

bool is_gateway(const PortConfig& port, const IpAddress& address) {
  return std::ranges::find(port.gateways, address) != port.gateways.end();
}

Findings find_neighbor_faults(const NeighborTable& neighbors, const std::vector<PortConfig>& ports,
                              Time now) {
  Findings findings;
  for (const Neighbor* neighbor : neighbors.list()) {
    const PortConfig& port = ports[neighbor->port];
    const bool is_silent = neighbor->unanswered >= kUnansweredIsWrong;
    if (neighbor->rival) findings.push_back(fight(*neighbor, port, now));
    if (!is_silent) continue;
    if (neighbor->state == NeighborState::incomplete) findings.push_back(unresolved(*neighbor, port));
    if (neighbor->state == NeighborState::stale) findings.push_back(stale(*neighbor, port, now));
  }
  return findings;
}

}  // namespace turnout
