// -R: every line, or none.
#include <ostream>

#include "control/cli/ipvsadm/parser.h"
#include "control/cli/ipvsadm/rules.h"
#include "control/cli/ipvsadm/session.h"

namespace turnout::cli::ipvsadm {
namespace {

struct Rule {
  size_t line;  // counted from 1; 0: the clearing that comes first
  Action action;
  Operation operation;
};

Rule parse_rule(const RuleLine& line, const Session& session) {
  const Command command = parse_command(line.words, session.names, session.program);
  if (!is_change(command.action))
    throw GrammarError("'" + line.words.front() + "' changes no rule, so that it has no place among them");
  return {line.number, command.action, operation_of(command)};
}

/// All rules; says what is wrong of every line that can't be one, and gives none then.
std::vector<Rule> parse_rules(const Session& session, bool& all_good) {
  std::vector<Rule> rules;
  for (const RuleLine& line : read_rules(session.in)) {
    try {
      rules.push_back(parse_rule(line, session));
    } catch (const GrammarError& error) {
      session.err << "line " << line.number << ": " << error.what() << '\n';
      all_good = false;
    }
  }
  return rules;
}

Json batch_of(const std::vector<Rule>& rules) {
  Json operations = Json::array();
  for (const Rule& rule : rules)
    operations.push_back({{"method", rule.operation.method}, {"params", rule.operation.params}});
  return {{"operations", operations}};
}

/// Which line the daemon refused.
std::string describe(const std::vector<Rule>& rules, const Refused& refused) {
  const Json& index = member(member(refused.error, "data"), "operation");
  const size_t i = index.is_number_unsigned() ? index.get<size_t>() : rules.size();
  if (i >= rules.size()) return explain(Action::restore, refused);
  const std::string reason = explain(rules[i].action, refused);
  return rules[i].line == 0 ? reason : "line " + std::to_string(rules[i].line) + ": " + reason;
}

}  // namespace

ExitCode restore(const Session& session, bool clear_first) {
  bool all_good = true;
  std::vector<Rule> rules = parse_rules(session, all_good);
  if (!all_good) {
    session.err << "Nothing was changed.\n";
    return kUsage;
  }
  if (clear_first) rules.insert(rules.begin(), {0, Action::clear, {"service.clear", Json::object()}});
  if (rules.empty()) return kDone;
  try {
    const Json result = session.call("config.batch", batch_of(rules));
    if (session.json) session.out << dump(result) << '\n';
    return kDone;
  } catch (const Refused& refused) {
    session.err << (session.json ? dump(refused.error) : describe(rules, refused) + "\nNothing was changed.")
                << '\n';
    return kRefused;
  }
}

}  // namespace turnout::cli::ipvsadm
