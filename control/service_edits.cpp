#include "control/service_edits.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "control/config_limits_json.h"

namespace turnout {

namespace {

/// Where the service is in the parameters of service.*.
std::string place_of_service(const Json& params) {
  if (!params.contains("service")) return "";
  allow_only(params, {"service"});
  return "/service";
}

const Json& service_in(const Json& params) {
  return params.contains("service") ? params.at("service") : params;
}

Json key_in(const Json& service) {
  Json key = Json::object();
  for (const char* field : {"vip", "protocol", "port", "group", "family"}) {
    if (service.is_object() && service.contains(field)) key[field] = service[field];
  }
  return key;
}

const Json& member(const Json& params, const char* name) {
  if (params.contains(name) && params.at(name).is_object()) return params.at(name);
  refuse(RpcCode::invalid_params, {{"/" + std::string(name),
                                    "missing or not an object: give {\"service\": {vip, protocol, "
                                    "port}, \"server\": {address, …}}"}});
}

/// `wanted`: the service as it was given, whose list of servers the service has now, if there is one.
ServicePlaces places_of(const ServiceConfig& service, const Json& wanted, const std::string& at) {
  ServicePlaces places{at, {}};
  for (size_t i = 0; i < service.real_servers.size(); ++i) {
    const RealServerConfig& server = service.real_servers[i];
    if (server.fallback) {
      if (wanted.contains("fallback")) places.servers[server.address] = at + "/fallback";
    } else if (wanted.contains("real_servers")) {
      places.servers[server.address] = at + "/real_servers/" + std::to_string(i);
    }
  }
  return places;
}

/// What server.add, edit and delete have in common: the service, and where in it the server is.
struct ServerRequest {
  ServerRequest(const ServiceConfig& service, const Json& params)
      : next(service), wanted(member(params, "server")) {
    allow_only(params, {"service", "server"});
    Json name = Json::object();
    if (wanted.contains("address")) name["address"] = wanted["address"];
    address = value_or_refuse(parse_real_server(name, "/server")).address;
    place = std::ranges::find(next.real_servers, address, &RealServerConfig::address);
  }

  bool exists() const { return place != next.real_servers.end(); }
  void must_exist() const {
    if (!exists())
      throw RpcError(RpcCode::no_such, "no such real server: " + description(),
                     {{"pointer", "/server/address"}});
  }
  std::string description() const { return address.to_string() + " in " + next.key.to_string(); }
  EditedService done() { return {std::move(next), {"/service", {{address, "/server"}}}}; }

  ServiceConfig next;
  const Json& wanted;
  IpAddress address;
  std::vector<RealServerConfig>::iterator place;
};

}  // namespace

PointerPrefixes prefixes_of(size_t index, const ServiceConfig& service, const ServicePlaces& places) {
  const std::string at = "/services/" + std::to_string(index);
  PointerPrefixes prefixes;
  for (size_t i = 0; i < service.real_servers.size(); ++i) {
    const RealServerConfig& server = service.real_servers[i];
    if (const auto place = places.servers.find(server.address); place != places.servers.end()) {
      const std::string from = server.fallback ? "/fallback" : "/real_servers/" + std::to_string(i);
      prefixes.emplace(at + from, place->second);
    }
  }
  prefixes.emplace(at, places.service);
  return prefixes;
}

ServiceKey service_named(const Json& params) {
  const std::string at = place_of_service(params);
  return value_or_refuse(parse_service_key(key_in(service_in(params)), at));
}

ServiceKey service_of_server(const Json& params) {
  return value_or_refuse(parse_service_key(member(params, "service"), "/service"));
}

EditedService new_service(const Json& params) {
  const std::string at = place_of_service(params);
  ServiceConfig service = value_or_refuse(parse_service(service_in(params), at));
  ServicePlaces places = places_of(service, service_in(params), at);
  return {std::move(service), std::move(places)};
}

EditedService edit_service(const ServiceConfig& service, const Json& params) {
  const std::string at = place_of_service(params);
  const Json& wanted = service_in(params);
  Json merged = to_json(service);
  if (wanted.contains("scheduler") && wanted["scheduler"] != merged["scheduler"])
    merged.erase("scheduler_flags");  // they were the other one's
  const Json limits = merged.value("limits", Json());
  merged.update(wanted);
  if (wanted.contains("limits")) merged["limits"] = merged_limits(limits, wanted["limits"]);
  if (merged.contains("fallback") && merged["fallback"].is_null()) merged.erase("fallback");
  ServiceConfig next = value_or_refuse(parse_service(merged, at));
  ServicePlaces places = places_of(next, wanted, at);
  return {std::move(next), std::move(places)};
}

EditedService add_server(const ServiceConfig& service, const Json& params) {
  ServerRequest request(service, params);
  if (request.exists()) {
    throw RpcError(RpcCode::already_exists, "real server already exists: " + request.description(),
                   {{"pointer", "/server/address"}});
  }
  std::vector<RealServerConfig>& servers = request.next.real_servers;
  const bool has_fallback = !servers.empty() && servers.back().fallback;
  servers.insert(has_fallback ? servers.end() - 1 : servers.end(),
                 value_or_refuse(parse_real_server(request.wanted, "/server")));
  return request.done();
}

EditedService edit_server(const ServiceConfig& service, const Json& params) {
  ServerRequest request(service, params);
  request.must_exist();
  Json merged = to_json(*request.place);
  merged.update(request.wanted);
  if (merged.contains("mac") && merged["mac"].is_null()) merged.erase("mac");
  const bool fallback = request.place->fallback;
  *request.place = value_or_refuse(parse_real_server(merged, "/server"));
  request.place->fallback = fallback;
  return request.done();
}

EditedService delete_server(const ServiceConfig& service, const Json& params) {
  ServerRequest request(service, params);
  request.must_exist();
  request.next.real_servers.erase(request.place);
  return request.done();
}

const ServiceEdit* find_service_edit(const std::string& method) {
  static constexpr std::array<std::pair<std::string_view, ServiceEdit>, 4> kEdits{{
      {"service.edit", {service_named, edit_service}},
      {"server.add", {service_of_server, add_server}},
      {"server.edit", {service_of_server, edit_server}},
      {"server.delete", {service_of_server, delete_server}},
  }};
  const auto found = std::ranges::find(kEdits, method, [](const auto& each) { return each.first; });
  return found == kEdits.end() ? nullptr : &found->second;
}

void refuse_unknown_service(const ServiceKey& key) {
  throw RpcError(RpcCode::no_such, "no such service: " + key.to_string(), {{"pointer", "/service"}});
}

}  // namespace turnout
