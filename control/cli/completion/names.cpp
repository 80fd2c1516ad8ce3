#include "control/cli/completion/names.h"

#include <exception>
#include <map>
#include <set>

#include "control/cli/format.h"

namespace turnout::cli {
namespace {

/// tcp, udp or group
std::string kind_of(const Json& service) {
  return member(service, "group").is_null() ? text(service, "protocol") : "group";
}

/// As it is given after its kind.
std::string name_of(const Json& service) {
  if (kind_of(service) == "group") return text(service, "group");
  return format_endpoint(text(service, "vip"), text(service, "port"));
}

std::vector<Candidate> without_notes(const std::set<std::string>& names) {
  std::vector<Candidate> candidates;
  for (const std::string& name : names) candidates.push_back({name, ""});
  return candidates;
}

}  // namespace

Json DaemonNames::ask(const char* method) const try {
  return call_(method, Json::object());
} catch (const std::exception&) {  // no daemon, or an older one: there are no names to offer then
  return Json::array();
}

const Json& DaemonNames::all_services() const {
  if (services_.is_null()) services_ = ask("service.list");
  return services_;
}

std::vector<Candidate> DaemonNames::kinds() const {
  std::set<std::string> kinds;
  for (const Json& service : all_services()) kinds.insert(kind_of(service));
  return without_notes(kinds);
}

std::vector<Candidate> DaemonNames::services(const std::string& kind) const {
  std::vector<Candidate> candidates;
  for (const Json& service : all_services()) {
    if (kind_of(service) == kind) candidates.push_back({name_of(service), text(service, "scheduler")});
  }
  return candidates;
}

std::vector<Candidate> DaemonNames::service_paths() const {
  std::vector<Candidate> candidates;
  for (const Json& service : all_services())
    candidates.push_back({kind_of(service) + "/" + name_of(service), text(service, "scheduler")});
  return candidates;
}

std::vector<Candidate> DaemonNames::servers(const std::string& kind, const std::string& service) const {
  std::map<std::string, std::string> of_service, of_all;
  for (const Json& each : all_services()) {
    const bool is_it = kind_of(each) == kind && name_of(each) == service;
    for (const Json& server : member(each, "real_servers")) {
      const std::string address = text(server, "address");
      of_all.try_emplace(address, "");
      if (is_it) of_service.try_emplace(address, "weight " + text(server, "weight"));
    }
  }
  std::vector<Candidate> candidates;
  for (const auto& [address, note] : of_service.empty() ? of_all : of_service)
    candidates.push_back({address, note});
  return candidates;
}

std::vector<Candidate> DaemonNames::vips() const {
  std::set<std::string> vips;
  for (const Json& vip : ask("vip.list")) vips.insert(text(vip, "address"));
  return without_notes(vips);
}

std::vector<Candidate> DaemonNames::ports() const {
  std::vector<Candidate> candidates;
  for (const Json& port : ask("port.list")) candidates.push_back({text(port, "name"), text(port, "device")});
  return candidates;
}

std::vector<Candidate> DaemonNames::filters() const {
  std::vector<Candidate> candidates;
  for (const Json& filter : ask("filter.list"))
    candidates.push_back({text(filter, "name"), "default " + text(filter, "default")});
  return candidates;
}

std::vector<Candidate> DaemonNames::generations() const {
  std::vector<Candidate> candidates;
  for (const Json& each : ask("config.history"))
    candidates.push_back({text(each, "generation"), text(each, "how") + ", " + text(each, "time")});
  return candidates;
}

}  // namespace turnout::cli
