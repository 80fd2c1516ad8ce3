#include "control/config.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace turnout {

std::string to_string(Protocol protocol) {
  return protocol == Protocol::tcp ? "tcp" : "udp";
}

std::string to_string(SchedulerKind scheduler) {
  switch (scheduler) {
    case SchedulerKind::rr:
      return "rr";
    case SchedulerKind::wrr:
      return "wrr";
    case SchedulerKind::mh:
      break;
  }
  return "mh";
}

std::string to_string(HealthType type) {
  switch (type) {
    case HealthType::tcp:
      return "tcp";
    case HealthType::icmp:
      return "icmp";
    case HealthType::udp:
      return "udp";
    case HealthType::http:
      return "http";
    case HealthType::https:
      return "https";
    case HealthType::exec:
      return "exec";
    case HealthType::none:
      break;
  }
  return "none";
}

std::string to_string(OnDown on_down) {
  return on_down == OnDown::keep ? "keep" : "reassign";
}

std::string to_string(EchoPolicy policy) {
  switch (policy) {
    case EchoPolicy::no:
      return "no";
    case EchoPolicy::while_up:
      return "while_up";
    case EchoPolicy::yes:
      break;
  }
  return "yes";
}

std::string to_string(IdlePolicy policy) {
  switch (policy) {
    case IdlePolicy::pause:
      return "pause";
    case IdlePolicy::sleep:
      return "sleep";
    case IdlePolicy::poll:
      break;
  }
  return "poll";
}

std::string to_string(UnmatchedPolicy policy) {
  return policy == UnmatchedPolicy::reject ? "reject" : "drop";
}

bool operator<(const ServiceKey& a, const ServiceKey& b) {
  return std::tie(a.vip, a.protocol, a.port) < std::tie(b.vip, b.protocol, b.port);
}

std::string ServiceKey::to_string() const {
  const std::string host = vip.is_v6() ? "[" + vip.to_string() + "]" : vip.to_string();
  return turnout::to_string(protocol) + " " + host + ":" + std::to_string(port);
}

const ServiceConfig* Config::find(const ServiceKey& key) const {
  const auto found = std::find_if(services.begin(), services.end(),
                                  [&key](const ServiceConfig& service) { return service.key == key; });
  return found == services.end() ? nullptr : &*found;
}

ServiceConfig* Config::find(const ServiceKey& key) {
  return const_cast<ServiceConfig*>(std::as_const(*this).find(key));
}

std::optional<size_t> port_of(const Config& config, const IpAddress& address) {
  for (size_t i = 0; i < config.ports.size(); ++i) {
    const auto& subnets = config.ports[i].addresses;
    if (std::any_of(subnets.begin(), subnets.end(),
                    [&address](const InterfaceAddress& subnet) { return subnet.contains(address); })) {
      return i;
    }
  }
  return std::nullopt;
}

}  // namespace turnout
