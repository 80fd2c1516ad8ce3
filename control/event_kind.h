// The kinds of events and what they are called, in the daemon and in what is typed on its command line.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace turnout {

enum class EventKind : uint8_t {
  daemon_started,
  daemon_ready,
  config_applied,
  config_refused,
  service_added,
  service_removed,
  server_added,
  server_removed,
  server_draining,  // its weight is 0 now
  server_resumed,   // and is no longer
  maintenance_started,
  maintenance_ended,
  server_up,
  server_down,
  neighbor_found,  // for the first time, or again after it was lost
  neighbor_moved,
  neighbor_lost,
  neighbor_contested,
  neighbor_settled,
  vip_conflict_begun,
  vip_conflict_ended,
  uplink_up,
  uplink_down,
  vips_announced,
  vips_withdrawn,
  link_up,
  link_down,
  filters_reloaded,
  capture_started,
  capture_ended,
  flows_moved,  // from a worker to another
  count
};

// clang-format off
inline constexpr std::array<std::string_view, static_cast<size_t>(EventKind::count)> kEventKindNames{
    "daemon_started",
    "daemon_ready",
    "config_applied",
    "config_refused",
    "service_added",
    "service_removed",
    "server_added",
    "server_removed",
    "server_draining",
    "server_resumed",
    "maintenance_started",
    "maintenance_ended",
    "server_up",
    "server_down",
    "neighbor_found",
    "neighbor_moved",
    "neighbor_lost",
    "neighbor_contested",
    "neighbor_settled",
    "vip_conflict_begun",
    "vip_conflict_ended",
    "uplink_up",
    "uplink_down",
    "vips_announced",
    "vips_withdrawn",
    "link_up",
    "link_down",
    "filters_reloaded",
    "capture_started",
    "capture_ended",
    "flows_moved",
};
// clang-format on
static_assert(!kEventKindNames.back().empty(), "each kind has its name");

constexpr std::string_view to_string(EventKind kind) {
  return kEventKindNames.at(static_cast<size_t>(kind));
}

constexpr std::optional<EventKind> parse_event_kind(std::string_view name) {
  const auto found = std::find(kEventKindNames.begin(), kEventKindNames.end(), name);
  if (found == kEventKindNames.end()) return std::nullopt;
  return static_cast<EventKind>(found - kEventKindNames.begin());
}

}  // namespace turnout
