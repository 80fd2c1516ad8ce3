// A daemon that keeps services and does nothing else.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "control/cli/errors.h"
#include "test/unit/ipvsadm_world.h"

namespace turnout::cli {

/// Takes what the grammar sends; errors are the daemon's.
class FakeDaemon {
 public:
  Json services = Json::array();
  std::vector<Json> pages = {{{"connections", Json::array()}, {"next", nullptr}}};  // of connection.list
  std::vector<std::string> asked;
  Json last_params;

  Json call(const std::string& method, const Json& params) {
    asked.push_back(method);
    last_params = params;
    if (method == "service.list") return services;
    if (method == "stats.get") return ipvsadm::world_stats();
    if (method == "config.get")
      return Json::parse(R"({"connections": {"timeouts":
          {"tcp_syn": 60, "tcp_established": 900, "tcp_fin": 120, "tcp_close": 10, "udp": 300}}})");
    if (method == "connection.list") return pages.at(params["cursor"]);
    if (method == "config.batch") return batch(params);
    change(method, params);
    return {{"generation", 8}};
  }

 private:
  static Json key(const Json& service) {
    Json key = Json::object();
    for (const char* name : {"vip", "protocol", "port", "group", "family"}) {
      if (service.contains(name)) key[name] = service[name];
    }
    return key;
  }

  [[noreturn]] static void refuse(int code, const char* pointer) {
    throw Refused({{"code", code}, {"message", "refused"}, {"data", {{"pointer", pointer}}}});
  }

  Json batch(const Json& params) {
    const Json before = services;
    for (size_t i = 0; i < params["operations"].size(); ++i) {
      try {
        change(params["operations"][i]["method"], params["operations"][i]["params"]);
      } catch (const Refused& refused) {
        services = before;
        Json error = refused.error;
        error["data"]["operation"] = i;
        error["data"]["pointer"] =
            "/operations/" + std::to_string(i) + "/params" + error["data"]["pointer"].get<std::string>();
        throw Refused(error);
      }
    }
    return {{"generation", 9}, {"changes", Json::array()}};
  }

  Json::iterator find(const Json& wanted) {
    return std::find_if(services.begin(), services.end(),
                        [&](const Json& each) { return key(each) == key(wanted); });
  }

  void change(const std::string& method, const Json& params) {
    if (method == "service.clear") {
      services = Json::array();
    } else if (method.starts_with("service.")) {
      change_service(method, params);
    } else if (method.starts_with("server.")) {
      change_server(method, params);
    }
  }

  void change_service(const std::string& method, const Json& params) {
    const auto found = find(params);
    if (method == "service.add" && found != services.end()) refuse(-32001, "");
    if (method != "service.add" && found == services.end()) refuse(-32000, "/service");
    if (params.value("scheduler", "rr") == "nosuch") refuse(-32602, "/scheduler");
    if (method == "service.add") {
      services.push_back(params);
      services.back()["real_servers"] = Json::array();
    } else if (method == "service.edit") {
      found->update(params);
    } else {
      services.erase(found);
    }
  }

  void change_server(const std::string& method, const Json& params) {
    const auto service = find(params["service"]);
    if (service == services.end()) refuse(-32000, "/service");
    Json& servers = (*service)["real_servers"];
    const auto found = std::find_if(servers.begin(), servers.end(), [&](const Json& each) {
      return each["address"] == params["server"]["address"];
    });
    if (method == "server.add" && found != servers.end()) refuse(-32001, "/server/address");
    if (method != "server.add" && found == servers.end()) refuse(-32000, "/server/address");
    if (method == "server.add" && params["server"]["weight"] > 65535) refuse(-32602, "/server/weight");
    if (method == "server.add") servers.push_back(params["server"]);
    if (method == "server.edit") found->update(params["server"]);
    if (method == "server.delete") servers.erase(found);
  }
};

}  // namespace turnout::cli
