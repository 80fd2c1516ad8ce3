#include "control/cli/help.h"

#include <array>

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

struct IpvsadmFlag {
  char letter;
  const char* long_name;
  const char* instead;
};

constexpr std::array<IpvsadmFlag, 15> kIpvsadmFlags = {{
    {'A', "--add-service", "service add tcp VIP:PORT"},
    {'E', "--edit-service", "service edit tcp VIP:PORT"},
    {'D', "--delete-service", "service delete tcp VIP:PORT"},
    {'a', "--add-server", "server add tcp VIP:PORT ADDR"},
    {'e', "--edit-server", "server edit tcp VIP:PORT ADDR"},
    {'d', "--delete-server", "server delete tcp VIP:PORT ADDR"},
    {'C', "--clear", "apply FILE"},
    {'R', "--restore", "apply FILE"},
    {'S', "--save", "save"},
    {'L', "--list", "servers', 'turnoutctl services' or 'turnoutctl connections"},
    {'l', "", "servers', 'turnoutctl services' or 'turnoutctl connections"},
    {'Z', "--zero", "stats"},
    {'t', "--tcp-service", "service add tcp VIP:PORT"},
    {'u', "--udp-service", "service add udp VIP:PORT"},
    {'r', "--real-server", "server add tcp VIP:PORT ADDR"},
}};

const IpvsadmFlag* find_ipvsadm_flag(const std::string& word) {
  const bool is_short = word.size() >= 2 && word[0] == '-' && word[1] != '-';
  for (const IpvsadmFlag& flag : kIpvsadmFlags) {
    if (is_short ? word[1] == flag.letter : word == flag.long_name) return &flag;
  }
  return nullptr;
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
      "\nturnoutctl help COMMAND tells a command's options, with an example.\n"
      "Exit code: 0 done, 1 refused by turnoutd, 2 wrong usage or file, 3 no turnoutd answers;\n"
      "of doctor also 4: it found what deserves a warning, 5: something critical.\n";
  return text;
}

std::string command_help(const Command& command) {
  std::string text = "turnoutctl " + synopsis(command) + (command.options.empty() ? "" : " [OPTIONS]") + '\n';
  text += indented(command.summary + '\n');
  if (!command.options.empty()) text += "\nOptions:\n" + indented(describe_options(command));
  text += '\n' + command.details;
  if (!command.json_method.empty())
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
  if (const IpvsadmFlag* flag = find_ipvsadm_flag(word)) {
    return in_quotes(word) + ": ipvsadm's grammar is not built yet; use 'turnoutctl " + flag->instead + "'";
  }
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
