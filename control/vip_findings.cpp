#include "control/vip_findings.h"

#include <nlohmann/json.hpp>

namespace turnout {
namespace {

using Time = VipConflict::Time;

bool has_server(const VipConflict& conflict) {
  return conflict.owner && !conflict.owner->is_gateway;
}

/// "real server 192.0.2.12 (02:00:00:00:00:12)".
std::string claimant(const VipConflict& conflict) {
  const std::string mac = conflict.mac.to_string();
  if (!conflict.owner) return mac + ", which is no real server's,";
  const char* role = conflict.owner->is_gateway ? "gateway " : "real server ";
  return role + conflict.owner->address.to_string() + " (" + mac + ")";
}

struct Words {
  ClaimKind how;
  const char* done_by_arp;
  const char* done_by_ndp;
  const char* packet_of_arp;
  const char* packet_of_ndp;
};
constexpr std::array<Words, kClaimKinds> kWords{{
    {ClaimKind::answered, "answers ARP requests for it", "answers neighbour solicitations for it",
     "ARP reply", "neighbour advertisement in answer"},
    {ClaimKind::asked, "names it as the sender of its own ARP requests",
     "names it as the source of its own neighbour solicitations", "ARP request of its own",
     "neighbour solicitation of its own"},
    {ClaimKind::announced, "announces it by ARP", "announces it by neighbour advertisements",
     "gratuitous ARP", "unsolicited neighbour advertisement"},
}};

std::string deeds(const VipConflict& conflict) {
  std::string all;
  for (const Words& words : kWords) {
    if (!conflict.was(words.how)) continue;
    all += (all.empty() ? "" : " and ");
    all += conflict.ip.is_v4() ? words.done_by_arp : words.done_by_ndp;
  }
  return all;
}

std::string evidence(const VipConflict& conflict, const std::string& port_name, Time now) {
  std::string all;
  for (const Words& words : kWords) {
    if (!conflict.was(words.how)) continue;
    const VipConflict::Heard& heard = conflict.of(words.how);
    all += (all.empty() ? "" : ", ");
    all += conflict.ip.is_v4() ? words.packet_of_arp : words.packet_of_ndp;
    all += ": " + std::to_string(heard.count) + ", the last " +
           std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now - heard.last).count()) +
           " s ago";
  }
  return "from " + conflict.mac.to_string() + " on port '" + port_name + "': " + all;
}

/// As scripts/real-server is run on a real server, from where the director's files are.
std::string script(const VipConflict& conflict, const char* action) {
  return "ssh " + conflict.owner->address.to_string() + " sudo sh -s " + action + " " +
         conflict.ip.to_string() + " < scripts/real-server";
}

std::string mend_server_ipv4(const VipConflict& conflict) {
  std::string settings;
  if (conflict.was(ClaimKind::answered)) settings += " net.ipv4.conf.all.arp_ignore=1";
  if (conflict.was(ClaimKind::asked)) settings += " net.ipv4.conf.all.arp_announce=2";
  const std::string check =
      script(conflict, "check") + " says which network card has it: it must be on lo only";
  if (settings.empty()) return check;
  return "ssh " + conflict.owner->address.to_string() + " sudo sysctl -w" + settings +
         "; to have it after a reboot as well: " + script(conflict, "apply") + "; if it goes on: " + check;
}

std::string mend_server_ipv6(const VipConflict& conflict) {
  std::string remedy = "the VIP is on a network card, and must be on lo only: " + script(conflict, "check") +
                       " says on which and prints the command";
  if (conflict.was(ClaimKind::asked)) {
    remedy +=
        "; where it has to stay, preferred_lft 0 (ip address change) keeps it from being used as a source";
  }
  return remedy;
}

