#include <array>

#include "control/doctor_load.h"
#include "control/doctor_words.h"

namespace turnout {
namespace {

/// When packets dropped for a reason are worth a word, and which.
struct DropRule {
  DropReason reason;
  Severity severity;
  double least_rate;   // a second
  double least_share;  // of what is received
  const char* meaning;
  const char* remedy;
};

using enum DropReason;
constexpr double kAny = 0;

// Missing are those that every network has at all times: pings, scans, protocols that nobody serves.
constexpr std::array<DropRule, 20> kRules = {{
    {no_server, Severity::critical, kAny, kAny,
     "clients get no answer: their service has no real server that may take connections",
     "`turnoutctl servers` shows which; give one a weight, or add one: `turnoutctl server add`"},
    {no_server_resolved, Severity::critical, kAny, kAny,
     "clients get no answer: no real server of their service has answered ARP or neighbour discovery yet",
     "`turnoutctl neighbors` shows who is silent; see that those machines are up and on this segment"},
    {transmit_full, Severity::critical, 1, 0.01,
     "many packets are lost on the way out: the port can't send as fast as packets arrive",
     "a faster port, or a second one; see that the switch doesn't send pause frames"},
    {transmit_full, Severity::warning, kAny, kAny,
     "packets are lost on the way out: the port can't send as fast as packets arrive",
     "a faster port, or a second one; see that the switch doesn't send pause frames"},
    {punt_limited, Severity::warning, kAny, kAny,
     "more ARP, neighbour discovery, pings or the like come than the control thread is given: some get no "
     "answer",
     "find who floods the segment: PUNTS BY KIND of `turnoutctl stats`, and `tcpdump -e` on a machine there"},
    {punt_full, Severity::warning, kAny, kAny,
     "the control thread doesn't keep up with what it is sent, answers to ARP among it",
     "give control an lcore, and a CPU, of its own (eal.lcores)"},
    {spread_full, Severity::warning, kAny, kAny,
     "a worker doesn't keep up with what another hands over to it (RSS in software)",
     "`turnoutctl workers` shows who is busy: `\"rebalance\": true` of the port if others are idle, more "
     "worker lcores, or a device with RSS"},
    {no_headroom, Severity::warning, kAny, kAny,
     "packets can't be given their VLAN tag: their buffers have no room before the frame",
     "report the driver of the port that received them (`turnoutctl ports`): it leaves no headroom"},
    {too_big, Severity::warning, 1, kAny, "packets are longer than the port they leave by can carry",
     "the same MTU on all of the segment: `mtu` of the ports, and of the switch"},
    {unknown_vlan, Severity::warning, 1, 0.5,
     "most of what arrives has the VLAN tag of no port, or none where one is expected",
     "`vlan` of the ports as the switch has it: `tcpdump -e` shows the tags"},
    {stacked_vlan, Severity::warning, 1, 0.01, "frames arrive with two VLAN tags, which is not supported",
     "have the switch take off the outer tag (QinQ)"},
    {bad_checksum, Severity::warning, 1, 0.001, "IP headers arrive damaged",
     "look for a failing NIC, cable or router on the way here"},
    {bad_ip_header, Severity::warning, 1, 0.001, "IP headers arrive that can't be: damage, or an attack",
     "find the sender: `tcpdump -env` on a machine of the segment"},
    {bad_transport_header, Severity::warning, 1, 0.001,
     "TCP or UDP headers arrive that can't be: damage, or an attack",
     "find the sender: `tcpdump -env` on a machine of the segment"},
    {truncated, Severity::warning, 1, 0.001, "packets arrive shorter than they say",
     "look for an MTU that differs along the way, or a failing NIC"},
    {fragment, Severity::warning, 1, 0.001, "fragments are dropped whose first fragment did not come",
     "if clients send large datagrams: an MTU that is the same all along, and no firewall that drops "
     "fragments"},
    {not_our_address, Severity::warning, 10, 0.01,
     "somebody sends the director packets for other addresses: a stale ARP entry, or a router that takes it "
     "for a gateway",
     "find the sender's MAC (`tcpdump -e`) and correct its routes; a VIP that was removed needs a while"},
    {martian_source, Severity::info, 10, 0.01, "packets come from addresses that no host may have",
     "filter them at the border (BCP 38)"},
    {not_our_mac, Severity::info, 100, 0.1,
     "the switch floods this port with frames that are for other stations",
     "see why the switch doesn't know where they are: a MAC table that is full or ages too fast"},
    {no_service, Severity::info, 100, 0.1,
     "much of what clients send to the VIPs is for ports that no service has",
     "add the service if it is missed: `turnoutctl service add`; if it is a scan, filter it at the border"},
}};

bool applies(const DropRule& rule, uint64_t dropped, const LoadWindow& window) {
  const auto count = static_cast<double>(dropped);
  return dropped > 0 && count >= rule.least_rate * window.seconds() &&
         count >= rule.least_share * static_cast<double>(window.received());
}

}  // namespace

Findings examine_drops(const LoadWindow& window) {
  Findings findings;
  std::array<bool, kDropReasons> told{};
  for (const DropRule& rule : kRules) {
    const uint64_t dropped = window.dropped(rule.reason);
    bool& is_told = told[static_cast<size_t>(rule.reason)];
    if (is_told || !applies(rule, dropped, window)) continue;
    is_told = true;
    const std::string name(name_of(rule.reason));
    findings.push_back({rule.severity, "drops_" + name, "drop reason " + name, rule.meaning,
                        counted(dropped, "packet") + " dropped as " + name + " " + window.span() + ", " +
                            as_share(dropped, window.received()) + " of those received",
                        rule.remedy});
  }
  return findings;
}

}  // namespace turnout
