#include "control/cli/ipvsadm/rules.h"

#include <istream>
#include <sstream>

#include "control/cli/ipvsadm/endpoint.h"
#include "control/cli/ipvsadm/listing.h"
#include "control/cli/ipvsadm/numbers.h"

namespace turnout::cli::ipvsadm {
namespace {

bool has_name(const ServiceId& id) {
  return id.is_group() && !to_number(id.group, 1, UINT32_MAX);
}

std::string service_option(const ServiceId& id, const Names* names) {
  if (id.is_group()) return "-f " + id.group + (id.is_ipv6() ? " -6" : "");
  if (id.protocol == "tcp") return "-t " + write_endpoint(id, names);
  if (id.protocol == "udp") return "-u " + write_endpoint(id, names);
  return "--sctp-service " + write_endpoint(id, names);
}

std::string service_rule(const VirtualServer& service, const Names* names) {
  std::string rule = "-A " + service_option(service.id, names) + " -s " + service.scheduling.scheduler +
                     describe_scheduling(service, true);
  for (const ServiceId& member : service.scheduling.members)
    rule += " --member " + member.protocol + '/' + write_endpoint(member, names);
  return rule + '\n';
}

std::string server_rule(const RealServer& server, const ServiceId& service, const Names* names) {
  ServiceId endpoint = service;
  endpoint.address = server.destination.address;
  std::string rule = "-a " + service_option(service, names) + " -r " + write_endpoint(endpoint, names) +
                     " -g -w " + std::to_string(server.destination.weight);
  if (const uint32_t upper = server.destination.upper_threshold) rule += " -x " + std::to_string(upper);
  if (const uint32_t lower = server.destination.lower_threshold) rule += " -y " + std::to_string(lower);
  return rule + '\n';
}

}  // namespace

std::string write_rules(const std::vector<VirtualServer>& services, bool numeric, const Names& names) {
  const Names* resolver = numeric ? nullptr : &names;
  std::string text;
  for (const VirtualServer& service : services) {
    if (has_name(service.id)) continue;
    text += service_rule(service, resolver);
    for (const RealServer& server : service.servers) text += server_rule(server, service.id, resolver);
  }
  return text;
}

std::vector<std::string> named_groups(const std::vector<VirtualServer>& services) {
  std::vector<std::string> groups;
  for (const VirtualServer& service : services) {
    if (has_name(service.id)) groups.push_back(service.id.group);
  }
  return groups;
}

std::vector<RuleLine> read_rules(std::istream& in) {
  std::vector<RuleLine> lines;
  std::string text;
  for (size_t number = 1; std::getline(in, text); ++number) {
    RuleLine line{number, {}};
    std::istringstream words(text);
    for (std::string word; words >> word && word.front() != '#';) {
      if (word != "ipvsadm") line.words.push_back(word);
    }
    if (!line.words.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace turnout::cli::ipvsadm
