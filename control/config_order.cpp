#include "control/config_order.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace turnout {
namespace {

// clang-format off
constexpr auto kOrder = std::to_array<std::string_view>({
    "eal", "lcores", "args", "workers", "idle", "ports", "name", "device", "vlan", "mtu",
    "addresses", "gateway", "uplink", "kernel_interface", "rx_queues", "spread", "rebalance", "buffers", "count",
    "connections", "capacity", "capacity_ipv6", "limit_cells", "timeouts", "tcp_syn", "tcp_established", "tcp_fin",
    "tcp_close", "control", "socket", "autosave", "http", "listen", "vip_watch", "clear", "filters",
    "lists", "action", "prefixes", "file", "default", "denied", "log", "vips",
    "maintenance", "services", "vip", "group", "family", "protocol", "port", "members", "address",
    "weight", "mac", "upper_threshold", "lower_threshold", "quic_id", "scheduler", "scheduler_flags",
    "persistence", "persistence_prefix", "one_packet", "quic",
    "server_id_length", "config_id", "dscp", "vlan_priority", "filter", "icmp", "forward", "drop",
    "limits", "connections_per_second", "connections_burst", "packets_per_second", "packets_burst", "client",
    "client_prefix", "ipv4", "ipv6", "observe", "maglev_table_size", "health", "type", "path", "host", "status",
    "send", "expect", "command", "on_down",
    "slow_start", "fallback", "real_servers",
});
// clang-format on

constexpr std::string_view kUnknownBefore = "fallback";  // so that servers stay the last of a service

std::ptrdiff_t rank_of(std::string_view name) {
  const auto found = std::ranges::find(kOrder, name);
  return (found == kOrder.end() ? std::ranges::find(kOrder, kUnknownBefore) : found) - kOrder.begin();
}

std::string member_text(const OrderedJson& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? "" : found->dump();
}

}  // namespace

OrderedJson in_usual_order(const Json& value) {
  if (value.is_array()) {
    OrderedJson list = OrderedJson::array();
    for (const Json& each : value) list.push_back(in_usual_order(each));
    return list;
  }
  if (!value.is_object()) return value;
  std::vector<std::pair<std::ptrdiff_t, std::string>> names;
  for (const auto& [name, each] : value.items()) names.emplace_back(rank_of(name), name);
  std::ranges::sort(names);
  OrderedJson object = OrderedJson::object();
  for (const auto& [rank, name] : names) object[name] = in_usual_order(value[name]);
  return object;
}

std::string identity_of(const OrderedJson& element) {
  if (!element.is_object()) return element.dump();
  if (element.contains("group"))
    return "group " + member_text(element, "group") + member_text(element, "family");
  if (element.contains("vip"))
    return member_text(element, "protocol") + member_text(element, "vip") + member_text(element, "port");
  for (const char* name : {"address", "name"}) {
    if (element.contains(name)) return member_text(element, name);
  }
  return element.dump();
}

}  // namespace turnout
