#include "control/vip_list.h"

#include <algorithm>
#include <map>

#include "control/methods.h"

namespace turnout {

namespace {

/// By itself, as a VIP that has the defaults is not in the configuration to be checked.
void check_vip(const Config& config, const VipConfig& vip) {
  Config alone;
  alone.ports = config.ports;
  alone.filters = config.filters;
  alone.vips = {vip};
  ConfigErrors errors = check_config(alone);
  for (ConfigError& error : errors) {
    std::string pointer = "/vip";
    for (const char* setting : {"/depends_on_uplink", "/filter"}) {
      if (error.pointer.ends_with(setting)) pointer = setting;
    }
    error.pointer = std::move(pointer);
  }
  if (!errors.empty()) refuse(RpcCode::invalid_params, errors);
}

}  // namespace

Json list_vips(const Config& config, const std::set<IpAddress>& withdrawn) {
  struct Row {
    VipConfig vip;
    size_t services = 0;
  };
  std::map<IpAddress, Row> rows;
  for (const VipConfig& vip : config.vips) rows.try_emplace(vip.address, Row{vip});
  for (const ServiceConfig& service : config.services) {
    std::set<IpAddress> vips;
    for (const ServiceKey& listener : listeners_of(service)) vips.insert(listener.vip);
    for (const IpAddress& vip : vips) ++rows.try_emplace(vip, Row{VipConfig{vip}}).first->second.services;
  }
  Json list = Json::array();
  for (const auto& [address, row] : rows) {
    Json vip = to_json(row.vip);
    vip["services"] = row.services;
    vip["depends_on_uplink"] =
        row.vip.depends_on_uplink.empty() ? Json(nullptr) : Json(row.vip.depends_on_uplink);
    vip["withdrawn"] = withdrawn.contains(address);
    list.push_back(std::move(vip));
  }
  return list;
}

Config edit_vip(Config config, const Json& params) {
  allow_only(params, {"vip", "echo", "unmatched", "depends_on_uplink", "filter", "icmp"});
  if (!params.contains("vip")) refuse(RpcCode::invalid_params, {{"/vip", "missing: give the VIP's address"}});
  const IpAddress address = value_or_refuse(parse_host_address(params.at("vip"), "/vip"));
  auto place = std::find_if(config.vips.begin(), config.vips.end(),
                            [&](const VipConfig& vip) { return vip.address == address; });
  if (place == config.vips.end()) place = config.vips.insert(place, VipConfig{address});
  Json merged = to_json(*place);
  for (const char* setting : {"echo", "unmatched", "depends_on_uplink", "filter", "icmp"}) {
    if (!params.contains(setting)) continue;
    Json& value = merged[setting];
    if (value.is_object() && params.at(setting).is_object()) {
      value.update(params.at(setting));  // of ICMP, what isn't given stays
    } else {
      value = params.at(setting);
    }
  }
  *place = value_or_refuse(parse_vip(merged));
  check_vip(config, *place);
  if (*place == VipConfig{address}) config.vips.erase(place);
  return config;
}

}  // namespace turnout
