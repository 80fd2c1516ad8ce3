// filter.list, filter.rules, filter.denied, filter.edit and filter.reload.
#include <algorithm>
#include <ctime>

#include "control/filter_edit.h"
#include "control/filter_reloader.h"
#include "control/methods.h"
#include "control/prefix_file.h"

namespace turnout {

namespace {

constexpr size_t kUsualRules = 100;  // that are listed

Json text_or_nothing(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json list_row(const FilterBook& book, size_t filter, size_t list) {
  const FilterListConfig& config = book.configs()[filter].lists[list];
  const FilterBook::ListCount count = book.count(filter, list);
  Json row = {{"name", config.name},
              {"action", to_string(config.action)},
              {"rules", count.rules},
              {"unmatched", count.unmatched},
              {"shadowed", book.filters()[filter].lists[list].shadowed},
              {"packets", count.packets},
              {"file", text_or_nothing(config.file)}};
  if (!config.file.empty())
    row["file_changed"] = changed_at(config.file) != book.loaded()[filter][list].file_changed;
  return row;
}

Json users_of(const Config& config, const std::string& filter) {
  Json users = Json::array();
  for (const VipConfig& vip : config.vips) {
    if (vip.filter == filter) users.push_back("vip " + vip.address.to_string());
  }
  for (const ServiceConfig& service : config.services) {
    if (service.filter == filter) users.push_back(service.key.to_string());
  }
  return users;
}

Json list_filters(const Director& director) {
  const FilterBook& book = director.filters();
  Json rows = Json::array();
  for (size_t i = 0; i < book.configs().size(); ++i) {
    const FilterConfig& config = book.configs()[i];
    Json lists = Json::array();
    for (size_t j = 0; j < config.lists.size(); ++j) lists.push_back(list_row(book, i, j));
    rows.push_back({{"name", config.name},
                    {"lists", std::move(lists)},
                    {"default", to_string(config.otherwise)},
                    {"default_packets", book.packets(book.filters()[i].otherwise)},
                    {"denied", to_string(config.denied)},
                    {"log", config.log},
                    {"used_by", users_of(director.config(), config.name)}});
  }
  return rows;
}

size_t filter_of(const FilterBook& book, const Json& params) {
  const Json name = params.value("filter", Json());
  if (!name.is_string()) refuse(RpcCode::invalid_params, {{"/filter", "missing: give the filter's name"}});
  const auto found = std::ranges::find(book.configs(), name.get<std::string>(), &FilterConfig::name);
  if (found == book.configs().end())
    throw RpcError(RpcCode::no_such, "there is no filter " + name.dump(), {{"pointer", "/filter"}});
  return static_cast<size_t>(found - book.configs().begin());
}

size_t limit_of(const Json& params) {
  const Json limit = params.value("limit", Json(kUsualRules));
  if (!limit.is_number_unsigned()) refuse(RpcCode::invalid_params, {{"/limit", "is no whole number"}});
  return limit.get<size_t>();
}

bool wants_unmatched(const Json& params) {
  const Json unmatched = params.value("unmatched", Json(false));
  if (!unmatched.is_boolean()) refuse(RpcCode::invalid_params, {{"/unmatched", "is not true or false"}});
  return unmatched.get<bool>();
}

/// Those that matched most come first.
Json list_rules(const Director& director, const Json& params) {
  allow_only(params, {"filter", "limit", "unmatched"});
  const FilterBook& book = director.filters();
  const size_t filter = filter_of(book, params);
  const bool unmatched_only = wants_unmatched(params);
  struct Row {
    size_t list;
    const FilterBook::Rule* rule;
    uint64_t packets;
  };
  std::vector<Row> rows;
  const auto& lists = book.filters()[filter].lists;
  for (size_t i = 0; i < lists.size(); ++i) {
    for (const FilterBook::Rule& rule : lists[i].rules) {
      const uint64_t packets = book.packets(rule.number);
      if (!unmatched_only || packets == 0) rows.push_back({i, &rule, packets});
    }
  }
  std::ranges::stable_sort(rows, std::ranges::greater(), &Row::packets);
  Json listed = Json::array();
  for (const Row& row : rows) {
    if (listed.size() == limit_of(params)) break;
    const FilterListConfig& list = book.configs()[filter].lists[row.list];
    listed.push_back({{"prefix", row.rule->prefix},
                      {"list", list.name},
                      {"action", to_string(list.action)},
                      {"packets", row.packets}});
  }
  return {{"rules", std::move(listed)}, {"total", rows.size()}};
}

Json to_json(const DenialLog::Entry& entry) {
  return {{"time", std::chrono::duration<double>(entry.time.time_since_epoch()).count()},
          {"filter", entry.filter},
          {"list", text_or_nothing(entry.list)},
          {"prefix", text_or_nothing(entry.prefix)},
          {"protocol", entry.protocol},
          {"source", entry.source},
          {"destination", entry.destination},
          {"event", text_or_nothing(entry.event)},
          {"service", text_or_nothing(entry.service)},
          {"port", entry.port},
          {"source_mac", entry.source_mac},
          {"bytes", entry.bytes},
          {"nth", entry.nth},
          {"rejected", entry.rejected}};
}

Json list_denied(const Director& director, const Json& params) {
  allow_only(params, {"filter"});
  const Json filter = params.value("filter", Json());
  Json rows = Json::array();
  for (auto entry = director.denials().entries().rbegin(); entry != director.denials().entries().rend();
       ++entry) {
    if (filter.is_null() || filter == entry->filter) rows.push_back(to_json(*entry));
  }
  return rows;
}

void reload_filters(DaemonView& daemon, const Json& params, const RpcDispatcher::Reply& reply) {
  allow_only(params, {});
  daemon.filters->reload({"filter.reload", {}}, [&daemon, reply](const ConfigErrors& errors) {
    if (errors.empty()) return reply.done({{"filters", list_filters(daemon.director)}});
    try {
      refuse(RpcCode::cannot, errors);
    } catch (const RpcError& error) {
      reply.fail(error);
    }
  });
}

}  // namespace

void add_filter_methods(RpcDispatcher& dispatcher, DaemonView& daemon) {
  dispatcher.add("filter.list", [&daemon](const Json& params) {
    allow_only(params, {});
    return list_filters(daemon.director);
  });
  dispatcher.add("filter.rules",
                 [&daemon](const Json& params) { return list_rules(daemon.director, params); });
  dispatcher.add("filter.denied",
                 [&daemon](const Json& params) { return list_denied(daemon.director, params); });
  add_change(dispatcher, daemon, "filter.edit", [&daemon](const Json& params, const Origin& by) {
    return to_json(apply_or_refuse(daemon, edit_filter(daemon.director.config(), params), false, by));
  });
  dispatcher.add_late("filter.reload", [&daemon](const Json& params, const RpcDispatcher::Reply& reply) {
    reload_filters(daemon, params, reply);
  });
}

}  // namespace turnout
