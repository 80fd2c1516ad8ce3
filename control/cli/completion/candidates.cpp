#include "control/cli/completion/candidates.h"

#include <algorithm>
#include <ostream>
#include <set>
#include <sstream>

#include "control/cli/completion/ipvsadm_line.h"
#include "control/cli/completion/names.h"
#include "control/cli/completion/placeholders.h"
#include "control/cli/options.h"

namespace turnout::cli {
namespace {

std::vector<std::string> split(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

bool begins_with(const std::vector<std::string>& words, const std::vector<std::string>& start) {
  return words.size() >= start.size() && std::equal(start.begin(), start.end(), words.begin());
}

/// The words before the cursor, without the options of every command. `pending`: the one whose value is next.
struct Line {
  std::vector<std::string> words;
  std::string pending;
};

Line read_line(const std::vector<std::string>& before) {
  Line line;
  for (const std::string& word : before) {
    const bool is_value = !line.pending.empty();
    line.pending.clear();
    if (is_value) continue;
    const auto options = list_global_options();
    const auto option = std::ranges::find_if(options, [&](const GlobalOption& each) {
      return word == "--" + each.name || word.starts_with("--" + each.name + "=");
    });
    if (option == options.end()) {
      line.words.push_back(word);
    } else if (!option->value_name.empty() && word.find('=') == std::string::npos) {
      line.pending = option->value_name;
    }
  }
  return line;
}

void add_global_options(std::vector<Candidate>& list) {
  for (const GlobalOption& option : list_global_options()) list.push_back({"--" + option.name, option.help});
}

/// The words that commands beginning with `start` go on with.
void add_command_words(const std::vector<std::string>& start, std::vector<Candidate>& list) {
  std::set<std::string> seen;
  for (const CommandGroup& group : command_groups()) {
    for (const Command& command : group.commands) {
      const std::vector<std::string> name = split(command.name);
      if (name.size() <= start.size() || !begins_with(name, start) || !seen.insert(name[start.size()]).second)
        continue;
      const bool is_whole = name.size() == start.size() + 1;
      list.push_back({name[start.size()], is_whole ? command.summary : group.title});
    }
  }
}

const Command* find_whole(const std::vector<std::string>& words, size_t& length) {
  const Command* found = nullptr;
  for (const CommandGroup& group : command_groups()) {
    for (const Command& command : group.commands) {
      const std::vector<std::string> name = split(command.name);
      if (!begins_with(words, name) || (found != nullptr && name.size() < length)) continue;
      found = &command;
      length = name.size();
    }
  }
  return found;
}

const CommandOption* find_option(const Command& command, const std::string& word) {
  const auto found = std::ranges::find_if(
      command.options, [&](const CommandOption& option) { return word == std::string("--") + option.name; });
  return found == command.options.end() ? nullptr : &*found;
}

/// What a command was given so far.
class CommandLine {
 public:
  CommandLine(const Command& command, const std::vector<std::string>& words) : command_(command) {
    for (const std::string& word : words) {
      if (pending_ != nullptr) {
        pending_ = nullptr;
      } else if (word.starts_with("--")) {
        read_option(word);
      } else if (word != "ipv6" || arguments_.size() < 2 || arguments_[arguments_.size() - 2] != "group") {
        arguments_.push_back(word);  // the family of a group is part of its name: "group web ipv6"
      }
    }
  }

  Candidates complete(const std::string& current, const DaemonNames& names) const {
    if (pending_ != nullptr) return candidates_at({pending_->value_name, pending_->name, arguments_}, names);
    const size_t equals = current.find('=');
    if (current.starts_with("--") && equals != std::string::npos)
      return complete_value(current.substr(0, equals), names);
    Candidates result;
    const std::vector<std::string> places = split(command_.arguments);
    if (!current.starts_with('-') && arguments_.size() < places.size())
      result = candidates_at({places[arguments_.size()], command_.name, arguments_}, names);
    if (current.starts_with('-') || arguments_.size() >= command_.least_arguments) add_options(result.list);
    if (current.starts_with('-')) add_global_options(result.list);
    return result;
  }

 private:
  void read_option(const std::string& word) {
    used_.insert(word.substr(0, word.find('=')));
    const CommandOption* option = find_option(command_, word);
    if (option != nullptr && option->kind != CommandOption::Kind::on_or_off) pending_ = option;
  }

  /// "--scheduler=w" is completed as a whole word.
  Candidates complete_value(const std::string& option_word, const DaemonNames& names) const {
    const CommandOption* option = find_option(command_, option_word);
    if (option == nullptr) return {};
    Candidates result = candidates_at({option->value_name, option->name, arguments_}, names);
    for (Candidate& each : result.list) each.text.insert(0, option_word + "=");
    return result;
  }

  void add_options(std::vector<Candidate>& list) const {
    for (const CommandOption& option : command_.options) {
      const std::string word = std::string("--") + option.name;
      const bool is_done = option.kind != CommandOption::Kind::repeated && used_.contains(word);
      if (!is_done) list.push_back({word, option.help});
    }
  }

  const Command& command_;
  std::vector<std::string> arguments_;
  std::set<std::string> used_;              // options
  const CommandOption* pending_ = nullptr;  // whose value is next
};

Candidates complete_line(const Line& line, const std::string& current, const DaemonNames& names) {
  if (!line.pending.empty()) return candidates_at({line.pending, "", {}}, names);
  const bool asks_help = !line.words.empty() && line.words[0] == "help";
  const std::vector<std::string> words(line.words.begin() + (asks_help ? 1 : 0), line.words.end());
  if (!words.empty() && words[0].starts_with('-')) return {ipvsadm_candidates(words, current, names), false};

  Candidates result;
  size_t length = 0;
  const Command* const command = asks_help ? nullptr : find_whole(words, length);
  if (command != nullptr)
    result = CommandLine(*command, {words.begin() + static_cast<std::ptrdiff_t>(length), words.end()})
                 .complete(current, names);
  add_command_words(words, result.list);
  if (words.empty() && !asks_help) result.list.push_back({"help", "what a command does"});
  if (words.empty() && current.starts_with('-')) add_global_options(result.list);
  return result;
}

}  // namespace

Candidates candidates_for(const std::string& program, const std::vector<std::string>& words,
                          const Call& call) {
  if (words.empty() || program == "turnout-ipvsadm-restore") return {};  // that one takes no words
  const std::string& current = words.back();
  const DaemonNames names(call);
  Line line = read_line({words.begin(), words.end() - 1});
  if (program == "turnout-ipvsadm-save") line.words.insert(line.words.begin(), "-S");
  const bool is_ipvsadm = program.starts_with("turnout-ipvsadm") && line.pending.empty();
  Candidates result = is_ipvsadm ? Candidates{ipvsadm_candidates(line.words, current, names), false}
                                 : complete_line(line, current, names);
  std::erase_if(result.list, [&](const Candidate& each) { return !each.text.starts_with(current); });
  return result;
}

std::string socket_in(const std::vector<std::string>& words) {
  constexpr std::string_view kOption = "--socket=";
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--socket" && i + 1 < words.size()) return words[i + 1];
    if (words[i].starts_with(kOption)) return words[i].substr(kOption.size());
  }
  return "";
}

void print_candidates(const Candidates& candidates, std::ostream& out) {
  for (const Candidate& each : candidates.list) out << each.text << '\t' << each.note << '\n';
  if (candidates.files) out << ":files\n";
}

}  // namespace turnout::cli
