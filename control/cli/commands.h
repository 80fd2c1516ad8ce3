// The registry of commands: what each is called, takes, and does.
#pragma once

#include <boost/program_options/variables_map.hpp>
#include <chrono>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "control/cli/errors.h"
#include "control/cli/json.h"

namespace turnout::cli {

/// Asks the daemon: method and params to result. Throws Refused or NoDaemon.
using Call = std::function<Json(const std::string& method, const Json& params)>;

/// What the output goes to.
struct Screen {
  bool is_terminal = false;
  size_t columns = 100;        // as wide as text is made
  size_t table_columns = 100;  // as wide as a line of a table may be before the terminal breaks it
};

/// Waits. False if the user doesn't want to wait any longer: Ctrl-C.
using Pause = std::function<bool(std::chrono::seconds)>;

/// One run of a command.
struct Request {
  std::vector<std::string> arguments;             // without the command's name and options
  boost::program_options::variables_map options;  // the command's own
  bool json = false;
  std::string socket;
  Call call;
  std::istream& in;
  std::ostream& out;
  std::ostream& err;  // for what is said beside a result
  Screen screen;
  Pause pause;
  ExitCode& exit_code;  // of a command that is done; kDone unless it says otherwise

  std::optional<std::string> option(const std::string& name) const;
  std::vector<std::string> options_named(const std::string& name) const;  ///< of a repeatable option
  bool has_switch(const std::string& name) const;

  /// With --json: prints the result and says so; there is nothing more to print then.
  bool print_json(const Json& result) const;
};

struct CommandOption {
  enum class Kind { value, repeated, on_or_off };
  const char* name;
  Kind kind;
  const char* value_name;  // "" for an on-or-off option
  const char* help;
};

struct Command {
  std::string name;       // "service add"
  std::string arguments;  // "tcp VIP:PORT"
  size_t least_arguments;
  size_t most_arguments;
  std::string summary;
  std::string json_method;  // whose result --json prints; "": none, or --json changes nothing
  std::vector<CommandOption> options;
  std::string details;  // for its own help: what to know, and an example
  void (*run)(const Request&);
};

struct CommandGroup {
  std::string title;
  std::string example;
  std::vector<Command> commands;
};

CommandGroup show_commands();
CommandGroup change_commands();
CommandGroup operate_commands();
CommandGroup config_commands();
CommandGroup history_commands();
CommandGroup filter_commands();

const std::vector<CommandGroup>& command_groups();

/// The command that `words` begin with, and how many of them are its name. Throws UsageError that says what
/// is near.
struct FoundCommand {
  const Command& command;
  size_t name_words;
};
FoundCommand find_command(const std::vector<std::string>& words);

/// Sorts the words after the name into `request.arguments` and `request.options`, and counts them. Throws
/// UsageError.
void read_command_words(const Command& command, const std::vector<std::string>& words, Request& request);

}  // namespace turnout::cli
