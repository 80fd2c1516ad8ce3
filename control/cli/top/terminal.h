// The user's terminal, taken over for a screen that is drawn anew again and again, and given back as it was.
#pragma once

#include <termios.h>

#include <chrono>
#include <string>
#include <vector>

#include "control/cli/top/view.h"

namespace turnout::cli::top {

/// Is there one on stdin and stdout that understands cursor movements?
bool has_terminal();

/// Single characters without echo, and the alternate screen (xterm's private modes, ECMA-48 for the rest).
/// Signals that would end or stop the process are held from now on and found by wait(), so that whatever ends
/// it, the destructor gives the terminal back. There is one at a time.
class Terminal {
 public:
  Terminal();  ///< Throws std::system_error.
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  Size size() const;
  void draw(const std::vector<Line>& lines) const;

  struct Heard {
    std::string keys;      // bytes as they came
    bool is_over = false;  // a signal to end, or the terminal is gone
  };
  /// Returns when something was heard, another size of the terminal included, or the time is over.
  Heard wait(std::chrono::milliseconds time);

 private:
  void take() const;
  void give_back() const;
  void hear_signals(Heard& heard);
  void stop() const;

  termios before_{};
  int interrupts_;
  int signals_;
};

}  // namespace turnout::cli::top
