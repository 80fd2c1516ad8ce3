// One small front for what the daemon says on stderr.
//
// Under systemd (JOURNAL_STREAM is set) each line starts with the syslog priority as "<N>", which journald
// reads; elsewhere with "turnoutd: level: ". Any thread of control may log; workers never do.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace turnout {

enum class LogLevel : uint8_t { error, warning, info, debug };
std::optional<LogLevel> parse_log_level(std::string_view text);

void set_log_level(LogLevel level);
LogLevel log_level();
void log(LogLevel level, std::string_view message);

inline void log_error(std::string_view message) {
  log(LogLevel::error, message);
}
inline void log_warning(std::string_view message) {
  log(LogLevel::warning, message);
}
inline void log_info(std::string_view message) {
  log(LogLevel::info, message);
}
inline void log_debug(std::string_view message) {
  log(LogLevel::debug, message);
}

/// For lines that a packet causes: at most `burst` of them per `window`; the first of the next window says
/// how many were left out. One object per place that logs; not shared between threads.
class LogLimiter {
 public:
  explicit LogLimiter(unsigned burst = 5, std::chrono::seconds window = std::chrono::seconds(10));
  void log(LogLevel level, std::string_view message);

 private:
  unsigned burst_;
  std::chrono::seconds window_;
  std::chrono::steady_clock::time_point window_start_{};
  unsigned logged_ = 0;
  uint64_t left_out_ = 0;
};

}  // namespace turnout
