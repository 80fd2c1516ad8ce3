// A stream into a file descriptor that says why it failed.
#pragma once

#include <ostream>
#include <sstream>

namespace turnout::cli {

/// Keeps what it is given until it is flushed. A reader that has gone (`| head`) has all it wanted: that is
/// no failure, but the stream takes no more.
class Output : private std::stringbuf, public std::ostream {
 public:
  explicit Output(int fd) : std::stringbuf(std::ios_base::out), std::ostream(this), fd_(fd) {}

  int failure() const { return failure_; }  ///< errno, 0 if there was none

 private:
  int sync() override;

  int fd_;
  int failure_ = 0;
};

}  // namespace turnout::cli
