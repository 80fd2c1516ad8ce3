// What happened, for people and for programs: a report is a line of the log and an event that the log of
// events keeps. Control thread only.
#pragma once

#include <bitset>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "control/finding.h"
#include "control/log.h"

namespace turnout {

using Json = nlohmann::json;

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
  count
};
std::string_view to_string(EventKind kind);
std::optional<EventKind> parse_event_kind(std::string_view name);

using EventKinds = std::bitset<static_cast<size_t>(EventKind::count)>;
inline EventKinds all_event_kinds() {
  return EventKinds().set();
}

struct Event {
  EventKind kind;
  Severity severity = Severity::info;
  std::string text;              // one sentence
  Json fields = Json::object();  // what it is about, named as methods name it: "service", "server", "port" …
};

/// To the log of events, if there is one, and to the operator's log.
void report(Event event);
/// The same, but no more lines than the limiter lets through. The event is kept in any case.
void report(Event event, LogLimiter& limiter);
/// To the log of events alone: the operator's log has it in other words, or needn't have it.
void record(Event event);

/// So that no event is large: a field that lists has so many elements at most, and a text so many bytes; what
/// is longer is cut.
inline constexpr size_t kMostListed = 32;
inline constexpr size_t kTextBytes = 500;
std::string shortened(std::string text);

class EventLog;
/// Where events go from now on; null: nowhere.
void set_event_log(EventLog* log);

}  // namespace turnout
