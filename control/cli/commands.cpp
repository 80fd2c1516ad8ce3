#include "control/cli/commands.h"

#include <algorithm>
#include <boost/program_options.hpp>
#include <ostream>

#include "control/cli/completion/commands.h"
#include "control/cli/errors.h"
#include "control/cli/format.h"
#include "control/cli/help.h"
#include "control/cli/import/commands.h"

namespace turnout::cli {
namespace {

namespace po = boost::program_options;

const Command* find_by_name(const std::string& name) {
  for (const CommandGroup& group : command_groups()) {
    for (const Command& command : group.commands) {
      if (command.name == name) return &command;
    }
  }
  return nullptr;
}

po::options_description options_of(const Command& command) {
  po::options_description options;
  for (const CommandOption& option : command.options) {
    switch (option.kind) {
      case CommandOption::Kind::value:
        options.add_options()(option.name, po::value<std::string>());
        break;
      case CommandOption::Kind::repeated:
        options.add_options()(option.name, po::value<std::vector<std::string>>());
        break;
      case CommandOption::Kind::on_or_off:
        options.add_options()(option.name, po::bool_switch());
        break;
    }
  }
  return options;
}

void check_count(const Command& command, const std::vector<std::string>& arguments) {
  if (arguments.size() > command.most_arguments) {
    throw UsageError(in_quotes(command.name) + ": unexpected argument " +
                     in_quotes(arguments[command.most_arguments]));
  }
  if (arguments.size() < command.least_arguments) {
    throw UsageError(in_quotes(command.name) + " needs: " + command.arguments);
  }
}

}  // namespace

std::optional<std::string> Request::option(const std::string& name) const {
  if (options.count(name) == 0) return std::nullopt;
  return options[name].as<std::string>();
}

std::vector<std::string> Request::options_named(const std::string& name) const {
  if (options.count(name) == 0) return {};
  return options[name].as<std::vector<std::string>>();
}

bool Request::has_switch(const std::string& name) const {
  return options.count(name) != 0 && options[name].as<bool>();
}

bool Request::print_json(const Json& result) const {
  if (json) out << dump(result) << '\n';
  return json;
}

const std::vector<CommandGroup>& command_groups() {
  static const std::vector<CommandGroup> kGroups = {
      show_commands(),   change_commands(),  operate_commands(), filter_commands(),
      config_commands(), history_commands(), import_commands(),  completion_commands()};
  return kGroups;
}

FoundCommand find_command(const std::vector<std::string>& words) {
  if (words.empty()) throw UsageError("no command given");
  if (words.size() >= 2) {
    if (const Command* command = find_by_name(words[0] + ' ' + words[1])) return {*command, 2};
  }
  if (const Command* command = find_by_name(words[0])) return {*command, 1};
  throw UsageError(explain_unknown_command(words[0]));
}

void read_command_words(const Command& command, const std::vector<std::string>& words, Request& request) try {
  constexpr int kStyle = po::command_line_style::allow_long | po::command_line_style::long_allow_adjacent |
                         po::command_line_style::long_allow_next;
  const po::options_description options = options_of(command);
  const po::parsed_options parsed = po::command_line_parser(words).options(options).style(kStyle).run();
  po::store(parsed, request.options);
  request.arguments = po::collect_unrecognized(parsed.options, po::include_positional);
  check_count(command, request.arguments);
} catch (const po::error& error) {
  throw UsageError(in_quotes(command.name) + ": " + error.what());
}

}  // namespace turnout::cli
