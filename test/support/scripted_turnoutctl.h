// turnoutctl with a daemon that answers each method as it is told to.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/cli/errors.h"
#include "test/support/cli_session.h"

namespace turnout::cli {

/// Answers from a script and remembers what it was asked.
class Turnoutctl {
 public:
  std::map<std::string, Json> answers;
  std::vector<std::pair<std::string, Json>> asked;
  std::string socket;
  std::string out;
  std::string err;

  int run(const std::vector<std::string>& words, const std::string& input = "",
          std::optional<std::string> environment_socket = std::nullopt) {
    const auto to = [this](const std::string& method, const Json& params) { return answer(method, params); };
    const CliRun done = run_cli(words, to,
                                {.input = input,
                                 .socket = std::move(environment_socket),
                                 .screen = {},
                                 .pause = {},
                                 .connected = [this](const std::string& path) { socket = path; }});
    out = done.out;
    err = done.err;
    return done.code;
  }

 private:
  Json answer(const std::string& method, const Json& params) {
    asked.emplace_back(method, params);
    const auto found = answers.find(method);
    if (found == answers.end()) throw NoDaemon("no daemon on /nowhere");
    if (found->second.is_object() && found->second.contains("error")) throw Refused(found->second["error"]);
    return found->second;
  }
};

}  // namespace turnout::cli
