// `filters` and what changes them.
#include <array>
#include <ctime>
#include <ostream>

#include "control/cli/arguments.h"
#include "control/cli/change.h"
#include "control/cli/commands.h"
#include "control/cli/format.h"
#include "control/cli/table.h"

namespace turnout::cli {
namespace {

constexpr const char* kNoFilters = "No filters. They are in the configuration file, as \"filters\".\n";

std::string users_text(const Json& list) {
  std::string all;
  for (const Json& each : list) all += (all.empty() ? "" : ", ") + text(each);
  return all.empty() ? "nobody" : all;
}

void add_lists(const Json& filter, Table& table) {
  for (const Json& list : member(filter, "lists")) {
    table.add_row(
        {text(filter, "name"), text(list, "name"), text(list, "action"), text(list, "rules"),
         text(list, "unmatched"), text(list, "packets"),
         text(list, "file") + (is_true(list, "file_changed") ? " (changed since it was read)" : "")});
  }
  table.add_row({text(filter, "name"), "-", text(filter, "default"), "-", "-",
                 text(filter, "default_packets"), "all other clients"});
}

void show_filters(const Request& request) {
  const Json filters = request.call("filter.list", Json::object());
  if (request.print_json(filters)) return;
  if (filters.empty()) {
    request.out << kNoFilters;
    return;
  }
  Table table({{"FILTER"},
               {"LIST"},
               {"ACTION"},
               {"RULES", Align::right},
               {"UNMATCHED", Align::right},
               {"PACKETS", Align::right},
               {"FROM"}});
  for (const Json& filter : filters) add_lists(filter, table);
  request.out << table.to_string() << '\n';
  for (const Json& filter : filters) {
    request.out << text(filter, "name") << " is used by " << users_text(member(filter, "used_by"))
                << "; denied packets: " << text(filter, "denied") << '\n';
  }
}

void show_rules(const Request& request) {
  Json params = {{"filter", request.arguments[0]}, {"unmatched", request.has_switch("unmatched")}};
  if (const auto limit = request.option("limit"))
    params["limit"] = parse_number("--limit", *limit, 1, UINT32_MAX);
  const Json answer = request.call("filter.rules", params);
  if (request.print_json(answer)) return;
  Table table({{"PREFIX"}, {"LIST"}, {"ACTION"}, {"PACKETS", Align::right}});
  for (const Json& rule : member(answer, "rules"))
    table.add_row({text(rule, "prefix"), text(rule, "list"), text(rule, "action"), text(rule, "packets")});
  if (table.empty()) {
    request.out << (request.has_switch("unmatched") ? "Every rule has matched.\n" : "No rules.\n");
    return;
  }
  request.out << table.to_string();
  const uint64_t total = number(answer, "total"), shown = member(answer, "rules").size();
  if (shown < total) request.out << shown << " of " << total << "; --limit N shows more\n";
}

std::string clock_text(const Json& seconds) {
  const auto time = static_cast<std::time_t>(seconds.is_number() ? seconds.get<double>() : 0);
  std::tm parts{};
  ::localtime_r(&time, &parts);
  std::array<char, 32> buffer;
  return {buffer.data(), std::strftime(buffer.data(), buffer.size(), "%H:%M:%S", &parts)};
}

void show_denied(const Request& request) {
  Json params = Json::object();
  if (!request.arguments.empty()) params["filter"] = request.arguments[0];
  const Json rows = request.call("filter.denied", params);
  if (request.print_json(rows)) return;
  Table table({{"TIME"},
               {"FILTER"},
               {"RULE"},
               {"PACKET"},
               {"EVENT"},
               {"BYTES", Align::right},
               {"FROM MAC"},
               {"PORT"},
               {"NTH", Align::right}});
  for (const Json& row : rows) {
    const std::string rule =
        member(row, "list").is_null() ? "default" : text(row, "prefix") + " (" + text(row, "list") + ")";
    table.add_row({clock_text(member(row, "time")), text(row, "filter"), rule,
                   text(row, "protocol") + " " + text(row, "source") + " -> " + text(row, "destination"),
                   text(row, "event"), text(row, "bytes"), text(row, "source_mac"), text(row, "port"),
                   text(row, "nth")});
  }
  if (table.empty()) {
    request.out << "Nobody was denied.\n";
    return;
  }
  request.out << table.to_string();
}

void reload_filters(const Request& request) {
  const Json answer = request.call("filter.reload", Json::object());
  if (request.print_json(answer)) return;
  uint64_t rules = 0;
  for (const Json& filter : member(answer, "filters")) {
    for (const Json& list : member(filter, "lists")) rules += number(list, "rules");
  }
  request.out << "Read again: " << rules << " rules are in force.\n";
}

void edit(const Request& request, Json params, const char* prefixes) {
  params["filter"] = request.arguments[0];
  params[prefixes] = Json::array();
  for (size_t i = 1; i < request.arguments.size(); ++i) params[prefixes].push_back(request.arguments[i]);
  if (const auto list = request.option("list")) params["list"] = *list;
  const Json result = request.call("filter.edit", conditional(request, params));
  if (request.print_json(result)) return;
  print_changes(request, result, false);
}

void deny_clients(const Request& request) {
  edit(request, {{"action", "deny"}}, "add");
}
void allow_clients(const Request& request) {
  edit(request, {{"action", "allow"}}, "add");
}
void remove_prefixes(const Request& request) {
  edit(request, Json::object(), "remove");
}

}  // namespace

CommandGroup filter_commands() {
  using Kind = CommandOption::Kind;
  constexpr size_t kMostPrefixes = 1000;
  const CommandOption list = {"list", Kind::value, "NAME", "the list of the filter (default: one called so)"};
  CommandGroup group{"Keep clients out, or let them in",
                     "turnoutctl filters\nturnoutctl filters deny edge 198.51.100.7\n",
                     {}};
  group.commands = {
      {"filters",
       "",
       0,
       0,
       "each filter's lists, with what they matched",
       "filter.list",
       {},
       "UNMATCHED: rules that no packet has had yet. Of all prefixes that hold a client the longest counts.\n"
       "Example:\n  turnoutctl filters\n",
       show_filters},
      {"filters rules",
       "FILTER",
       1,
       1,
       "the rules of a filter, those that matched most first",
       "filter.rules",
       {{"unmatched", Kind::on_or_off, "", "those only that never matched"},
        {"limit", Kind::value, "N", "show at most N (default 100)"}},
       "A rule counts from when its list first had it. Example:\n  turnoutctl filters rules edge "
       "--unmatched\n",
       show_rules},
      {"filters denied",
       "[FILTER]",
       0,
       1,
       "a sample of the packets that were denied last",
       "filter.denied",
       {},
       "NTH: of those that the worker denied in that second; of a flood the 1st, 2nd, 4th, 8th … are taken.\n"
       "Example:\n  turnoutctl filters denied\n",
       show_denied},
      {"filters reload",
       "",
       0,
       0,
       "read the lists' files again",
       "filter.reload",
       {},
       "No packet is lost; a file that can't be read changes nothing. Example:\n  turnoutctl filters "
       "reload\n",
       reload_filters},
      {"filters deny",
       "FILTER PREFIX…",
       2,
       kMostPrefixes,
       "keep clients out",
       "filter.edit",
       {list, kIfGeneration},
       "They are added to the filter's list \"deny\". Until restart: save keeps it. Example:\n"
       "  turnoutctl filters deny edge 198.51.100.7 2001:db8:bad::/48\n",
       deny_clients},
      {"filters allow",
       "FILTER PREFIX…",
       2,
       kMostPrefixes,
       "let clients in",
       "filter.edit",
       {list, kIfGeneration},
       "They are added to the filter's list \"allow\". Example:\n"
       "  turnoutctl filters allow edge 198.51.100.7\n",
       allow_clients},
      {"filters remove",
       "FILTER PREFIX…",
       2,
       kMostPrefixes,
       "take prefixes out of a filter's lists",
       "filter.edit",
       {{"list", Kind::value, "NAME", "out of this list only"}, kIfGeneration},
       "What is in a file stays: edit that, and reload. Example:\n"
       "  turnoutctl filters remove edge 198.51.100.7\n",
       remove_prefixes},
  };
  return group;
}

}  // namespace turnout::cli
