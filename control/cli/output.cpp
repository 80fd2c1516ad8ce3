#include "control/cli/output.h"

#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace turnout::cli {

int Output::sync() {
  std::string_view rest = std::stringbuf::view();
  int error = 0;
  while (!rest.empty() && error == 0) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  std::stringbuf::str("");
  if (error != 0 && error != EPIPE) failure_ = error;
  return error == 0 ? 0 : -1;
}

}  // namespace turnout::cli
