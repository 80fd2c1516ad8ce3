#include "control/config_limits_json.h"

#include <limits>

namespace turnout {
namespace {

constexpr uint64_t kMostPerSecond = 1'000'000'000;  // of a service
constexpr uint64_t kMostOfClient = 1'000'000;       // connections a second
constexpr uint64_t kMostAtOnce = std::numeric_limits<uint32_t>::max();
constexpr uint64_t kBurstSeconds = 3600;  // that a burst may be worth: kMostAhead is above it

/// A number from 1 on, or null: none.
void read_limit(const ConfigReader& at, std::string_view key, uint64_t most, uint32_t& limit) {
  const auto value = at.member(key);
  if (!value || value->value().is_null()) return;
  if (const auto number = value->integer(1, most)) limit = static_cast<uint32_t>(*number);
}

void read_rate(const ConfigReader& at, const std::string& what, uint64_t most, RateConfig& rate) {
  const std::string burst = what + "_burst";
  read_limit(at, what + "_per_second", most, rate.per_second);
  read_limit(at, burst, kMostAtOnce, rate.burst);
  if (rate.burst == 0) return;
  if (rate.per_second == 0) {
    at.member(burst)->refuse_value("is of no use without " + what +
                                   "_per_second: give that as well, or remove it");
  } else if (rate.burst > kBurstSeconds * rate.per_second) {
    at.member(burst)->refuse_value("is more than an hour's worth: use " +
                                   std::to_string(kBurstSeconds * rate.per_second) + " or less");
  }
}

void read_prefix(const ConfigReader& at, LimitsConfig& limits) {
  if (at.value().is_null()) return;
  if (!at.expect_object({"ipv4", "ipv6", "connections_per_second", "connections_burst"})) return;
  at.read_integer("ipv4", 1, 32, limits.prefix4);
  at.read_integer("ipv6", 1, 128, limits.prefix6);
  read_rate(at, "connections", kMostOfClient, limits.prefix);
}

void read_client(const ConfigReader& at, LimitsConfig& limits) {
  if (at.value().is_null()) return;
  if (!at.expect_object({"connections_per_second", "connections_burst", "connections"})) return;
  read_rate(at, "connections", kMostOfClient, limits.client);
  constexpr uint64_t kMostOpen = std::numeric_limits<int32_t>::max();
  read_limit(at, "connections", kMostOpen, limits.client_connections);
}

void write_rate(const RateConfig& rate, const std::string& what, Json& json) {
  if (rate.per_second != 0) json[what + "_per_second"] = rate.per_second;
  if (rate.burst != 0) json[what + "_burst"] = rate.burst;
}

std::string text_of(uint64_t limit) {
  return limit == 0 ? "none" : std::to_string(limit);
}

}  // namespace

LimitsConfig read_limits(const ConfigReader& at) {
  LimitsConfig limits;
  if (at.value().is_null()) return limits;
  if (!at.expect_object({"connections_per_second", "connections_burst", "packets_per_second", "packets_burst",
                         "client", "client_prefix", "observe"}))
    return limits;
  read_rate(at, "connections", kMostPerSecond, limits.connections);
  read_rate(at, "packets", kMostPerSecond, limits.packets);
  if (const auto client = at.member("client")) read_client(*client, limits);
  if (const auto prefix = at.member("client_prefix")) read_prefix(*prefix, limits);
  if (const auto observe = at.member("observe")) {
    if (observe->value().is_boolean()) {
      limits.observe = observe->value().get<bool>();
    } else {
      observe->refuse_value("is neither true nor false: true counts what is over a limit and drops nothing");
    }
  }
  return limits;
}

Json to_json(const LimitsConfig& limits) {
  Json json = Json::object(), client = Json::object(), prefix = Json::object();
  write_rate(limits.connections, "connections", json);
  write_rate(limits.packets, "packets", json);
  write_rate(limits.client, "connections", client);
  if (limits.client_connections != 0) client["connections"] = limits.client_connections;
  write_rate(limits.prefix, "connections", prefix);
  if (limits.prefix || limits.prefix4 != kUsualPrefix4) prefix["ipv4"] = limits.prefix4;
  if (limits.prefix || limits.prefix6 != kUsualPrefix6) prefix["ipv6"] = limits.prefix6;
  if (!client.empty()) json["client"] = std::move(client);
  if (!prefix.empty()) json["client_prefix"] = std::move(prefix);
  if (limits.observe || !json.empty()) json["observe"] = limits.observe;
  return json;
}

Json merged_limits(const Json& limits, const Json& wanted) {
  if (!wanted.is_object()) return wanted;
  Json merged = limits.is_object() ? limits : Json::object();
  merged.merge_patch(wanted);  // RFC 7396
  return merged;
}

void compare_limits(const std::string& service, const LimitsConfig& from, const LimitsConfig& to,
                    std::vector<std::string>& sentences) {
  const auto compare = [&](const std::string& name, const std::string& before, const std::string& after) {
    if (before == after) return;
    sentences.push_back(service + ": change limit " + name + " from " + before + " to " + after);
  };
  const auto compare_rate = [&](const std::string& name, const RateConfig& before, const RateConfig& after) {
    compare(name + "_per_second", text_of(before.per_second), text_of(after.per_second));
    const auto burst = [](const RateConfig& rate) {
      return rate.burst == 0 ? "one second's worth" : std::to_string(rate.burst);
    };
    compare(name + "_burst", burst(before), burst(after));
  };
  compare_rate("connections", from.connections, to.connections);
  compare_rate("packets", from.packets, to.packets);
  compare_rate("client/connections", from.client, to.client);
  compare("client/connections", text_of(from.client_connections), text_of(to.client_connections));
  compare_rate("client_prefix/connections", from.prefix, to.prefix);
  compare("client_prefix/ipv4", std::to_string(from.prefix4), std::to_string(to.prefix4));
  compare("client_prefix/ipv6", std::to_string(from.prefix6), std::to_string(to.prefix6));
  const auto mode = [](const LimitsConfig& limits) { return limits.observe ? "true" : "false"; };
  compare("observe", mode(from), mode(to));
}

}  // namespace turnout
