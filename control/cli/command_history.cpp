// Who changed what and when, and the way back.
#include <limits>
#include <ostream>

#include "control/cli/arguments.h"
#include "control/cli/change.h"
#include "control/cli/commands.h"

namespace turnout::cli {
namespace {

/// "by root with turnoutctl[1234]"; "" if nobody is named.
std::string author(const Json& entry) {
  const Json& who = member(entry, "who");
  if (!who.is_object()) return "";
  std::string name = text(who, "user");
  if (name == "-") name = "user " + text(who, "uid");
  std::string line = " by " + name;
  if (member(who, "program").is_string()) line += " with " + text(who, "program");
  if (member(who, "pid").is_number()) line += "[" + text(who, "pid") + "]";
  return line;
}

/// ISO 8601 as people write it: "2026-01-31 12:00:00 UTC".
std::string readable_time(std::string time) {
  if (const size_t t = time.find('T'); t != std::string::npos) time[t] = ' ';
  if (time.ends_with('Z')) time.replace(time.size() - 1, 1, " UTC");
  return time;
}

void show_history(const Request& request) {
  const Json history = request.call("config.history", Json::object());
  if (request.print_json(history)) return;
  for (const Json& entry : history) {
    request.out << "generation " << text(entry, "generation") << "  " << readable_time(text(entry, "time"))
                << "  " << text(entry, "how");
    if (entry.contains("restored")) request.out << " to " << text(entry, "restored");
    request.out << author(entry) << '\n';
    for (const Json& change : member(entry, "changes")) request.out << "  " << text(change) << '\n';
    if (!is_true(entry, "config_known")) request.out << "  (can't be gone back to: too large to be kept)\n";
  }
}

void roll_back(const Request& request) {
  const bool dry_run = request.has_switch("dry-run");
  const uint64_t generation =
      parse_number("the generation", request.arguments[0], 1, std::numeric_limits<uint64_t>::max());
  const Json params = {{"generation", generation}, {"dry_run", dry_run}};
  const Json result = request.call("config.rollback", conditional(request, params));
  if (!request.print_json(result)) print_changes(request, result, dry_run);
}

}  // namespace

Json conditional(const Request& request, Json params) {
  if (const auto generation = request.option("if-generation")) {
    params["if_generation"] =
        parse_number("--if-generation", *generation, 1, std::numeric_limits<uint64_t>::max());
  }
  return params;
}

void print_changes(const Request& request, const Json& result, bool dry_run) {
  const Json& changes = member(result, "changes");
  for (const Json& change : changes) request.out << text(change) << '\n';
  if (changes.empty()) request.out << "No changes.\n";
  request.out << (dry_run ? "Dry run: nothing was applied; still at generation " : "Now at generation ")
              << text(result, "generation") << ".\n";
}

CommandGroup history_commands() {
  CommandGroup group{"What was changed, and the way back", "turnoutctl history\nturnoutctl rollback 7\n", {}};
  group.commands = {
      {"history",
       "",
       0,
       0,
       "who changed the configuration, when and how",
       "config.history",
       {},
       "The last 20 generations since turnoutd started, the newest first. Example:\n  turnoutctl history\n",
       show_history},
      {"rollback",
       "GENERATION",
       1,
       1,
       "go back to the configuration of a generation",
       "config.rollback",
       {kDryRun, kIfGeneration},
       "It becomes a new generation, so that a rollback can be rolled back as well. What doesn't change\n"
       "keeps its connections and counters. Example:\n"
       "  turnoutctl rollback 7 --dry-run\n",
       roll_back},
  };
  return group;
}

}  // namespace turnout::cli
