#include "control/event.h"

#include <utility>

#include "control/event_log.h"

namespace turnout {
namespace {

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
