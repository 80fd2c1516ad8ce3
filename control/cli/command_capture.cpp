// `capture`: the daemon copies packets, and this writes them, with its user's own rights.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/archive/iterators/binary_from_base64.hpp>
#include <boost/archive/iterators/transform_width.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <iterator>
#include <ostream>
#include <string>
#include <utility>

#include "control/cli/capture_options.h"
#include "control/cli/format.h"
#include "control/cli/status.h"

namespace turnout::cli {
namespace {

using namespace std::chrono_literals;

constexpr double kWait = 0.25;       // seconds that packets are waited for, before Ctrl-C is looked for again
constexpr double kLastWait = 5;      // the daemon ends it sooner
constexpr mode_t kOwnerOnly = 0600;  // packets are what clients said

std::string from_base64(std::string_view text) {
  using namespace boost::archive::iterators;
  using Octets = transform_width<binary_from_base64<const char*>, 8, 6>;
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string octets;
  octets.reserve(text.size());
  std::copy(Octets(text.data()), Octets(text.data() + text.size()),
            std::back_inserter(octets));  // in one pass
  return octets;
}

/// Where the packets go.
class Target {
 public:
  explicit Target(const Request& request) : request_(request), name_(request.arguments[0]) {
    if (!is_stdout()) return;
    if (request.json) throw UsageError("'capture -': the packets go where --json would; give a FILE");
    if (request.screen.is_terminal)
      throw UsageError(
          "'capture -': packets are not for a terminal; give a FILE, or pipe them: "
          "turnoutctl capture - | tshark -r -");
  }
  ~Target() {
    if (fd_ >= 0) close(fd_);
  }
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  void open_file() {
    if (is_stdout()) return;
    fd_ = open(name_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kOwnerOnly);
    if (fd_ < 0) fail();
  }

  /// False if whoever reads it has had enough.
  bool write(const std::string& data) {
    if (is_stdout())
      return static_cast<bool>(
          request_.out.write(data.data(), static_cast<std::streamsize>(data.size())).flush());
    for (size_t at = 0; at < data.size();) {
      const ssize_t count = ::write(fd_, data.data() + at, data.size() - at);
      if (count < 0 && errno != EINTR) fail();
      if (count > 0) at += static_cast<size_t>(count);
    }
    return true;
  }

  std::string name() const { return is_stdout() ? "the output" : name_; }

 private:
  bool is_stdout() const { return name_ == "-"; }
  [[noreturn]] void fail() const {
    throw InputError("can't write " + in_quotes(name_) + ": " + std::strerror(errno));
  }

  const Request& request_;
  const std::string name_;
  int fd_ = -1;
};

class Capturing {
 public:
  explicit Capturing(const Request& request) : request_(request), target_(request) {}

  void run() {
    const Json params = capture_params(request_);
    // Connected before Ctrl-C is held back, so that it is seen between calls and breaks none of them off:
    // what was captured is still to be fetched then.
    request_.call("capture.list", Json::object());
    bool is_wanted = request_.pause(0s);
    const Json started = request_.call("capture.start", params);
    number_ = member(started, "capture");
    target_.open_file();
    if (!request_.json)
      request_.err << "Capturing " << text(started, "filter") << ", for " << text(started, "seconds")
                   << " s at most; Ctrl-C ends it.\n"
                   << std::flush;
    for (Json part; next(part, is_wanted);) is_wanted = is_wanted && request_.pause(0s);
  }

 private:
  /// False if there is no more.
  bool next(Json& part, bool is_wanted) {
    if (!is_wanted && !std::exchange(is_stopping_, true))
      request_.call("capture.stop", {{"capture", number_}});
    part = read();
    const Json& data = member(part, "data");
    if (data.is_string() && !target_.write(from_base64(data.get_ref<const std::string&>()))) return false;
    if (!is_true(part, "over")) return true;
    say_end(part);
    return false;
  }

  Json read() {
    try {
      return request_.call("capture.read",
                           {{"capture", number_}, {"wait", is_stopping_ ? kLastWait : kWait}});
    } catch (const NoDaemon&) {
      request_.err << "turnoutctl: turnoutd is gone; what was captured until then is in " << target_.name()
                   << '\n';
      throw;
    }
  }

  void say_end(const Json& part) const {
    if (text(part, "ended") == "failed") {
      request_.err << "turnoutctl: the capture broke off: " << text(part, "reason") << '\n';
      request_.exit_code = kRefused;
      return;
    }
    if (request_.json) {
      Json counts = part;
      counts.erase("data");
      counts.erase("over");
      request_.print_json(counts);
      return;
    }
    request_.err << text(part, "captured") << " packets captured in " << target_.name() << " ("
                 << text(part, "bytes") << " octets), of " << text(part, "matched") << " that matched; "
                 << text(part, "missed") << " missed. It ended as " << text(part, "reason") << ".\n";
    if (number(part, "missed") > 0)
      request_.err
          << "Missed are those that there was no room for: a narrower --filter, a shorter --snaplen or a "
             "faster disk helps.\n";
  }

  const Request& request_;
  Target target_;
  Json number_;
  bool is_stopping_ = false;
};

void capture(const Request& request) {
  Capturing(request).run();
}

}  // namespace

Command capture_command() {
  using Kind = CommandOption::Kind;
  return {
      "capture",
      "FILE",
      1,
      1,
      "packets, and what became of each, into a file for Wireshark",
      "capture.read, the last: its counts",
      {{"filter", Kind::repeated, "FILTER",
        "'service=tcp/VIP:PORT server=ADDR client=PREFIX drop=REASON fate=FATE', or some of them; each may "
        "also be "
        "an option of its own, and be given several times"},
       {"service", Kind::repeated, "tcp/VIP:PORT", "for this service only (group/NAME for a group)"},
       {"server", Kind::repeated, "ADDR", "to this real server only"},
       {"client", Kind::repeated, "PREFIX", "of this client only, or of those with this prefix"},
       {"drop-reason", Kind::repeated, "REASON", "dropped for this reason only"},
       {"fate", Kind::repeated, "transmitted|punted|dropped|originated",
        "what became of it; originated: the director's own frames"},
       {"seconds", Kind::value, "DURATION", "end after this time (default: 60)"},
       {"size", Kind::value, "N[k|M|G]", "end before the file is longer (default: 100M)"},
       {"packets", Kind::value, "N", "end after so many (default: 1000000)"},
       {"snaplen", Kind::value, "N", "of a frame at most so many octets (default: all of it)"}},
      "FILE is pcapng; - writes it to the output. A forwarded packet is shown as it left, any other as it\n"
      "came; its comment says what became of it and why. Packets are never held up for a capture: those\n"
      "that there was no room for are counted as missed. It ends with turnoutctl. Examples:\n"
      "  turnoutctl capture drops.pcapng --fate dropped --seconds 5m\n"
      "  turnoutctl capture - --filter 'client=198.51.100.7 service=tcp/192.0.2.100:80' | tshark -r -\n",
      capture};
}

}  // namespace turnout::cli
