#include "control/filter_edit.h"

#include <algorithm>

#include "control/methods.h"
#include "control/prefix_text.h"

namespace turnout {

namespace {

FilterConfig& find_filter(Config& config, const Json& params) {
  const std::string name =
      params.value("filter", Json()).is_string() ? params["filter"].get<std::string>() : "";
  if (name.empty()) refuse(RpcCode::invalid_params, {{"/filter", "missing: give the filter's name"}});
  const auto found = std::ranges::find(config.filters, name, &FilterConfig::name);
  if (found != config.filters.end()) return *found;
  std::string names;
  for (const FilterConfig& filter : config.filters) names += (names.empty() ? "" : ", ") + filter.name;
  throw RpcError(RpcCode::no_such,
                 "there is no filter \"" + name + "\": " +
                     (names.empty() ? "the configuration has none" : "the configuration has " + names),
                 {{"pointer", "/filter"}});
}

std::vector<InterfaceAddress> read_prefixes(const Json& params, const char* name) {
  std::vector<InterfaceAddress> prefixes;
  if (!params.contains(name)) return prefixes;
  const std::string at = std::string("/") + name;
  if (!params[name].is_array()) refuse(RpcCode::invalid_params, {{at, "is no list of prefixes"}});
  for (size_t i = 0; i < params[name].size(); ++i) {
    const Json& text = params[name][i];
    const PrefixText parsed = parse_prefix(text.is_string() ? text.get<std::string>() : "");
    if (!parsed.prefix)
      refuse(RpcCode::invalid_params, {{at + "/" + std::to_string(i), text.dump() + " " + parsed.fault}});
    prefixes.push_back(*parsed.prefix);
  }
  return prefixes;
}

FilterListConfig& list_for(FilterConfig& filter, const Json& params) {
  const std::string action = params.value("action", "deny");
  if (action != "deny" && action != "allow")
    refuse(RpcCode::invalid_params, {{"/action", Json(action).dump() + R"( is neither "deny" nor "allow")"}});
  const std::string name = params.value("list", action);
  const auto found = std::ranges::find(filter.lists, name, &FilterListConfig::name);
  const FilterAction wanted = action == "allow" ? FilterAction::allow : FilterAction::deny;
  if (found == filter.lists.end()) {
    filter.lists.push_back({.name = name, .action = wanted, .prefixes = {}, .file = {}});
    return filter.lists.back();
  }
  if (params.contains("action") && found->action != wanted) {
    refuse(RpcCode::cannot, {{"/list", "list \"" + name + "\" is one of action " + to_string(found->action) +
                                           ": name another list"}});
  }
  return *found;
}

/// Returns how many lists had it.
size_t remove_from(FilterConfig& filter, const std::string& list, const InterfaceAddress& prefix) {
  size_t removed = 0;
  for (FilterListConfig& each : filter.lists) {
    if (list.empty() || each.name == list) removed += std::erase(each.prefixes, prefix);
  }
  return removed;
}

}  // namespace

Config edit_filter(Config config, const Json& params) {
  allow_only(params, {"filter", "list", "action", "add", "remove"});
  for (const char* name : {"list", "action"}) {
    if (params.contains(name) && !params[name].is_string())
      refuse(RpcCode::invalid_params, {{std::string("/") + name, "is no text"}});
  }
  FilterConfig& filter = find_filter(config, params);
  const std::vector<InterfaceAddress> added = read_prefixes(params, "add");
  const std::vector<InterfaceAddress> removed = read_prefixes(params, "remove");
  if (added.empty() && removed.empty())
    refuse(RpcCode::invalid_params, {{"", "nothing to do: give prefixes to \"add\" or to \"remove\""}});
  for (size_t i = 0; i < removed.size(); ++i) {
    if (remove_from(filter, params.value("list", ""), removed[i]) > 0) continue;
    refuse(RpcCode::no_such, {{"/remove/" + std::to_string(i),
                               prefix_text(removed[i]) + " is in no list of filter \"" + filter.name +
                                   "\" but perhaps in a file: edit that, and reload the filters"}});
  }
  if (!added.empty()) {
    FilterListConfig& list = list_for(filter, params);
    for (const InterfaceAddress& prefix : added) {
      if (std::ranges::find(list.prefixes, prefix) == list.prefixes.end()) list.prefixes.push_back(prefix);
    }
  }
  return config;
}

}  // namespace turnout
