// `doctor`.
#include <chrono>
#include <ostream>

#include "control/cli/arguments.h"
#include "control/cli/doctor_page.h"
#include "control/cli/status.h"

namespace turnout::cli {
namespace {

constexpr uint64_t kLongestInterval = 3600;  // seconds
constexpr uint64_t kMostLooks = 1'000'000'000;
constexpr const char* kClear = "\x1b[H\x1b[J";  // to the top left, and nothing below (ECMA-48 8.3.21, 8.3.39)

struct Plan {
  bool again = false;
  uint64_t looks = 0;  // 0: until the user has seen enough
  std::chrono::seconds interval{2};
};

Plan plan_of(const Request& request) {
  const auto interval = request.option("interval"), count = request.option("count");
  Plan plan;
  plan.again = request.has_switch("watch");
  if (!plan.again && (interval || count)) {
    throw UsageError(std::string("'doctor': ") + (interval ? "--interval" : "--count") +
                     " goes with --watch: add it");
  }
  if (interval)
    plan.interval = std::chrono::seconds(parse_number("--interval", *interval, 1, kLongestInterval));
  if (count) plan.looks = parse_number("--count", *count, 1, kMostLooks);
  return plan;
}

void print_look(const Request& request, const Json& result, bool is_first) {
  if (request.print_json(result)) return;
  if (request.has_switch("watch") && request.screen.is_terminal) {
    request.out << kClear;
  } else if (!is_first) {
    request.out << '\n';
  }
  request.out << doctor_page(result, request.screen.columns);
}

}  // namespace

void show_doctor(const Request& request) {
  using namespace std::chrono_literals;
  const Plan plan = plan_of(request);
  for (uint64_t looks = 1;; ++looks) {
    const Json result = request.call("doctor", Json::object());
    request.exit_code = doctor_exit_code(result);
    if (plan.again && !request.pause(0s)) return;  // before anything is seen: then Ctrl-C ends it well
    print_look(request, result, looks == 1);
    if (!plan.again || looks == plan.looks) return;
    if (!request.out.flush()) return;  // nobody reads it any more
    if (!request.pause(plan.interval)) return;
  }
}

}  // namespace turnout::cli
