#include "control/config.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace turnout {

std::string to_string(Protocol protocol) {
  if (protocol == Protocol::sctp) return "sctp";
  return protocol == Protocol::tcp ? "tcp" : "udp";
}

std::string to_string(SchedulerKind scheduler) {
  constexpr std::array<const char*, kSchedulerKinds> kNames = {"mh", "rr",  "wrr", "lc", "wlc", "sh",
                                                               "dh", "sed", "nq",  "fo", "ovf"};
  return kNames[static_cast<size_t>(scheduler)];
}

SchedulerFlags default_flags(SchedulerKind scheduler) {
  return {.port = scheduler == SchedulerKind::mh};
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

std::string to_string(SpreadPolicy policy) {
  switch (policy) {
    case SpreadPolicy::on:
      return "on";
    case SpreadPolicy::off:
      return "off";
    case SpreadPolicy::automatic:
      break;
  }
  return "auto";
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
  return std::tie(a.vip, a.protocol, a.port, a.last_port, a.group) <
         std::tie(b.vip, b.protocol, b.port, b.last_port, b.group);
}

std::string ServiceKey::port_text() const {
  return std::to_string(port) + (last_port == 0 ? "" : "-" + std::to_string(last_port));
}

std::string ServiceKey::to_string() const {
  if (is_group()) return "group " + group + (vip.is_v6() ? " (ipv6)" : "");
  const std::string host = vip.is_v6() ? "[" + vip.to_string() + "]" : vip.to_string();
  return turnout::to_string(protocol) + " " + host + ":" + port_text();
}

std::span<const ServiceKey> listeners_of(const ServiceConfig& service) {
  if (service.key.is_group()) return service.members;
  return {&service.key, 1};
}

size_t indexes_of(const ServiceConfig& service) {
  if (service.key.is_group()) return 1 + service.members.size();
  return service.persistence == 0 ? 1 : 2;
}

const ServiceKey* checked_listener(const ServiceConfig& service) {
  const std::span<const ServiceKey> all = listeners_of(service);
  if (all.empty() || service.health.type == HealthType::none) return nullptr;
  const Protocol wanted = service.health.type == HealthType::udp ? Protocol::udp : Protocol::tcp;
  const auto suits = [&](const ServiceKey& key) { return key.protocol == wanted && key.is_one_port(); };
  const auto found = std::ranges::find_if(all, suits);
  return found == all.end() ? &all.front() : &*found;
}

bool Config::in_maintenance(const IpAddress& server) const {
  return std::ranges::find(maintenance, server) != maintenance.end();
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
