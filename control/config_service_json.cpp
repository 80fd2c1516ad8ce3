#include "control/config_service_json.h"

#include <algorithm>

#include "control/config_filter_json.h"
#include "control/config_health_json.h"
#include "control/config_limits_json.h"
#include "control/config_quic_json.h"
#include "control/config_service_key_json.h"
#include "control/prime.h"
#include "dataplane/tick.h"

namespace turnout {
namespace {

constexpr uint64_t kMaxWeight = 65535;
constexpr uint64_t kMaxThreshold = 0xffffffff;
constexpr uint64_t kMaxSlowStart = 86'400;
constexpr uint64_t kMaxPersistence = kMaxTimeout;  // seconds: 11 days
constexpr uint32_t kMinTableSize = 251;
constexpr uint32_t kMaxTableSize = 16777213;  // the largest prime below 2^24

void read_scheduler(const ConfigReader& at, SchedulerKind& scheduler) {
  const auto name = at.text();
  if (!name) return;
  std::string known;
  for (size_t i = 0; i < kSchedulerKinds; ++i) {
    const auto kind = static_cast<SchedulerKind>(i);
    if (*name == to_string(kind)) {
      scheduler = kind;
      return;
    }
    known += (i == 0 ? "" : i + 1 == kSchedulerKinds ? " or " : ", ") + to_string(kind);
  }
  at.refuse_value("is no scheduler: use " + known);
}

/// Each names its scheduler, as in "mh-port".
void read_flags(const ConfigReader& at, SchedulerKind scheduler, SchedulerFlags& flags) {
  flags = {};
  const bool has_flags = scheduler == SchedulerKind::mh || scheduler == SchedulerKind::sh;
  const std::string name = to_string(scheduler);
  for (const ConfigReader& flag : at.elements()) {
    const auto text = flag.text();
    if (!text) continue;
    if (has_flags && *text == name + "-port") {
      flags.port = true;
    } else if (has_flags && *text == name + "-fallback") {
      flags.fallback = true;
    } else {
      flag.refuse_value("is no flag of " + name + ": " +
                        (has_flags ? "use " + name + "-port or " + name + "-fallback"
                                   : "only sh and mh have any, remove it"));
    }
  }
}

void read_persistence(const ConfigReader& at, ServiceConfig& service) {
  const uint8_t longest = service.key.vip.is_v6() ? 128 : 32;
  service.persistence_prefix = longest;
  at.read_integer("persistence", 0, kMaxPersistence, service.persistence);
  at.read_integer("persistence_prefix", 1, longest, service.persistence_prefix);
}

void read_on_down(const ConfigReader& at, OnDown& on_down) {
  const auto name = at.text();
  if (!name) return;
  for (const auto each : {OnDown::reassign, OnDown::keep}) {
    if (*name != to_string(each)) continue;
    on_down = each;
    return;
  }
  at.refuse_value(
      R"(is nothing that connections of a server that went down can do: use "reassign" or "keep")");
}

void read_table_size(const ConfigReader& at, uint32_t& size) {
  const auto number = at.integer(kMinTableSize, kMaxTableSize);
  if (!number) return;
  size = static_cast<uint32_t>(*number);
  if (is_prime(size)) return;
  at.refuse_value("is no prime, which a Maglev table's size must be: use " +
                  std::to_string(next_prime(size)));
}

void read_thresholds(const ConfigReader& at, RealServerConfig& server) {
  at.read_integer("upper_threshold", 0, kMaxThreshold, server.upper_threshold);
  at.read_integer("lower_threshold", 0, kMaxThreshold, server.lower_threshold);
  if (server.lower_threshold <= server.upper_threshold) return;
  at.member("lower_threshold")
      ->refuse_value("is above upper_threshold, " + std::to_string(server.upper_threshold) +
                     ": a server that is full has more connections than one that is open again");
}

RealServerConfig read_real_server(const ConfigReader& at) {
  RealServerConfig server;
  if (!at.expect_object({"address", "weight", "mac", "upper_threshold", "lower_threshold", "quic_id"}))
    return server;
  if (const auto address = at.required_member("address", "the real server's IP address")) {
    server.address = address->host_address().value_or(IpAddress());
  }
  at.read_integer("weight", 0, kMaxWeight, server.weight);
  if (const auto mac = at.member("mac")) server.mac = mac->unicast_mac();
  read_thresholds(at, server);
  if (const auto id = at.member("quic_id")) read_quic_id(*id, server.quic_id);
  return server;
}

void read_members(const ConfigReader& at, ServiceConfig& service) {
  const auto members = at.member("members");
  if (!members) return;
  if (!service.key.is_group()) {
    members->refuse(
        "only a group has members: give \"group\" instead of vip, protocol and port, or remove them");
    return;
  }
  for (const ConfigReader& member : members->elements()) service.members.push_back(read_group_member(member));
}

void read_one_packet(const ConfigReader& at, ServiceConfig& service) {
  const auto one_packet = at.member("one_packet");
  if (!one_packet) return;
  if (!one_packet->value().is_boolean()) return one_packet->refuse_value("is not true or false");
  service.one_packet = one_packet->value().get<bool>();
  const auto is_udp = [](const ServiceKey& key) { return key.protocol == Protocol::udp; };
  if (service.one_packet && !std::ranges::all_of(listeners_of(service), is_udp))
    one_packet->refuse("only datagrams can be scheduled one by one: use it with UDP, or remove it");
}

/// "dscp": 46, or null: leave it alone.
void read_mark(const ConfigReader& at, std::string_view key, uint8_t most, std::optional<uint8_t>& mark) {
  const auto value = at.member(key);
  if (!value || value->value().is_null()) return;
  if (const auto number = value->integer(0, most)) mark = static_cast<uint8_t>(*number);
}

void read_service_limits(const ConfigReader& at, ServiceConfig& service) {
  service.limits = read_limits(at);
  if (service.limits.client_connections == 0 || !service.one_packet) return;
  at.member("client")
      ->member("connections")
      ->refuse_value(
          "counts connections that are open, and with one_packet none is: use connections_per_second, or "
          "remove "
          "one of the two");
}

/// LVS asks for it as well: what is the use of every port, if not that a client's connections meet?
void refuse_wide_without_persistence(const ConfigReader& at, const ServiceConfig& service) {
  const bool is_wide = !service.key.is_group() && service.key.port == 0 && !is_unread(service.key);
  if (!is_wide || service.persistence != 0) return;
  at.member("port")->refuse_value(
      "means every port, which needs persistence so that a client's connections reach one real server: set "
      "persistence, or name a port or a range as in \"8000-8099\"");
}

}  // namespace

ServiceConfig read_service(const ConfigReader& at) {
  ServiceConfig service;
  if (!at.expect_object({"vip",
                         "protocol",
                         "port",
                         "scheduler",
                         "persistence",
                         "health",
                         "on_down",
                         "slow_start",
                         "maglev_table_size",
                         "real_servers",
                         "fallback",
                         "group",
                         "family",
                         "members",
                         "scheduler_flags",
                         "persistence_prefix",
                         "one_packet",
                         "dscp",
                         "vlan_priority",
                         "filter",
                         "limits",
                         "quic"})) {
    return service;
  }
  service.key = read_service_key(at);
  read_members(at, service);
  if (const auto scheduler = at.member("scheduler")) read_scheduler(*scheduler, service.scheduler);
  service.flags = default_flags(service.scheduler);
  if (const auto flags = at.member("scheduler_flags")) read_flags(*flags, service.scheduler, service.flags);
  read_persistence(at, service);
  read_one_packet(at, service);
  read_mark(at, "dscp", kMaxDscp, service.dscp);
  read_mark(at, "vlan_priority", kMaxVlanPriority, service.vlan_priority);
  if (const auto filter = at.member("filter")) read_filter_name(*filter, service.filter);
  if (const auto limits = at.member("limits")) read_service_limits(*limits, service);
  if (const auto quic = at.member("quic")) service.quic = read_quic(*quic);
  refuse_wide_without_persistence(at, service);
  service.health = default_health(service.key);
  if (const auto health = at.member("health")) service.health = read_health(*health, service.key);
  if (const auto on_down = at.member("on_down")) read_on_down(*on_down, service.on_down);
  at.read_integer("slow_start", 0, kMaxSlowStart, service.slow_start);
  if (const auto size = at.member("maglev_table_size")) read_table_size(*size, service.maglev_table_size);
  if (const auto servers = at.member("real_servers")) {
    for (const ConfigReader& server : servers->elements()) {
      service.real_servers.push_back(read_real_server(server));
    }
  }
  if (const auto fallback = at.member("fallback")) {
    service.real_servers.push_back(read_real_server(*fallback));
    service.real_servers.back().fallback = true;
  }
  return service;
}

Parsed<ServiceConfig> parse_service(const Json& value, const std::string& at) {
  return parse_part(value, at, read_service);
}

Parsed<RealServerConfig> parse_real_server(const Json& value, const std::string& at) {
  return parse_part(value, at, read_real_server);
}

}  // namespace turnout
