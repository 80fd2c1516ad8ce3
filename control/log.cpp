#include "control/log.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>

namespace turnout {
namespace {

struct LevelNames {
  std::string_view name;
  std::string_view syslog_prefix;  // sd-daemon(3)
};

constexpr std::array<LevelNames, 4> kLevels{{
    {"error", "<3>"},
    {"warning", "<4>"},
    {"info", "<6>"},
    {"debug", "<7>"},
}};

std::atomic<LogLevel> current_level{LogLevel::info};  // written by main(), read by every thread that logs

const LevelNames& names_of(LogLevel level) {
  return kLevels.at(static_cast<size_t>(level));
}

/// One message stays one line, and what a client sent can't steer the operator's terminal.
void append_printable(std::string& line, std::string_view message) {
  for (const char c : message) {
    const auto byte = static_cast<unsigned char>(c);
    line += byte < 0x20 || byte == 0x7f ? ' ' : c;
  }
}

}  // namespace

std::optional<LogLevel> parse_log_level(std::string_view text) {
  for (size_t i = 0; i < kLevels.size(); ++i) {
    if (kLevels[i].name == text) return static_cast<LogLevel>(i);
  }
  return std::nullopt;
}

void set_log_level(LogLevel level) {
  current_level = level;
}

LogLevel log_level() {
  return current_level;
}

void log(LogLevel level, std::string_view message) {
  if (level > log_level()) return;
  const LevelNames& names = names_of(level);
  std::string line;
  line.reserve(message.size() + 32);
  if (std::getenv("JOURNAL_STREAM") != nullptr) {
    line += names.syslog_prefix;
  } else {
    line.append("turnoutd: ").append(names.name).append(": ");
  }
  append_printable(line, message);
  line += '\n';
  // One write per line, so that lines of different threads don't mix. Nobody is left to tell if it fails.
  while (::write(STDERR_FILENO, line.data(), line.size()) < 0 && errno == EINTR) {
  }
}

LogLimiter::LogLimiter(unsigned burst, std::chrono::seconds window) : burst_(burst), window_(window) {}

void LogLimiter::log(LogLevel level, std::string_view message) {
  if (level > log_level()) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - window_start_ >= window_) {
    window_start_ = now;
    logged_ = 0;
  }
  if (logged_ >= burst_) {
    ++left_out_;
    return;
  }
  ++logged_;
  if (left_out_ == 0) return turnout::log(level, message);
  turnout::log(level, std::string(message) + " (" + std::to_string(left_out_) + " like it left out before)");
  left_out_ = 0;
}

}  // namespace turnout
