#include "control/cli/run.h"

#include <iterator>
#include <ostream>

#include "control/cli/completion/candidates.h"
#include "control/cli/errors.h"
#include "control/cli/help.h"
#include "control/cli/ipvsadm/entry.h"
#include "control/cli/options.h"
#include "control/cli/registry_json.h"

namespace turnout::cli {
namespace {

/// The reasons with their JSON pointers: data.errors if there are several, else data.pointer.
std::string describe_refusal(const Refused& refused) {
  const Json& data = member(refused.error, "data");
  const Json& errors = member(data, "errors");
  std::string result = refused.what();
  if (errors.is_array() && !errors.empty()) {
    for (const Json& error : errors) {
      const std::string pointer = text(error, "pointer");
      result += "\n  " + (pointer.empty() ? "the whole" : pointer) + ": " + text(error, "reason");
    }
    return result;
  }
  const std::string pointer = text(data, "pointer");
  if (pointer != "-" && !pointer.empty()) result += " (at " + pointer + ")";
  return result;
}

int run_command(const GlobalOptions& options, const Environment& environment, std::string& help_topic) {
  const FoundCommand found = find_command(options.words);
  help_topic = "help " + found.command.name;
  ExitCode exit_code = kDone;
  Request request{.arguments = {},
                  .options = {},
                  .json = options.json,
                  .socket = options.socket,
                  .call = connect_later(environment, options.socket),
                  .in = environment.in,
                  .out = environment.out,
                  .err = environment.err,
                  .screen = environment.screen,
                  .pause = environment.pause,
                  .exit_code = exit_code};
  const auto after_name = std::next(options.words.begin(), static_cast<std::ptrdiff_t>(found.name_words));
  read_command_words(found.command, {after_name, options.words.end()}, request);
  found.command.run(request);
  return exit_code;
}

/// Says nothing but candidates, whatever goes wrong: the user is typing.
void complete_words(const std::vector<std::string>& words, const std::string& socket,
                    const Environment& environment) {
  const std::string own = socket_in(words);
  const Call call = connect_later(environment, own.empty() ? socket : own);
  print_candidates(candidates_for(environment.program, words, call), environment.out);
}

int run_options(const GlobalOptions& options, const Environment& environment, std::string& help_topic) {
  const bool asks_help = !options.words.empty() && options.words[0] == "help";
  if (!options.words.empty() && options.words[0] == kCompleteWord) {
    complete_words({std::next(options.words.begin()), options.words.end()}, options.socket, environment);
    return kDone;
  }
  if (options.version) {
    environment.out << "turnoutctl " << environment.version << '\n';
    return kDone;
  }
  if (options.json && (options.help || asks_help)) {
    environment.out << dump(registry_json()) << '\n';
    return kDone;
  }
  if (options.help || asks_help) {
    const auto skip = asks_help ? 1 : 0;
    environment.out << help_on({std::next(options.words.begin(), skip), options.words.end()});
    return kDone;
  }
  return run_command(options, environment, help_topic);
}

}  // namespace

Call connect_later(const Environment& environment, const std::string& socket) {
  return [&environment, socket, call = Call()](const std::string& method, const Json& params) mutable {
    if (!call) call = environment.connect(socket);
    try {
      return call(method, params);
    } catch (const NoDaemon&) {
      call = nullptr;  // to be connected again
      throw;
    }
  };
}

int run(const std::vector<std::string>& arguments, const Environment& environment) {
  GlobalOptions options;
  std::string help_topic = "--help";
  const auto fail = [&](const std::string& message, ExitCode code) {
    environment.err << environment.program << ": " << message << '\n';
    return code;
  };
  try {
    if (const auto code = ipvsadm::run_if_grammar(arguments, environment)) return *code;
    options = parse_global_options(arguments, environment.socket);
    return run_options(options, environment, help_topic);
  } catch (const UsageError& error) {
    return fail(std::string(error.what()) + "\nSee: turnoutctl " + help_topic, kUsage);
  } catch (const InputError& error) {
    return fail(error.what(), kUsage);
  } catch (const NoDaemon& error) {
    return fail(error.what(), kNoDaemon);
  } catch (const Interrupted&) {
    return kDone;
  } catch (const Refused& refused) {
    if (!options.json) return fail("refused: " + describe_refusal(refused), kRefused);
    environment.err << dump(refused.error) << '\n';
    return kRefused;
  }
}

}  // namespace turnout::cli