std::string remedy(const VipConflict& conflict) {
  const std::string mac = conflict.mac.to_string(), ip = conflict.ip.to_string();
  if (!conflict.is_vip) {
    return "find the machine by its MAC (in the switch's table of addresses, or bridge fdb show | grep " +
           mac + ") and give it, or the director, another address";
  }
  if (has_server(conflict)) {
    return conflict.ip.is_v4() ? mend_server_ipv4(conflict) : mend_server_ipv6(conflict);
  }
  if (conflict.owner)
    return "turn off proxy ARP or NDP for " + ip + " on the gateway, or take the address off it";
  return "find the machine by its MAC (in the switch's table of addresses, or bridge fdb show | grep " + mac +
         ") and take " + ip + " off it, or stop the other director";
}

const char* code(const VipConflict& conflict) {
  if (!conflict.is_vip) return "own_address_conflict";
  const bool asks_only = !conflict.was(ClaimKind::answered) && !conflict.was(ClaimKind::announced);
  return conflict.owner || asks_only ? "vip_conflict" : "duplicate_director";
}

std::string meaning(const VipConflict& conflict) {
  const std::string what = claimant(conflict) + " " + deeds(conflict);
  if (!conflict.is_vip) return what + ", an address of the director's own: what is meant for it goes astray";
  const char* who_else = code(conflict) == std::string("duplicate_director")
                             ? ": another director, or a host that was given the VIP. "
                             : ". ";
  return what + who_else + "Who hears that sends to it, past the director";
}

Finding to_finding(const VipConflict& conflict, const std::string& port_name, Time now) {
  return {.severity = Severity::critical,
          .code = code(conflict),
          .subject = conflict.ip.to_string(),
          .meaning = meaning(conflict),
          .evidence = evidence(conflict, port_name, now),
          .remedy = remedy(conflict)};
}

Finding of_the_rest(const IpAddress& ip, unsigned count) {
  return {
      .severity = Severity::critical,
      .code = "duplicate_director",
      .subject = ip.to_string(),
      .meaning = "many more MACs that are no real server's claim it: somebody forges ARP or NDP",
      .evidence = std::to_string(count) + " other MACs",
      .remedy = "find the switch port that they come from, and have the switch inspect ARP and NDP there"};
}

}  // namespace

Findings find_vip_conflicts(const VipConflicts& conflicts, const std::vector<std::string>& port_names,
                            VipConflict::Time now) {
  Findings findings;
  const auto& all = conflicts.all();
  for (auto place = all.begin(); place != all.end();) {
    const IpAddress ip = place->first.first;
    unsigned unknown = 0;
    for (; place != all.end() && place->first.first == ip; ++place) {
      const VipConflict& conflict = place->second;
      if (!conflict.lasts()) continue;
      if (!conflict.owner && ++unknown > kUnknownListed) continue;
      findings.push_back(to_finding(conflict, port_names[conflict.port], now));
    }
    if (unknown > kUnknownListed) findings.push_back(of_the_rest(ip, unknown - kUnknownListed));
  }
  return findings;
}

std::string describe(const VipConflict& conflict, const std::string& port_name, bool is_new) {
  return (conflict.is_vip ? "VIP " : "own address ") + conflict.ip.to_string() + " on port '" + port_name +
         "': " + claimant(conflict) + (is_new ? " " : " still ") + deeds(conflict) +
         "; it is taken back; mend: " + remedy(conflict);
}

nlohmann::json conflict_fields(const VipConflict& conflict, const std::string& port_name) {
  const bool has_gateway = conflict.owner && conflict.owner->is_gateway;
  nlohmann::json owner;
  if (conflict.owner) owner = conflict.owner->address.to_string();
  return {{conflict.is_vip ? "vip" : "address", conflict.ip.to_string()},
          {"port", port_name},
          {"mac", conflict.mac.to_string()},
          {has_gateway ? "gateway" : "server", owner}};
}

std::string describe_end(const VipConflict& conflict) {
  return (conflict.is_vip ? "VIP " : "own address ") + conflict.ip.to_string() + ": " + claimant(conflict) +
         " no longer claims it";
}

}  // namespace turnout
