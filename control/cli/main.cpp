// turnoutctl's entry: hands the process's surroundings to run() and writes what it says.
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <memory>
#include <sstream>
#include <string_view>

#include "control/cli/client.h"
#include "control/cli/errors.h"
#include "control/cli/run.h"

namespace {

using namespace turnout::cli;

Call connect(const std::string& socket) {
  const auto client = std::make_shared<RpcClient>(socket);
  return [client](const std::string& method, const Json& params) { return client->call(method, params); };
}

/// errno, or 0. A reader that has gone (`| head`) has all it wanted: no error.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR) {
      return errno == EPIPE ? 0 : errno;
    }
  }
  return 0;
}

int run_process(const std::vector<std::string>& arguments) {
  const char* socket = std::getenv("TURNOUT_SOCKET");
  std::ostringstream out;
  std::ostringstream err;
  const int code =
      run(arguments, {.version = TURNOUT_VERSION,
                      .socket = socket != nullptr ? std::optional<std::string>(socket) : std::nullopt,
                      .connect = connect,
                      .in = std::cin,
                      .out = out,
                      .err = err});
  const int failure = write_all(STDOUT_FILENO, out.view());
  if (failure != 0) err << "turnoutctl: can't write the output: " << std::strerror(failure) << '\n';
  write_all(STDERR_FILENO, err.view());
  return code == kDone && failure != 0 ? kRefused : code;
}

}  // namespace

int main(int argc, char** argv) try {
  std::signal(SIGPIPE, SIG_IGN);
  const int first = argc > 0 ? 1 : 0;
  return run_process({argv + first, argv + argc});
} catch (const std::exception& error) {
  std::cerr << "turnoutctl: " << error.what() << '\n';
  return kRefused;
}
