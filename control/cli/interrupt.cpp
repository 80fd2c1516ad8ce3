#include "control/cli/interrupt.h"

#include <sys/signalfd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

namespace turnout::cli {
namespace {

int held = -1;

}  // namespace

int hold_interrupts() {
  if (held >= 0) return held;
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  held = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
  if (held < 0) throw std::system_error(errno, std::generic_category(), "can't wait for Ctrl-C");
  return held;
}

int interrupts() {
  return held;
}

}  // namespace turnout::cli
