#include "control/event.h"

#include <algorithm>
#include <array>
#include <utility>

#include "control/event_log.h"

namespace turnout {
namespace {

constexpr std::array<std::string_view, static_cast<size_t>(EventKind::count)> kNames{"daemon_started",
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
                                                                                     "link_down"};
static_assert(!kNames.back().empty(), "each kind has its name");

EventLog* current_log = nullptr;

LogLevel level_of(Severity severity) {
  switch (severity) {
    case Severity::info:
      return LogLevel::info;
    case Severity::warning:
      return LogLevel::warning;
    case Severity::critical:
      break;
  }
  return LogLevel::error;
}

}  // namespace

std::string_view to_string(EventKind kind) {
  return kNames.at(static_cast<size_t>(kind));
}

std::optional<EventKind> parse_event_kind(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<EventKind>(found - kNames.begin());
}

void report(Event event) {
  log(level_of(event.severity), event.text);
  record(std::move(event));
}

void report(Event event, LogLimiter& limiter) {
  limiter.log(level_of(event.severity), event.text);
  record(std::move(event));
}

void record(Event event) {
  if (current_log != nullptr) current_log->add(std::move(event));
}

std::string shortened(std::string text) {
  if (text.size() <= kTextBytes) return text;
  size_t end = kTextBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not within a character
  text.resize(end);
  return text + "…";
}

void set_event_log(EventLog* log) {
  current_log = log;
}

}  // namespace turnout
