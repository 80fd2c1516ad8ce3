// What UplinkMonitor tells the operator.
#include <algorithm>

#include "control/event.h"
#include "control/uplink_monitor.h"

namespace turnout {

namespace {

std::string seconds_text(std::chrono::milliseconds time) {
  constexpr int64_t kMilli = 1000, kTenth = 100;
  return std::to_string(time.count() / kMilli) + "." + std::to_string(time.count() % kMilli / kTenth) +
         " seconds";
}

const char* to_string(UplinkFault fault) {
  switch (fault) {
    case UplinkFault::link:
      return "link";
    case UplinkFault::gateway:
      return "gateway";
    case UplinkFault::far_target:
      return "far_target";
    case UplinkFault::none:
      break;
  }
  return "none";
}

std::string request_of(const IpAddress& gateway) {
  return gateway.is_v4() ? "ARP" : "neighbor solicitations";
}

/// "VIP 203.0.113.100 withdrawn", and no more names than can be read.
std::string fate_of(const std::vector<IpAddress>& vips, const std::string& fate) {
  constexpr size_t kMostNames = 5;
  if (vips.empty()) return "no VIP depends on it";
  std::string names;
  for (size_t i = 0; i < std::min(vips.size(), kMostNames); ++i) {
    names += (i == 0 ? "" : ", ") + vips[i].to_string();
  }
  if (vips.size() > kMostNames) names += " and " + std::to_string(vips.size() - kMostNames) + " more";
  return (vips.size() == 1 ? "VIP " : "VIPs ") + names + " " + fate;
}

std::string remedy_for(const Uplink& uplink) {
  switch (uplink.fault) {
    case UplinkFault::link:
      return "look at the cable, the switch's port and the router: turnoutctl ports";
    case UplinkFault::gateway:
      return "look at the router and the network between; if it has another address now, correct "
             "ports[].gateway and restart turnoutd";
    default:
      return "ask the provider, as the router itself is there; if it is the far target that is gone, give "
             "another as ports[].uplink.echo and restart turnoutd";
  }
}

}  // namespace

std::string UplinkMonitor::words_of(const Watched& watched, UplinkFault fault) const {
  const Uplink& uplink = watched.uplink;
  const std::string gateway = "gateway " + uplink.gateway.to_string();
  const std::string request = request_of(uplink.gateway);
  switch (fault) {
    case UplinkFault::none:
      break;
    case UplinkFault::link:
      return watched.link_up ? "the link is up again, " + gateway + " has not yet answered"
                             : "the link is down";
    case UplinkFault::gateway:
      return gateway + " does not answer " + request + " (" + std::to_string(watched.silent) +
             (watched.silent == 1 ? " request)" : " requests)");
    case UplinkFault::far_target:
      return "far target " + uplink.echo->to_string() + " does not answer pings, though " + gateway +
             " answers " + request;
  }
  return "";
}

std::vector<IpAddress> UplinkMonitor::dependents_of(const Uplink& uplink) const {
  std::vector<IpAddress> vips;
  for (const VipConfig& vip : config_.vips) {
    const bool depends = vip.depends_on_uplink == config_.ports[uplink.port].name;
    if (depends && vip.address.is_v6() == uplink.gateway.is_v6()) vips.push_back(vip.address);
  }
  return vips;
}

/// `lasted`: what it was before.
void UplinkMonitor::report_change(const Uplink& uplink, Time lasted) const {
  const std::string& port = config_.ports[uplink.port].name;
  const std::vector<IpAddress> vips = dependents_of(uplink);
  const std::string name = "port '" + port + "': uplink ";
  Json fields = {{"port", port}, {"gateway", uplink.gateway.to_string()}};
  if (uplink.up()) {
    report({EventKind::uplink_up, Severity::info,
            name + "up after " + seconds_text(lasted) + ": gateway " + uplink.gateway.to_string() +
                (uplink.echo ? " and far target " + uplink.echo->to_string() + " answer: " : " answers: ") +
                fate_of(vips, "announced again"),
            fields});
  } else {
    Json down = fields;
    down["cause"] = to_string(uplink.fault);
    down["reason"] = uplink.reason;
    report({EventKind::uplink_down, Severity::warning,
            name + "down: " + uplink.reason + ": " + fate_of(vips, "withdrawn"), std::move(down)});
  }
  if (vips.empty()) return;
  for (size_t i = 0; i < std::min(vips.size(), kMostListed); ++i)
    fields["vips"].push_back(vips[i].to_string());
  fields["vip_count"] = vips.size();
  if (uplink.up()) {
    record({EventKind::vips_announced, Severity::info, fate_of(vips, "announced again"), std::move(fields)});
  } else {
    record({EventKind::vips_withdrawn, Severity::warning, fate_of(vips, "withdrawn"), std::move(fields)});
  }
}

Finding UplinkMonitor::finding_of(const Uplink& uplink, Time now) const {
  return {Severity::critical,
          "uplink_down",
          "port '" + config_.ports[uplink.port].name + "'",
          "The uplink by gateway " + uplink.gateway.to_string() +
              " is down: clients behind it are not reached, and VIPs that depend on it are withdrawn.",
          uplink.reason + ", for " + seconds_text(now - uplink.since),
          remedy_for(uplink)};
}

Findings UplinkMonitor::findings(Time now) const {
  Findings findings;
  for (const Watched& watched : watched_) {
    if (!watched.uplink.up()) findings.push_back(finding_of(watched.uplink, now));
  }
  for (const VipConfig& vip : config_.vips) {
    const Uplink* uplink = down_uplink_of(vip);
    if (uplink == nullptr) continue;
    findings.push_back({Severity::warning, "vip_withdrawn", vip.address.to_string(),
                        "It is neither announced nor answered for, as the uplink of port '" +
                            vip.depends_on_uplink + "' that it depends on is down.",
                        uplink->reason, "mend the uplink; the VIP is announced again by itself"});
  }
  return findings;
}

}  // namespace turnout
