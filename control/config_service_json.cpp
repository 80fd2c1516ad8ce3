#include "control/config_service_json.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "control/config_health_json.h"
#include "control/prime.h"

namespace turnout {
namespace {

constexpr uint64_t kMaxPort = 65535;
constexpr uint64_t kMaxWeight = 65535;
constexpr uint64_t kMaxSlowStart = 86'400;
constexpr uint64_t kMaxPersistence = 0xffffffff;
constexpr uint32_t kMinTableSize = 251;
constexpr uint32_t kMaxTableSize = 16777213;  // the largest prime below 2^24

template <size_t kSize>
bool is_among(const std::array<std::string_view, kSize>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::optional<Protocol> read_protocol(const ConfigReader& at) {
  const auto name = at.text();
  if (!name) return std::nullopt;
  if (*name == "tcp") return Protocol::tcp;
  if (*name == "udp") return Protocol::udp;
  at.refuse_value("is no protocol known here: use \"tcp\" or \"udp\"");
  return std::nullopt;
}

std::optional<uint16_t> read_service_port(const ConfigReader& at) {
  if (at.value().is_number_integer() && at.value() == 0) {
    at.refuse_value("means every port: wildcard services are not built yet, name one port from 1 to 65535");
    return std::nullopt;
  }
  const auto port = at.integer(1, kMaxPort);
  if (!port) return std::nullopt;
  return static_cast<uint16_t>(*port);
}

ServiceKey read_key(const ConfigReader& service) {
  ServiceKey key;
  std::optional<Protocol> protocol;
  std::optional<uint16_t> port;
  if (const auto at = service.required_member("vip", "the virtual service's IP address")) {
    key.vip = at->host_address().value_or(IpAddress());
  }
  if (const auto at = service.required_member("protocol", "\"tcp\" or \"udp\""))
    protocol = read_protocol(*at);
  if (const auto at = service.required_member("port", "a port from 1 to 65535"))
    port = read_service_port(*at);
  if (protocol && port) {  // a key without its protocol names nothing
    key.protocol = *protocol;
    key.port = *port;
  }
  return key;
}

void read_scheduler(const ConfigReader& at, SchedulerKind& scheduler) {
  constexpr std::array<std::string_view, 8> kNotBuilt{"lc", "wlc", "sh", "dh", "sed", "nq", "fo", "ovf"};
  const auto name = at.text();
  if (!name) return;
  for (const auto kind : {SchedulerKind::mh, SchedulerKind::rr, SchedulerKind::wrr}) {
    if (*name == to_string(kind)) {
      scheduler = kind;
      return;
    }
  }
  at.refuse_value(is_among(kNotBuilt, *name) ? "is not built yet: use mh, rr or wrr"
                                             : "is no scheduler: use mh, rr or wrr");
}

void refuse_persistence(const ConfigReader& at) {
  const auto seconds = at.integer(0, kMaxPersistence);
  if (seconds.value_or(0) == 0) return;
  at.refuse_value(
      "asks for persistence, which is not built yet: remove it or set 0; the scheduler mh sends a client's "
      "connection back to the same real server as long as the servers stay the same");
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

RealServerConfig read_real_server(const ConfigReader& at) {
  RealServerConfig server;
  if (!at.expect_object({"address", "weight", "mac"})) return server;
  if (const auto address = at.required_member("address", "the real server's IP address")) {
    server.address = address->host_address().value_or(IpAddress());
  }
  at.read_integer("weight", 0, kMaxWeight, server.weight);
  if (const auto mac = at.member("mac")) server.mac = mac->unicast_mac();
  return server;
}

}  // namespace

ServiceConfig read_service(const ConfigReader& at) {
  ServiceConfig service;
  if (!at.expect_object({"vip", "protocol", "port", "scheduler", "persistence", "health", "on_down",
                         "slow_start", "maglev_table_size", "real_servers", "fallback"})) {
    return service;
  }
  service.key = read_key(at);
  if (const auto scheduler = at.member("scheduler")) read_scheduler(*scheduler, service.scheduler);
  if (const auto persistence = at.member("persistence")) refuse_persistence(*persistence);
  service.health = default_health(service.key.protocol);
  if (const auto health = at.member("health")) service.health = read_health(*health, service.key.protocol);
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

Parsed<ServiceKey> parse_service_key(const Json& value, const std::string& at) {
  return parse_part(value, at, [](const ConfigReader& reader) {
    return reader.expect_object({"vip", "protocol", "port"}) ? read_key(reader) : ServiceKey();
  });
}

Parsed<ServiceConfig> parse_service(const Json& value, const std::string& at) {
  return parse_part(value, at, read_service);
}

Parsed<RealServerConfig> parse_real_server(const Json& value, const std::string& at) {
  return parse_part(value, at, read_real_server);
}

}  // namespace turnout
