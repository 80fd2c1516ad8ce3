// `top`.
#include <chrono>
#include <ostream>

#include "control/cli/arguments.h"
#include "control/cli/errors.h"
#include "control/cli/status.h"
#include "control/cli/top/keys.h"
#include "control/cli/top/terminal.h"
#include "control/cli/top/view.h"

namespace turnout::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr uint64_t kLongestInterval = 3600;  // seconds
constexpr uint64_t kMostLooks = 1'000'000'000;

struct Plan {
  top::Wishes wishes;
  uint64_t looks = 0;  // printed as text; 0: the live screen
};

Plan plan_of(const Request& request) {
  Plan plan;
  const auto interval = request.option("interval"), batch = request.option("batch");
  if (interval) plan.wishes.interval = parse_number("--interval", *interval, 1, kLongestInterval);
  if (batch && request.has_switch("once")) throw UsageError("--once is --batch 1: give one of them");
  if (batch) plan.looks = parse_number("--batch", *batch, 1, kMostLooks);
  if (request.has_switch("once")) plan.looks = 1;
  return plan;
}

Json ask(const Request& request) {
  return request.call("stats.get", Json::object());
}

/// Text, look after look, for scripts.
void print_looks(const Request& request, const Plan& plan) {
  Json before = ask(request);
  for (uint64_t look = 1; look <= plan.looks; ++look) {
    if (!request.pause(std::chrono::seconds(plan.wishes.interval))) return;
    Json after = ask(request);
    if (look > 1) request.out << '\n';
    for (const top::Line& line :
         top::draw(top::compare(before, after), plan.wishes, {request.screen.columns, 0}).lines)
      request.out << line.text << '\n';
    if (!request.out.flush()) return;
    before = std::move(after);
  }
}

/// The live screen.
class Live {
 public:
  Live(const Request& request, const top::Wishes& wishes)
      : request_(request), wishes_(wishes), latest_(ask(request)), model_(top::compare(Json(), latest_)) {}

  void run() {
    top::Terminal terminal;
    next_look_ = Clock::now() + kFirstInterval;
    for (top::Terminal::Heard heard; !heard.is_over;) {
      top::View view = top::draw(model_, wishes_, terminal.size());
      wishes_.first = view.first;
      terminal.draw(view.lines);
      heard = terminal.wait(std::chrono::ceil<std::chrono::milliseconds>(next_look_ - Clock::now()));
      for (const std::string& key : top::split_keys(heard.keys)) {
        if (!top::press(key, wishes_)) return;
      }
      if (Clock::now() >= next_look_) look();
    }
  }

 private:
  static constexpr std::chrono::seconds kFirstInterval{1};  // so that there are rates soon

  void look() {
    next_look_ = Clock::now() + std::chrono::seconds(wishes_.interval);
    if (wishes_.paused) return;
    try {
      Json now = ask(request_);
      model_ = top::compare(latest_, now);
      latest_ = std::move(now);
      wishes_.notice.clear();
    } catch (const NoDaemon&) {
      wishes_.notice = "turnoutd is gone: waiting for it";
    } catch (const Refused& refused) {
      wishes_.notice = std::string("refused: ") + refused.what();
    }
  }

  const Request& request_;
  top::Wishes wishes_;
  Json latest_;
  top::Model model_;
  Clock::time_point next_look_{};
};

void show_top(const Request& request) {
  using namespace std::chrono_literals;
  const Plan plan = plan_of(request);
  const bool is_live = plan.looks == 0 && !request.json;
  if (is_live && !top::has_terminal())
    throw UsageError("'top' needs a terminal; without one: --once, or --batch N");
  if (!request.pause(0s)) return;  // from now on Ctrl-C ends it well
  if (request.json) {
    request.print_json(ask(request));
  } else if (is_live) {
    Live(request, plan.wishes).run();
  } else {
    print_looks(request, plan);
  }
}

}  // namespace

Command top_command() {
  using Kind = CommandOption::Kind;
  return {"top",
          "",
          0,
          0,
          "a live screen: rates of services, servers, workers, drops",
          "stats.get",
          {{"interval", Kind::value, "SECONDS", "so long between looks (default 2, at most 3600)"},
           {"once", Kind::on_or_off, "", "no screen: one look as text, with the rates of one interval"},
           {"batch", Kind::value, "N", "no screen: N looks as text"}},
          "Keys: q quits, h lists them all. Needs a terminal, but for --once and --batch. Example:\n"
          "  turnoutctl top --batch 10 --interval 60 > rates.txt\n",
          show_top};
}

}  // namespace turnout::cli
