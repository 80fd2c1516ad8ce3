#include "control/eal_log.h"

#include <cstdio>
#include <deque>
#include <string_view>

#include <rte_log.h>

#include "control/log.h"

namespace turnout {

namespace {

constexpr size_t kRemembered = 3;

struct DpdkLog {
  std::string partial;             // a line that has not ended yet
  std::deque<std::string> errors;  // the latest
};

DpdkLog& dpdk_log() {
  static DpdkLog log;
  return log;
}

void take_line(std::string_view line) {
  if (line.empty()) return;
  const bool error =
      rte_log_cur_msg_loglevel() > 0 && rte_log_cur_msg_loglevel() <= static_cast<int>(RTE_LOG_ERR);
  log(LogLevel::debug, "dpdk: " + std::string(line));
  if (!error) return;
  std::deque<std::string>& errors = dpdk_log().errors;
  errors.emplace_back(line);
  if (errors.size() > kRemembered) errors.pop_front();
}

ssize_t write_line(void*, const char* data, size_t size) {
  std::string& partial = dpdk_log().partial;
  partial.append(data, size);
  for (size_t end; (end = partial.find('\n')) != std::string::npos; partial.erase(0, end + 1)) {
    take_line(std::string_view(partial).substr(0, end));
  }
  return static_cast<ssize_t>(size);
}

}  // namespace

void capture_dpdk_log() {
  cookie_io_functions_t functions{};
  functions.write = write_line;
  FILE* stream = fopencookie(nullptr, "w", functions);
  if (!stream) return;  // DPDK goes on writing to stderr
  setvbuf(stream, nullptr, _IOLBF, 0);
  rte_openlog_stream(stream);
}

std::string recent_dpdk_errors() {
  std::string joined;
  for (const std::string& line : dpdk_log().errors) joined += (joined.empty() ? "" : "; ") + line;
  return joined;
}

void forget_dpdk_errors() {
  dpdk_log().errors.clear();
}

}  // namespace turnout
