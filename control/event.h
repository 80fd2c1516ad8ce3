// What happened, for people and for programs: a report is a line of the log and an event that the log of
// events keeps. Control thread only.
#pragma once

#include <bitset>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "control/event_kind.h"
#include "control/finding.h"
#include "control/log.h"

namespace turnout {

using Json = nlohmann::json;

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
