#include "control/config_events.h"

#include <algorithm>
#include <map>

#include "control/config_json.h"

namespace turnout {
namespace {

using Events = std::vector<Event>;

Json servers_of(const ServiceConfig& service) {
  Json addresses = Json::array();
  for (const RealServerConfig& server : service.real_servers) {
    if (addresses.size() < kMostListed) addresses.push_back(server.address.to_string());
  }
  return addresses;
}

void add_service_event(EventKind kind, const char* done, const ServiceConfig& service, Events& events) {
  events.push_back({kind,
                    Severity::info,
                    service.key.to_string() + ": service " + done,
                    {{"service", to_json(service.key)},
                     {"servers", servers_of(service)},
                     {"server_count", service.real_servers.size()}}});
}

void add_server_event(EventKind kind, const char* done, const ServiceConfig& service,
                      const RealServerConfig& server, Events& events) {
  const std::string address = server.address.to_string();
  events.push_back({kind,
                    Severity::info,
                    service.key.to_string() + ": real server " + address + " " + done,
                    {{"service", to_json(service.key)}, {"server", address}, {"weight", server.weight}}});
}

void compare(const ServiceConfig& from, const ServiceConfig& to, Events& events) {
  std::map<IpAddress, const RealServerConfig*> gone;
  for (const RealServerConfig& server : from.real_servers) gone.emplace(server.address, &server);
  for (const RealServerConfig& server : to.real_servers) {
    const auto before = gone.extract(server.address);
    if (before.empty()) {
      add_server_event(EventKind::server_added, "added", to, server, events);
    } else if (server.weight == 0 && before.mapped()->weight > 0) {
      add_server_event(EventKind::server_draining, "is drained: no new connections", to, server, events);
    } else if (server.weight > 0 && before.mapped()->weight == 0) {
      add_server_event(EventKind::server_resumed, "gets new connections again", to, server, events);
    }
  }
  for (const auto& [address, server] : gone)
    add_server_event(EventKind::server_removed, "removed", to, *server, events);
}

void compare_maintenance(const Config& from, const Config& to, Events& events) {
  const auto add = [&events](EventKind kind, const IpAddress& server, const char* what) {
    const std::string address = server.to_string();
    events.push_back({kind, Severity::info, "real server " + address + what, {{"server", address}}});
  };
  for (const IpAddress& server : to.maintenance) {
    if (!from.in_maintenance(server))
      add(EventKind::maintenance_started, server, " is under maintenance: no new connections in any service");
  }
  for (const IpAddress& server : from.maintenance) {
    if (!to.in_maintenance(server))
      add(EventKind::maintenance_ended, server, " is no longer under maintenance");
  }
}

std::string summary(uint64_t generation, const std::vector<std::string>& changes) {
  std::string text = "configuration " + std::to_string(generation) + " is in force: " + changes.front();
  const size_t more = changes.size() - 1;
  if (more > 0) text += "; and " + std::to_string(more) + (more == 1 ? " more change" : " more changes");
  return text;
}

}  // namespace

Events config_events(const Config& from, const Config& to) {
  Events events;
  std::map<ServiceKey, const ServiceConfig*> gone;
  for (const ServiceConfig& service : from.services) gone.emplace(service.key, &service);
  for (const ServiceConfig& service : to.services) {
    const auto before = gone.extract(service.key);
    if (before.empty()) {
      add_service_event(EventKind::service_added, "added", service, events);
    } else {
      compare(*before.mapped(), service, events);
    }
  }
  for (const auto& [key, service] : gone)
    add_service_event(EventKind::service_removed, "removed", *service, events);
  compare_maintenance(from, to, events);
  return events;
}

Events config_events(const ServiceConfig& from, const ServiceConfig& to) {
  Events events;
  compare(from, to, events);
  return events;
}

void report_change(uint64_t generation, const std::vector<std::string>& changes, Events parts,
                   const Origin& by) {
  if (changes.empty()) return;
  const std::string origin = " (generation " + std::to_string(generation) + ", " + by.to_string() + ")";
  for (const std::string& change : changes) log_info(change + origin);
  Json sentences = Json::array();
  for (const std::string& change : changes) {
    if (sentences.size() < kMostListed) sentences.push_back(shortened(change));
  }
  record({EventKind::config_applied,
          Severity::info,
          summary(generation, changes),
          {{"generation", generation},
           {"by", by.to_string()},
           {"changes", std::move(sentences)},
           {"change_count", changes.size()}}});
  for (Event& part : parts) record(std::move(part));
}

}  // namespace turnout
