#include "control/config_draft.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "control/config_timeouts_json.h"
#include "control/filter_edit.h"
#include "control/maintenance.h"
#include "control/vip_list.h"

namespace turnout {

namespace {

/// Those that aren't edits of one service.
constexpr auto kMethods =
    std::to_array<std::string_view>({"service.add", "service.delete", "service.clear", "timeouts.edit",
                                     "vip.edit", "maintenance.edit", "filter.edit"});

}  // namespace

ConfigDraft::ConfigDraft(Config config) : config_(std::move(config)) {
  for (size_t i = 0; i < config_.services.size(); ++i) indexes_.emplace(config_.services[i].key, i);
}

bool ConfigDraft::knows(const std::string& method) {
  return find_service_edit(method) != nullptr || std::ranges::find(kMethods, method) != kMethods.end();
}

void ConfigDraft::carry_out(const std::string& method, const Json& params, const std::string& at) {
  if (const ServiceEdit* const edit = find_service_edit(method)) {
    ServiceConfig& service = find(edit->key(params));
    EditedService edited = edit->edit(service, params);
    service = std::move(edited.service);
    remember(service.key, edited.places, at);
  } else if (method == "service.add") {
    add_service(params, at);
  } else if (method == "service.delete") {
    delete_service(params);
  } else if (method == "service.clear") {
    allow_only(params, {});
    clear_services();
  } else if (method == "timeouts.edit") {
    edit_timeouts(params);
  } else if (method == "filter.edit") {
    config_ = edit_filter(config_, params);
  } else if (method == "maintenance.edit") {
    if (std::optional<Config> next = edit_maintenance(config_, params)) config_ = std::move(*next);
  } else {
    config_ = edit_vip(std::move(config_), params);
  }
}

ServiceConfig& ConfigDraft::find(const ServiceKey& key) {
  const auto found = indexes_.find(key);
  if (found == indexes_.end()) refuse_unknown_service(key);
  return config_.services[found->second];
}

void ConfigDraft::add_service(const Json& params, const std::string& at) {
  EditedService added = new_service(params);
  const ServiceKey key = added.service.key;
  if (!indexes_.emplace(key, config_.services.size()).second) {
    throw RpcError(RpcCode::already_exists, "service already exists: " + key.to_string(),
                   {{"pointer", added.places.service}});
  }
  config_.services.push_back(std::move(added.service));
  remember(key, added.places, at);
}

void ConfigDraft::delete_service(const Json& params) {
  const ServiceKey key = service_named(params);
  find(key);
  const size_t gone = indexes_.extract(key).mapped();
  config_.services.erase(config_.services.begin() + static_cast<std::ptrdiff_t>(gone));
  for (auto& [other, index] : indexes_) {
    if (index > gone) --index;
  }
  places_.erase(key);
}

void ConfigDraft::clear_services() {
  config_.services.clear();
  indexes_.clear();
  places_.clear();
}

void ConfigDraft::edit_timeouts(const Json& params) {
  TimeoutConfig& timeouts = config_.connections.timeouts;
  timeouts = value_or_refuse(parse_timeouts(params, timeouts));
}

void ConfigDraft::remember(const ServiceKey& key, const ServicePlaces& places, const std::string& at) {
  ServicePlaces& known = places_[key];
  known.service = at + places.service;
  for (const auto& [address, place] : places.servers) known.servers[address] = at + place;
}

PointerPrefixes ConfigDraft::places() const {
  PointerPrefixes prefixes;
  for (const auto& [key, places] : places_) {
    const size_t index = indexes_.at(key);
    prefixes.merge(prefixes_of(index, config_.services[index], places));
  }
  return prefixes;
}

}  // namespace turnout
