#include "control/cli/waiting.h"

#include <algorithm>
#include <ostream>

#include "control/cli/arguments.h"
#include "control/cli/errors.h"
#include "control/cli/format.h"

namespace turnout::cli {
namespace {

using namespace std::chrono_literals;

constexpr const char* kLineAnew = "\r\x1b[K";  // to its first column, and nothing behind (ECMA-48 8.3.41)
constexpr size_t kLooksBetweenLines = 10;      // of a log that nobody reads as it grows

class Progress {
 public:
  explicit Progress(const Request& request) : request_(request) {}

  void show(const Look& look, std::chrono::seconds waited) {
    const bool is_due = look.done || looks_++ % kLooksBetweenLines == 0;
    if (request_.json) {
      if (look.json != last_.json) request_.out << dump(look.json) << '\n';
    } else if (request_.screen.is_terminal) {
      std::string line = look.line + "; " + format_duration(static_cast<uint64_t>(waited.count()));
      if (line.size() >= request_.screen.columns) line.resize(request_.screen.columns - 1);
      request_.out << kLineAnew << line;
      open_ = true;
    } else if (is_due && look.line != last_.line) {
      request_.out << look.line << '\n';
    }
    request_.out.flush();
    if (is_due || request_.json) last_ = look;
  }
  void end() {
    if (open_) request_.out << '\n';
  }

 private:
  const Request& request_;
  Look last_;
  size_t looks_ = 0;
  bool open_ = false;  // the terminal's line
};

}  // namespace

Waited wait_until(const Request& request, std::optional<std::chrono::seconds> deadline,
                  const std::function<Look()>& look) {
  const auto start = std::chrono::steady_clock::now();
  Progress progress(request);
  Waited result = Waited::done;
  if (!request.pause(0s))
    return Waited::interrupted;  // before anything is seen: from here on Ctrl-C ends it well
  for (std::chrono::seconds paused{0};; paused += 1s) {
    // A look takes its time, too: all of it counts.
    const auto passed =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - start);
    const std::chrono::seconds waited = std::max(paused, passed);
    const Look seen = look();
    progress.show(seen, waited);
    if (seen.done) break;
    if (deadline && waited >= *deadline) {
      result = Waited::too_long;
      break;
    }
    if (!request.out || !request.pause(1s)) {
      result = Waited::interrupted;
      break;
    }
  }
  progress.end();
  return result;
}

std::optional<std::chrono::seconds> deadline_of(const Request& request,
                                                std::optional<std::chrono::seconds> otherwise) {
  const auto given = request.option("deadline");
  return given ? parse_duration("--deadline", *given) : otherwise;
}

const CommandOption kDeadline = {"deadline", CommandOption::Kind::value, "T",
                                 "wait no longer: seconds, or 90s, 5m, 2h"};

}  // namespace turnout::cli
