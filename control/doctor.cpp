#include "control/doctor.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "control/captures.h"
#include "control/doctor_config.h"
#include "control/doctor_filters.h"
#include "control/doctor_host.h"
#include "control/doctor_limits.h"
#include "control/doctor_load.h"
#include "control/doctor_servers.h"
#include "control/doctor_tables.h"

namespace turnout {
namespace {

LoadWindow window_of(const DaemonView& daemon) {
  return daemon.trends.until(sample_load(daemon));
}

Findings servers_room(const DaemonView& daemon) {
  std::vector<MacAddress> own_macs;
  for (const auto& device : daemon.devices) own_macs.push_back(device->mac());
  const auto resolve = [&](size_t port, const IpAddress& address) {
    return daemon.director.link().resolve(port, address);
  };
  return examine_servers(daemon.director.config(), resolve, own_macs);
}

constexpr std::array<DoctorRoom, 14> kRooms = {{
    {"configuration", [](const DaemonView& daemon) { return examine_config(daemon.director.config()); }},
    {"configuration file",
     [](const DaemonView& daemon) {
       return daemon.saver->findings({daemon.director.generation(), daemon.director.config()});
     }},
    {"real servers", servers_room},
    {"health",
     [](const DaemonView& daemon) { return daemon.director.health().findings(daemon.director.time()); }},
    {"VIPs and neighbours",
     [](const DaemonView& daemon) { return daemon.director.link().findings(daemon.director.time()); }},
    {"filters", [](const DaemonView& daemon) { return examine_filters(daemon.director); }},
    {"uplinks",
     [](const DaemonView& daemon) { return daemon.director.uplinks().findings(daemon.director.time()); }},
    {"ports",
     [](const DaemonView& daemon) {
       Findings findings = examine_ports(host_facts(daemon), daemon.director.config());
       for (Finding& finding : daemon.rebalancer->findings()) findings.push_back(std::move(finding));
       return findings;
     }},
    {"tables", [](const DaemonView& daemon) { return examine_tables(window_of(daemon)); }},
    {"load", [](const DaemonView& daemon) { return examine_load(window_of(daemon)); }},
    {"drops", [](const DaemonView& daemon) { return examine_drops(window_of(daemon)); }},
    {"captures",
     [](const DaemonView& daemon) { return daemon.captures ? daemon.captures->findings() : Findings(); }},
    {"limits", [](const DaemonView& daemon) { return examine_limits(window_of(daemon)); }},
    {"host", [](const DaemonView& daemon) { return examine_cpus(host_facts(daemon)); }},
}};

Finding others_of(const Finding& last, size_t others) {
  return {last.severity,
          last.code,
          std::to_string(others) + " more",
          "the same is true of " + std::to_string(others) + " others, which are not listed",
          std::to_string(kMostOfCode) + " are listed",
          last.remedy};
}

bool same_kind(const Finding& a, const Finding& b) {
  return a.severity == b.severity && a.code == b.code;
}

}  // namespace

std::span<const DoctorRoom> doctor_rooms() {
  return kRooms;
}

Findings diagnose(const DaemonView& daemon) {
  Findings findings;
  for (const DoctorRoom& room : kRooms) {
    for (Finding& finding : room.examine(daemon)) findings.push_back(std::move(finding));
  }
  return in_order(std::move(findings));
}

Findings in_order(Findings findings) {
  std::ranges::stable_sort(findings, [](const Finding& a, const Finding& b) {
    return std::tie(b.severity, a.code, a.subject) < std::tie(a.severity, b.code, b.subject);
  });
  Findings listed;
  for (auto first = findings.begin(); first != findings.end();) {
    const auto end =
        std::find_if_not(first, findings.end(), [&](const Finding& f) { return same_kind(f, *first); });
    const auto count = static_cast<size_t>(end - first);
    const auto shown = static_cast<std::ptrdiff_t>(std::min(count, kMostOfCode));
    if (count > kMostOfCode) {
      const Finding others = others_of(*first, count - kMostOfCode);
      std::move(first, first + shown, std::back_inserter(listed));
      listed.push_back(others);
    } else {
      std::move(first, end, std::back_inserter(listed));
    }
    first = end;
  }
  return listed;
}

std::string gravest(const Findings& findings) {
  const auto worst = std::ranges::max_element(findings, {}, &Finding::severity);
  return worst == findings.end() ? "ok" : to_string(worst->severity);
}

}  // namespace turnout
