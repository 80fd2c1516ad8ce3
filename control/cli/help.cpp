#include "control/cli/help.h"

#include "control/cli/errors.h"
#include "control/cli/format.h"
#include "control/cli/options.h"
#include "control/cli/table.h"

namespace turnout::cli {
namespace {

/// Every line of `text` set in by two spaces.
std::string indented(const std::string& text) {
  std::string result;
  bool at_line_start = true;
  for (const char c : text) {
    if (at_line_start && c != '\n') result += "  ";
    result += c;
    at_line_start = c == '\n';
  }
  return result;
}

std::string synopsis(const Command& command) {
  return command.arguments.empty() ? command.name : command.name + ' ' + command.arguments;
}

std::string describe_options(const Command& command) {
  Table table({{""}, {""}});
  for (const CommandOption& option : command.options) {
    std::string name = std::string("--") + option.name;
    if (*option.value_name != '\0') name += std::string(" ") + option.value_name;
    table.add_row({name, option.help});
  }
  return table.to_string();
}

std::vector<const Command*> commands_beginning_with(const std::string& word) {
  std::vector<const Command*> found;
  for (const CommandGroup& group : command_groups()) {
    for (const Command& command : group.commands) {
      if (command.name.starts_with(word + ' ')) found.push_back(&command);
    }
  }
  return found;
}

}  // namespace

std::string general_help() {
  std::string text =
      "turnoutctl: look at and change a running turnoutd, the Direct Routing load balancer\n\n"
      "Usage: turnoutctl [--socket PATH] [--json] COMMAND …\n";
  for (const CommandGroup& group : command_groups()) {
    Table table({{""}, {""}});
    for (const Command& command : group.commands) table.add_row({synopsis(command), command.summary});
    text += '\n' + group.title + ":\n" + indented(table.to_string());
    text += "  For example:\n" + indented(indented(group.example));
  }
  text += '\n' + describe_global_options();
  text +=
      "\nipvsadm's grammar works as it is: turnoutctl -A -t 192.0.2.100:80 -s wrr, turnoutctl -Ln. See:\n"
      "turnout-ipvsadm -h\n"
      "\nturnoutctl help COMMAND tells a command's options, with an example.\n"
      "Exit code: 0 done, 1 refused by turnoutd, 2 wrong usage or file, 3 no turnoutd answers;\n"
      "of doctor also 4: it found what deserves a warning, 5: something critical; of import 4: it left "
      "something\n"
      "out.\n";
  return text;
}

std::string command_help(const Command& command) {
  std::string text = "turnoutctl " + synopsis(command) + (command.options.empty() ? "" : " [OPTIONS]") + '\n';
  text += indented(command.summary + '\n');
  if (!command.options.empty()) text += "\nOptions:\n" + indented(describe_options(command));
  text += '\n' + command.details;
  if (command.json_method.empty()) return text;
  text += "With --json: prints the result of " + command.json_method + ", on one line.\n";
  return text;
}

std::string help_on(const std::vector<std::string>& words) {
  if (words.empty() || words[0] == "help") return general_help();
  const std::vector<const Command*> family = commands_beginning_with(words[0]);
  if (words.size() > 1 || family.empty()) return command_help(find_command(words).command);
  std::string text;
  for (const Command* command : family) text.append(text.empty() ? "" : "\n").append(command_help(*command));
  return text;
}

std::string explain_unknown_command(const std::string& word) {
  if (word.starts_with('-')) {
    return "unknown option " + in_quotes(word) + " (a command's own options follow the command)";
  }
  std::string choices;
  for (const Command* command : commands_beginning_with(word)) {
    choices.append(choices.empty() ? "" : ", ").append(in_quotes(command->name));
  }
  if (!choices.empty()) return in_quotes(word) + " needs one more word: " + choices;
  return "no command " + in_quotes(word);
}

}  // namespace turnout::cli
