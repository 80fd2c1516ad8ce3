#include <algorithm>

#include "control/methods.h"

namespace turnout {

namespace {

Json service_of(const Json& params) {
  return params.contains("service") ? params.at("service") : params;
}

Json key_of(const Json& service) {
  Json key = Json::object();
  for (const char* field : {"vip", "protocol", "port", "group", "family"}) {
    if (service.is_object() && service.contains(field)) key[field] = service[field];
  }
  return key;
}

const ServiceConfig& find_service(const Config& config, const ServiceKey& key) {
  if (const ServiceConfig* service = config.find(key)) return *service;
  throw RpcError(RpcCode::no_such, "no such service: " + key.to_string(), {{"pointer", "/service"}});
}

/// Where the configuration's check would point for a service, and what the client calls it.
PointerPrefix prefix_of(const Config& config, const ServiceConfig& service, const std::string& name) {
  return {"/services/" + std::to_string(&service - config.services.data()), name};
}

Json generation(uint64_t number) {
  return {{"generation", number}};
}

Json list_services(const DaemonView& daemon) {
  Json services = Json::array();
  for (const ServiceConfig& service : daemon.director.config().services) services.push_back(to_json(service));
  return services;
}

Json add_service(DaemonView& daemon, const Json& params) {
  const std::string at = params.contains("service") ? "/service" : "";
  ServiceConfig service = value_or_refuse(parse_service(service_of(params), at));
  Config next = daemon.director.config();
  if (next.find(service.key)) {
    throw RpcError(RpcCode::already_exists, "service already exists: " + service.key.to_string(),
                   {{"pointer", at}});
  }
  next.services.push_back(std::move(service));
  const PointerPrefix prefix = prefix_of(next, next.services.back(), at);
  return generation(apply_or_refuse(daemon, std::move(next), {prefix}));
}

Json edit_service(DaemonView& daemon, const Json& params) {
  const std::string at = params.contains("service") ? "/service" : "";
  const Json wanted = service_of(params);
  const Config& config = daemon.director.config();
  const ServiceConfig& service = find_service(config, value_or_refuse(parse_service_key(key_of(wanted), at)));
  Json merged = to_json(service);
  if (wanted.contains("scheduler") && wanted["scheduler"] != merged["scheduler"])
    merged.erase("scheduler_flags");  // they were the other one's
  merged.update(wanted);
  if (merged.contains("fallback") && merged["fallback"].is_null()) merged.erase("fallback");
  const ServiceConfig next = value_or_refuse(parse_service(merged, at));
  return generation(replace_or_refuse(daemon, next, {prefix_of(config, service, at)}));
}

Json delete_service(DaemonView& daemon, const Json& params) {
  const std::string at = params.contains("service") ? "/service" : "";
  Config next = daemon.director.config();
  const ServiceConfig& service =
      find_service(next, value_or_refuse(parse_service_key(service_of(params), at)));
  next.services.erase(next.services.begin() + (&service - next.services.data()));
  return generation(apply_or_refuse(daemon, std::move(next)));
}

const Json& member(const Json& params, const char* name) {
  if (params.contains(name) && params.at(name).is_object()) return params.at(name);
  refuse(RpcCode::invalid_params, {{"/" + std::string(name),
                                    "missing or not an object: give {\"service\": {vip, protocol, "
                                    "port}, \"server\": {address, …}}"}});
}

/// What server.add, edit and delete have in common: the service, and where in it the server is.
struct ServerRequest {
  ServerRequest(DaemonView& daemon, const Json& params) {
    allow_only(params, {"service", "server"});
    const Config& config = daemon.director.config();
    const ServiceConfig& service =
        find_service(config, value_or_refuse(parse_service_key(member(params, "service"), "/service")));
    next = service;
    of_service = prefix_of(config, service, "/service");
    wanted = member(params, "server");
    Json name = Json::object();
    if (wanted.contains("address")) name["address"] = wanted["address"];
    const IpAddress address = value_or_refuse(parse_real_server(name, "/server")).address;
    place = std::find_if(next.real_servers.begin(), next.real_servers.end(),
                         [&](const RealServerConfig& server) { return server.address == address; });
    description = address.to_string() + " in " + service.key.to_string();
  }

  bool exists() const { return place != next.real_servers.end(); }
  void must_exist() const {
    if (!exists())
      throw RpcError(RpcCode::no_such, "no such real server: " + description,
                     {{"pointer", "/server/address"}});
  }
  Json apply(DaemonView& daemon, size_t server_index) {
    const bool fallback = server_index < next.real_servers.size() && next.real_servers[server_index].fallback;
    const std::string server =
        of_service.from + (fallback ? "/fallback" : "/real_servers/" + std::to_string(server_index));
    return generation(replace_or_refuse(daemon, next, {{server, "/server"}, of_service}));
  }

  ServiceConfig next;
  PointerPrefix of_service;
  Json wanted;
  std::vector<RealServerConfig>::iterator place;
  std::string description;
};

Json add_server(DaemonView& daemon, const Json& params) {
  ServerRequest request(daemon, params);
  if (request.exists()) {
    throw RpcError(RpcCode::already_exists, "real server already exists: " + request.description,
                   {{"pointer", "/server/address"}});
  }
  std::vector<RealServerConfig>& servers = request.next.real_servers;
  const bool has_fallback = !servers.empty() && servers.back().fallback;
  const auto added = servers.insert(has_fallback ? servers.end() - 1 : servers.end(),
                                    value_or_refuse(parse_real_server(request.wanted, "/server")));
  return request.apply(daemon, static_cast<size_t>(added - servers.begin()));
}

Json edit_server(DaemonView& daemon, const Json& params) {
  ServerRequest request(daemon, params);
  request.must_exist();
  Json merged = to_json(*request.place);
  merged.update(request.wanted);
  if (merged.contains("mac") && merged["mac"].is_null()) merged.erase("mac");
  const bool fallback = request.place->fallback;
  *request.place = value_or_refuse(parse_real_server(merged, "/server"));
  request.place->fallback = fallback;
  return request.apply(daemon, static_cast<size_t>(request.place - request.next.real_servers.begin()));
}

Json delete_server(DaemonView& daemon, const Json& params) {
  ServerRequest request(daemon, params);
  request.must_exist();
  request.next.real_servers.erase(request.place);
  return request.apply(daemon, 0);
}

}  // namespace

void add_service_methods(RpcDispatcher& dispatcher, DaemonView& daemon) {
  const auto bind = [&](const char* name, Json (*method)(DaemonView&, const Json&)) {
    dispatcher.add(name, [&daemon, method](const Json& params) { return method(daemon, params); });
  };
  dispatcher.add("service.list", [&daemon](const Json& params) {
    allow_only(params, {});
    return list_services(daemon);
  });
  bind("service.add", add_service);
  bind("service.edit", edit_service);
  bind("service.delete", delete_service);
  bind("server.add", add_server);
  bind("server.edit", edit_server);
  bind("server.delete", delete_server);
}

}  // namespace turnout
