// turnoutctl's entry: hands the process's surroundings to run().
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>

#include "control/cli/client.h"
#include "control/cli/completion/candidates.h"
#include "control/cli/errors.h"
#include "control/cli/interrupt.h"
#include "control/cli/output.h"
#include "control/cli/run.h"

namespace {

using namespace turnout::cli;

constexpr std::chrono::seconds kPatience{30};
constexpr size_t kLeastColumns = 40;
constexpr size_t kMostColumns = 100;  // longer lines are hard to read

constexpr std::chrono::milliseconds kPatienceOfTab{500};  // somebody is typing

Call connect(const std::string& socket, std::chrono::milliseconds timeout) {
  const auto client = std::make_shared<RpcClient>(socket, timeout, interrupts());
  return [client](const std::string& method, const Json& params) { return client->call(method, params); };
}

Screen screen_of(int fd) {
  Screen screen{.is_terminal = isatty(fd) == 1, .columns = kMostColumns, .table_columns = kMostColumns};
  winsize size{};
  if (screen.is_terminal && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    screen.columns = std::clamp<size_t>(size.ws_col, kLeastColumns, kMostColumns);
    screen.table_columns = size.ws_col;
  }
  return screen;
}

/// From the first pause on, Ctrl-C ends pauses and calls instead of the process.
bool pause_for(std::chrono::seconds time) {
  pollfd interrupt{hold_interrupts(), POLLIN, 0};
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  return poll(&interrupt, 1, static_cast<int>(milliseconds)) == 0;
}

int run_process(const std::string& program, const std::vector<std::string>& arguments) {
  const char* socket = std::getenv("TURNOUT_SOCKET");
  Output out(STDOUT_FILENO);
  Output err(STDERR_FILENO);
  const bool is_tab = !arguments.empty() && arguments[0] == kCompleteWord;
  const auto timeout = is_tab ? kPatienceOfTab : kPatience;
  const int code =
      run(arguments, {.program = program,
                      .version = TURNOUT_VERSION,
                      .socket = socket != nullptr ? std::optional<std::string>(socket) : std::nullopt,
                      .connect = [timeout](const std::string& path) { return connect(path, timeout); },
                      .in = std::cin,
                      .out = out,
                      .err = err,
                      .screen = screen_of(STDOUT_FILENO),
                      .pause = pause_for});
  out.flush();
  if (out.failure() != 0)
    err << "turnoutctl: can't write the output: " << std::strerror(out.failure()) << '\n';
  err.flush();
  return code == kDone && out.failure() != 0 ? kRefused : code;
}

}  // namespace

int main(int argc, char** argv) try {
  std::signal(SIGPIPE, SIG_IGN);
  const int first = argc > 0 ? 1 : 0;
  const std::string program = argc > 0 ? std::filesystem::path(argv[0]).filename().string() : "turnoutctl";
  return run_process(program, {argv + first, argv + argc});
} catch (const std::exception& error) {
  std::cerr << "turnoutctl: " << error.what() << '\n';
  return kRefused;
}
