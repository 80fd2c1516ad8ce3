// One run of turnoutctl without a daemon: whoever tests it gives the answers.
#pragma once

#include <functional>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "control/cli/run.h"

namespace turnout::cli {

/// What it printed, and its exit code.
struct CliRun {
  int code = 0;
  std::string out;
  std::string err;
};

/// What is around it; by default nothing.
struct CliSurroundings {
  std::string input;
  std::optional<std::string> socket;  // TURNOUT_SOCKET
  Screen screen;
  Pause pause;
  std::function<void(const std::string& socket)> connected;  // is told where to
};

inline const std::string kCliVersion = "1.2.3";

/// `answer`: of each request.
inline CliRun run_cli(const std::vector<std::string>& words, const Call& answer,
                      const CliSurroundings& around = {}) {
  std::istringstream in(around.input);
  std::ostringstream out, err;
  const auto connect = [&](const std::string& socket) {
    if (around.connected) around.connected(socket);
    return answer;
  };
  const int code = run(words, {.version = kCliVersion,
                               .socket = around.socket,
                               .connect = connect,
                               .in = in,
                               .out = out,
                               .err = err,
                               .screen = around.screen,
                               .pause = around.pause});
  return {code, out.str(), err.str()};
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace turnout::cli
