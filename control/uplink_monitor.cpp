#include "control/uplink_monitor.h"

#include <algorithm>
#include <random>
#include <utility>

#include "control/link_layer.h"
#include "control/ping.h"

namespace turnout {

namespace {

std::optional<IpAddress> far_target(const PortConfig& port, bool ipv6) {
  const auto target = std::ranges::find(port.uplink.echo, ipv6, &IpAddress::is_v6);
  return target == port.uplink.echo.end() ? std::nullopt : std::optional(*target);
}

}  // namespace

UplinkMonitor::UplinkMonitor(const Config& config, std::vector<MacAddress> port_macs, Ways ways, Time now)
    : config_(config), port_macs_(std::move(port_macs)), ways_(std::move(ways)) {
  std::random_device random;
  ping_id_ = static_cast<uint16_t>(random());
  ping_sequence_ = static_cast<uint16_t>(random());
  for (size_t port = 0; port < config_.ports.size(); ++port) {
    const PortConfig& settings = config_.ports[port];
    for (const IpAddress& gateway : settings.gateways) {
      Watched watched;
      watched.uplink.port = port;
      watched.uplink.gateway = gateway;
      watched.uplink.echo = far_target(settings, gateway.is_v6());
      watched.uplink.since = now;
      if (const auto& echo = watched.uplink.echo)
        watched.source = source_address(settings, port_macs_[port], *echo).value_or(IpAddress());
      watched.next_check = now + settings.uplink.timings.interval;
      watched_.push_back(std::move(watched));
    }
  }
}

const UplinkConfig& UplinkMonitor::config_of(const Watched& watched) const {
  return config_.ports[watched.uplink.port].uplink;
}

bool UplinkMonitor::tick(Time now) {
  for (Watched& watched : watched_) {
    if (watched.link_up) advance(watched, now);
  }
  return std::exchange(changed_, false);
}

/// What answers is looked for before the time is found to be over: control may have been held up for longer
/// than that, with the answer waiting.
void UplinkMonitor::advance(Watched& watched, Time now) {
  if (!watched.check) {
    if (now < watched.next_check) return;
    begin(watched, now);
  }
  const Check& check = *watched.check;
  const Neighbor* gateway = ways_.find({watched.uplink.port, watched.uplink.gateway});
  const bool is_there = gateway != nullptr && gateway->mac && gateway->confirmed >= check.began;
  if (is_there && watched.uplink.echo && !check.pinged) ping(watched, *gateway->mac);
  if (is_there && (!watched.uplink.echo || check.answered)) return pass(watched, now);
  if (now - check.began < config_of(watched).timings.timeout) return;
  fail(watched, is_there ? UplinkFault::far_target : UplinkFault::gateway, now);
}

/// A gateway that is known is asked alone, so as not to bother all hosts of the LAN; one that was silent may
/// have come up with another MAC address.
void UplinkMonitor::begin(Watched& watched, Time now) {
  const CheckTimings& timings = config_of(watched).timings;
  watched.check = Check{now, {}, false};
  watched.next_check = now + timings.interval;
  ways_.ask({watched.uplink.port, watched.uplink.gateway}, watched.failed > 0 || timings.fall == 1);
}

void UplinkMonitor::ping(Watched& watched, const MacAddress& gateway) {
  const size_t port = watched.uplink.port;
  IpRoute route;
  route.from_mac = port_macs_[port];
  route.to_mac = gateway;
  route.source = watched.source;
  route.destination = *watched.uplink.echo;
  watched.check->pinged = ++ping_sequence_;
  ways_.send(port, make_ping(route, {ping_id_, ping_sequence_}));
}

bool UplinkMonitor::on_frame(size_t port, std::span<const uint8_t> frame) {
  const std::optional<PingReply> reply = parse_ping_reply(frame);
  if (!reply || reply->numbers.id != ping_id_) return false;
  const auto watched = std::ranges::find_if(watched_, [&](const Watched& each) {
    return each.uplink.port == port && each.uplink.echo == reply->from && each.source == reply->to;
  });
  if (watched == watched_.end()) return false;
  std::optional<Check>& check = watched->check;
  if (check && check->pinged == reply->numbers.sequence) check->answered = true;
  return true;  // though it may come too late
}

void UplinkMonitor::pass(Watched& watched, Time now) {
  watched.check.reset();
  watched.failed = watched.silent = 0;
  ++watched.passed;
  if (!watched.uplink.up() && watched.passed >= config_of(watched).timings.rise) {
    change(watched, UplinkFault::none, "", now);
  }
}

void UplinkMonitor::fail(Watched& watched, UplinkFault fault, Time now) {
  watched.check.reset();
  watched.passed = 0;
  ++watched.failed;
  watched.silent = fault == UplinkFault::gateway ? watched.silent + 1 : 0;
  if (!watched.uplink.up()) {
    watched.uplink.fault = fault;
    watched.uplink.reason = words_of(watched, fault);
  } else if (watched.failed >= config_of(watched).timings.fall) {
    change(watched, fault, words_of(watched, fault), now);
  }
}

void UplinkMonitor::set_link(size_t port, bool up, Time now) {
  for (Watched& watched : watched_) {
    if (watched.uplink.port != port || watched.link_up == up) continue;
    watched.link_up = up;
    watched.check.reset();
    watched.passed = watched.failed = watched.silent = 0;
    watched.next_check = now;
    if (watched.uplink.up()) {
      change(watched, UplinkFault::link, words_of(watched, UplinkFault::link), now);
    } else {
      watched.uplink.fault = UplinkFault::link;
      watched.uplink.reason = words_of(watched, UplinkFault::link);
    }
  }
}

void UplinkMonitor::change(Watched& watched, UplinkFault fault, const std::string& reason, Time now) {
  Uplink& uplink = watched.uplink;
  const Time lasted = now - uplink.since;
  uplink.fault = fault;
  uplink.reason = reason;
  uplink.since = now;
  ++uplink.changes;
  changed_ = true;
  report_change(uplink, lasted);
}

std::vector<Uplink> UplinkMonitor::uplinks() const {
  std::vector<Uplink> all;
  for (const Watched& watched : watched_) all.push_back(watched.uplink);
  return all;
}

const Uplink* UplinkMonitor::down_uplink_of(const VipConfig& vip) const {
  const auto found = std::ranges::find_if(watched_, [&](const Watched& watched) {
    return !watched.uplink.up() && watched.uplink.gateway.is_v6() == vip.address.is_v6() &&
           config_.ports[watched.uplink.port].name == vip.depends_on_uplink;
  });
  return found == watched_.end() ? nullptr : &found->uplink;
}

std::set<IpAddress> UplinkMonitor::withdrawn() const {
  std::set<IpAddress> vips;
  for (const VipConfig& vip : config_.vips) {
    if (is_withdrawn(vip)) vips.insert(vip.address);
  }
  return vips;
}

}  // namespace turnout
