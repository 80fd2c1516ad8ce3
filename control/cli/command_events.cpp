// `watch-events`.
#include <chrono>
#include <ostream>
#include <string>

#include "control/cli/arguments.h"
#include "control/cli/status.h"

namespace turnout::cli {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kWait = 20;  // seconds that an answer is waited for: less than a call may take
constexpr auto kRetry = 1s;     // while there is no daemon

/// What matters to a reader first.
Json in_order(const Json& event) {
  Json line = Json::object();
  for (const char* key : {"sequence", "time", "kind", "severity", "text"}) line[key] = member(event, key);
  for (const auto& [key, value] : event.items()) line[key] = value;
  return line;
}

class Watch {
 public:
  explicit Watch(const Request& request) : request_(request) {
    if (const auto count = request.option("count")) left_ = parse_number("--count", *count, 1, UINT64_MAX);
    kinds_ = request.options_named("kind");
    if (const auto since = request.option("since")) since_ = parse_number("--since", *since, 0, UINT64_MAX);
  }

  void run() {
    const Json now = ask(0, 0);
    started_ = text(now, "started");
    if (!request_.option("since")) since_ = number(now, "last");
    for (Json page; next_page(page);) {
      if (!print(page)) return;
    }
  }

 private:
  Json ask(uint64_t limit, unsigned wait) const {
    Json params = {{"since", since_}, {"limit", limit}, {"wait", wait}};
    if (!kinds_.empty()) params["kinds"] = kinds_;
    return request_.call("events.list", params);
  }

  /// False if the user doesn't want to wait for a daemon any longer.
  bool next_page(Json& page) {
    constexpr uint64_t kPage = 1000;
    for (bool is_there = true;;) {
      try {
        page = ask(kPage, is_there ? kWait : 0);  // of a new daemon the same numbers are other events
        if (text(page, "started") == started_) return true;
        started_ = text(page, "started");  // another daemon, which counts from 1
        since_ = 0;
      } catch (const NoDaemon&) {
        if (is_there) request_.err << "turnoutctl: turnoutd is gone; waiting for it\n" << std::flush;
        is_there = false;
        if (!request_.pause(kRetry)) return false;
      }
    }
  }

  /// False if nobody wants more of them.
  bool print(const Json& page) {
    if (const uint64_t missed = number(page, "missed"); missed > 0)
      request_.err << "turnoutctl: " << missed << " earlier events are no longer kept\n" << std::flush;
    for (const Json& event : member(page, "events")) {
      request_.out << dump(in_order(event)) << '\n';
      if (!request_.out.flush() || --left_ == 0) return false;
    }
    since_ = number(page, "next");
    return true;
  }

  const Request& request_;
  uint64_t since_ = 0;
  uint64_t left_ = UINT64_MAX;
  std::vector<std::string> kinds_;
  std::string started_;
};

void watch_events(const Request& request) {
  Watch watch(request);
  if (!request.pause(0s)) return;  // from now on Ctrl-C ends it well
  watch.run();
}

}  // namespace

Command watch_events_command() {
  using Kind = CommandOption::Kind;
  return {
      "watch-events",
      "",
      0,
      0,
      "what happens, as it happens: JSON, one event a line",
      "events.list",
      {{"since", Kind::value, "N",
        "begin with those after event N that are kept (0: all), not with the next"},
       {"kind", Kind::repeated, "KIND", "of this kind only, such as server_down; may be given several times"},
       {"count", Kind::value, "N", "end after N events"}},
      "Goes on until Ctrl-C, and over a restart of turnoutd, whose events are numbered from 1 again: its\n"
      "first one is daemon_started. Example:\n"
      "  turnoutctl watch-events --kind server_down --kind server_up | jq -r .text\n",
      watch_events};
}

}  // namespace turnout::cli
