#include "control/cli/top/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include "control/cli/interrupt.h"

namespace turnout::cli::top {

using namespace std::chrono_literals;

namespace {

// Alternate screen, no cursor, no wrapping at the right edge; and the reverse.
constexpr std::string_view kTake = "\x1b[?1049h\x1b[?25l\x1b[?7l";
constexpr std::string_view kGiveBack = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";
constexpr std::string_view kHome = "\x1b[H";
constexpr std::string_view kEndOfLine = "\x1b[0m\x1b[K";  // nothing of the last drawing stays behind
constexpr std::string_view kEndOfScreen = "\x1b[J";

/// A terminal that is gone is noticed by wait().
void write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno != EINTR) return;
    if (written > 0) text.remove_prefix(static_cast<size_t>(written));
  }
}

std::string_view style_code(Style style) {
  switch (style) {
    case Style::bold:
      return "\x1b[1m";
    case Style::title:
      return "\x1b[7m";
    case Style::plain:
      break;
  }
  return "";
}

/// Besides those of hold_interrupts().
int hold_signals() {
  sigset_t held;
  sigemptyset(&held);
  for (const int signal : {SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH}) sigaddset(&held, signal);
  sigprocmask(SIG_BLOCK, &held, nullptr);
  const int descriptor = signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), "can't wait for signals");
  return descriptor;
}

}  // namespace

bool has_terminal() {
  const char* kind = std::getenv("TERM");
  const bool is_able = kind != nullptr && *kind != '\0' && std::string_view(kind) != "dumb";
  return is_able && isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
}

Terminal::Terminal() : interrupts_(hold_interrupts()), signals_(hold_signals()) {
  if (tcgetattr(STDIN_FILENO, &before_) != 0)
    throw std::system_error(errno, std::generic_category(), "can't set up the terminal");
  take();
}

Terminal::~Terminal() {
  give_back();
  ::close(signals_);
}

void Terminal::take() const {
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  write_all(kTake);
}

void Terminal::give_back() const {
  write_all(kGiveBack);
  tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

Size Terminal::size() const {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {80, 24};
  return {size.ws_col, size.ws_row};
}

void Terminal::draw(const std::vector<Line>& lines) const {
  std::string screen(kHome);
  for (const Line& line : lines) {
    if (&line != &lines.front()) screen += "\r\n";
    screen.append(style_code(line.style)).append(line.text).append(kEndOfLine);
  }
  write_all(screen.append(kEndOfScreen));
}

Terminal::Heard Terminal::wait(std::chrono::milliseconds time) {
  Heard heard;
  std::array<pollfd, 3> sources{{{STDIN_FILENO, POLLIN, 0}, {interrupts_, POLLIN, 0}, {signals_, POLLIN, 0}}};
  if (poll(sources.data(), sources.size(), static_cast<int>(std::max(time, 0ms).count())) <= 0) return heard;
  if (sources[1].revents != 0) heard.is_over = true;
  if (sources[2].revents != 0) hear_signals(heard);
  if (sources[0].revents == 0) return heard;
  std::array<char, 256> bytes{};
  const ssize_t got = ::read(STDIN_FILENO, bytes.data(), bytes.size());
  if (got > 0) heard.keys.assign(bytes.data(), static_cast<size_t>(got));
  if (got == 0 || (got < 0 && errno != EINTR)) heard.is_over = true;
  return heard;
}

void Terminal::hear_signals(Heard& heard) {
  signalfd_siginfo signal{};
  while (::read(signals_, &signal, sizeof signal) == sizeof signal) {
    if (signal.ssi_signo == SIGHUP || signal.ssi_signo == SIGQUIT) heard.is_over = true;
    if (signal.ssi_signo == SIGTSTP) stop();
  }
}

/// Ctrl-Z: the shell gets its terminal, and this goes on where the shell lets it.
void Terminal::stop() const {
  give_back();
  std::raise(SIGSTOP);
  take();
}

}  // namespace turnout::cli::top
