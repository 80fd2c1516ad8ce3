// What differs between two configurations: in sentences, and as refusals of what only a restart can change.
#include <algorithm>
#include <map>
#include <string_view>

#include "control/config_changes.h"
#include "control/config_filter_json.h"
#include "control/config_health_json.h"
#include "control/config_json.h"
#include "control/config_limits_json.h"
#include "control/config_quic_json.h"
#include "control/config_reader.h"

namespace turnout {
namespace {

using Sentences = std::vector<std::string>;

std::string from_to(const std::string& from, const std::string& to) {
  return " from " + from + " to " + to;
}

std::string mac_text(const RealServerConfig& server) {
  if (server.mac) return server.mac->to_string();
  return server.address.is_v4() ? "none (ARP finds it)" : "none (neighbor discovery finds it)";
}

std::string added_service(const ServiceConfig& service) {
  std::string sentence = service.key.to_string() + ": add service, scheduler " + to_string(service.scheduler);
  std::string_view separator = ", real servers ";
  for (const RealServerConfig& server : service.real_servers) {
    sentence += std::string(separator) + server.address.to_string();
    separator = ", ";
  }
  if (service.real_servers.empty()) sentence += ", no real servers";
  return sentence;
}

void compare_words(const std::string& of, const std::string& name, const std::string& from,
                   const std::string& to, Sentences& sentences) {
  if (from != to) sentences.push_back(of + ": change " + name + from_to(from, to));
}
void compare_numbers(const std::string& of, const std::string& name, uint64_t from, uint64_t to,
                     Sentences& sentences) {
  compare_words(of, name, std::to_string(from), std::to_string(to), sentences);
}

void compare_server(const std::string& service, const RealServerConfig& from, const RealServerConfig& to,
                    Sentences& sentences) {
  const std::string of_server = " of real server " + to.address.to_string();
  if (from.weight != to.weight) {
    sentences.push_back(service + ": change weight" + of_server +
                        from_to(std::to_string(from.weight), std::to_string(to.weight)));
  }
  if (from.fallback != to.fallback) {
    sentences.push_back(service + ": real server " + to.address.to_string() +
                        (to.fallback ? " becomes the fallback" : " is the fallback no longer"));
  }
  const std::string server = service + ": real server " + to.address.to_string();
  compare_numbers(server, "upper_threshold", from.upper_threshold, to.upper_threshold, sentences);
  compare_numbers(server, "lower_threshold", from.lower_threshold, to.lower_threshold, sentences);
  const auto id_text = [](const std::string& id) { return id.empty() ? "none" : quic_id_text(id); };
  compare_words(server, "quic_id", id_text(from.quic_id), id_text(to.quic_id), sentences);
  if (from.mac != to.mac) {
    sentences.push_back(service + ": change mac" + of_server + from_to(mac_text(from), mac_text(to)));
  }
}

void compare_servers(const ServiceConfig& from, const ServiceConfig& to, Sentences& sentences) {
  const std::string service = to.key.to_string();
  std::map<IpAddress, const RealServerConfig*> old_servers;
  for (const RealServerConfig& server : from.real_servers) old_servers.emplace(server.address, &server);
  for (const RealServerConfig& server : to.real_servers) {
    const auto old = old_servers.extract(server.address);
    if (old.empty()) {
      sentences.push_back(service + (server.fallback ? ": add fallback server " : ": add real server ") +
                          server.address.to_string() + ", weight " + std::to_string(server.weight));
    } else {
      compare_server(service, *old.mapped(), server, sentences);
    }
  }
  for (const auto& [address, server] : old_servers) {
    sentences.push_back(service + ": remove real server " + address.to_string());
  }
}

void compare_members(const ServiceConfig& from, const ServiceConfig& to, Sentences& sentences) {
  const auto has = [](const ServiceConfig& group, const ServiceKey& key) {
    return std::ranges::find(group.members, key) != group.members.end();
  };
  for (const ServiceKey& member : to.members) {
    if (!has(from, member)) sentences.push_back(to.key.to_string() + ": add member " + member.to_string());
  }
  for (const ServiceKey& member : from.members) {
    if (!has(to, member)) sentences.push_back(to.key.to_string() + ": remove member " + member.to_string());
  }
}

std::string describe_mark(std::optional<uint8_t> mark) {
  return mark ? std::to_string(*mark) : "none";
}

std::string describe_quic(const QuicConfig& quic) {
  return quic == QuicConfig() ? "none" : to_json(quic).dump();
}

std::string describe_filter(const std::string& name) {
  return name.empty() ? "none" : "\"" + name + "\"";
}

void compare_service(const ServiceConfig& from, const ServiceConfig& to, Sentences& sentences) {
  const std::string service = to.key.to_string();
  if (from.scheduler != to.scheduler) {
    sentences.push_back(service + ": change scheduler" +
                        from_to(to_string(from.scheduler), to_string(to.scheduler)));
  }
  // with another scheduler come other flags: worth a word only if they are not its usual ones
  if (from.scheduler == to.scheduler || to.flags != default_flags(to.scheduler)) {
    compare_words(service, "scheduler_flags", flags_to_json(from).dump(), flags_to_json(to).dump(),
                  sentences);
  }
  compare_numbers(service, "persistence", from.persistence, to.persistence, sentences);
  compare_numbers(service, "persistence_prefix", from.persistence_prefix, to.persistence_prefix, sentences);
  compare_words(service, "one_packet", from.one_packet ? "true" : "false", to.one_packet ? "true" : "false",
                sentences);
  compare_words(service, "dscp", describe_mark(from.dscp), describe_mark(to.dscp), sentences);
  compare_words(service, "vlan_priority", describe_mark(from.vlan_priority), describe_mark(to.vlan_priority),
                sentences);
  compare_words(service, "quic", describe_quic(from.quic), describe_quic(to.quic), sentences);
  compare_words(service, "filter", describe_filter(from.filter), describe_filter(to.filter), sentences);
  compare_limits(service, from.limits, to.limits, sentences);
  compare_members(from, to, sentences);
  if (from.maglev_table_size != to.maglev_table_size) {
    sentences.push_back(
        service + ": change maglev_table_size" +
        from_to(std::to_string(from.maglev_table_size), std::to_string(to.maglev_table_size)));
  }
  if (from.health != to.health) {
    sentences.push_back(service + ": change health" + from_to(describe(from.health), describe(to.health)));
  }
  if (from.on_down != to.on_down) {
    sentences.push_back(service + ": change on_down" +
                        from_to(to_string(from.on_down), to_string(to.on_down)));
  }
  if (from.slow_start != to.slow_start) {
    sentences.push_back(service + ": change slow_start" +
                        from_to(std::to_string(from.slow_start), std::to_string(to.slow_start)));
  }
  compare_servers(from, to, sentences);
}

void compare_services(const Config& from, const Config& to, Sentences& sentences) {
  std::map<ServiceKey, const ServiceConfig*> old_services;
  for (const ServiceConfig& service : from.services) old_services.emplace(service.key, &service);
  for (const ServiceConfig& service : to.services) {
    const auto old = old_services.extract(service.key);
    if (old.empty()) {
      sentences.push_back(added_service(service));
    } else {
      compare_service(*old.mapped(), service, sentences);
    }
  }
  for (const auto& [key, service] : old_services) {
    const size_t servers = service->real_servers.size();
    sentences.push_back(key.to_string() + ": remove service with " + std::to_string(servers) +
                        (servers == 1 ? " real server" : " real servers"));
  }
}

void compare_vip(const VipConfig& from, const VipConfig& to, Sentences& sentences) {
  const std::string vip = "vip " + to.address.to_string();
  if (from.echo != to.echo) {
    sentences.push_back(vip + ": change echo" + from_to(to_string(from.echo), to_string(to.echo)));
  }
  if (from.unmatched != to.unmatched) {
    sentences.push_back(vip + ": change unmatched" +
                        from_to(to_string(from.unmatched), to_string(to.unmatched)));
  }
  if (from.depends_on_uplink != to.depends_on_uplink) {
    const auto text = [](const std::string& port) { return port.empty() ? "none" : "\"" + port + "\""; };
    sentences.push_back(vip + ": change depends_on_uplink" +
                        from_to(text(from.depends_on_uplink), text(to.depends_on_uplink)));
  }
  compare_words(vip, "filter", describe_filter(from.filter), describe_filter(to.filter), sentences);
  const bool ipv6 = to.address.is_v6();
  compare_words(vip, "icmp", to_json(from.icmp, ipv6).dump(), to_json(to.icmp, ipv6).dump(), sentences);
}

/// A VIP that isn't listed has the defaults.
void compare_vips(const Config& from, const Config& to, Sentences& sentences) {
  std::map<IpAddress, VipConfig> old_vips;
  for (const VipConfig& vip : from.vips) old_vips.emplace(vip.address, vip);
  for (const VipConfig& vip : to.vips) {
    const auto old = old_vips.extract(vip.address);
    compare_vip(old.empty() ? VipConfig{vip.address} : old.mapped(), vip, sentences);
  }
  for (const auto& [address, vip] : old_vips) compare_vip(vip, VipConfig{address}, sentences);
}

void compare_vip_watch(const VipWatchConfig& from, const VipWatchConfig& to, Sentences& sentences) {
  const auto compare = [&sentences](std::string_view name, std::chrono::milliseconds before,
                                    std::chrono::milliseconds after) {
    if (before == after) return;
    sentences.push_back("vip_watch: change " + std::string(name) +
                        from_to(seconds_to_json(before).dump(), seconds_to_json(after).dump()) + " seconds");
  };
  compare("interval", from.interval, to.interval);
  compare("clear", from.clear, to.clear);
}

void compare_timeouts(const TimeoutConfig& from, const TimeoutConfig& to, Sentences& sentences) {
  const auto compare = [&sentences](std::string_view name, uint32_t old_seconds, uint32_t new_seconds) {
    if (old_seconds == new_seconds) return;
    sentences.push_back("connections: change timeout " + std::string(name) +
                        from_to(std::to_string(old_seconds), std::to_string(new_seconds)) + " seconds");
  };
  compare("tcp_syn", from.tcp_syn, to.tcp_syn);
  compare("tcp_established", from.tcp_established, to.tcp_established);
  compare("tcp_fin", from.tcp_fin, to.tcp_fin);
  compare("tcp_close", from.tcp_close, to.tcp_close);
  compare("udp", from.udp, to.udp);
}

void compare_maintenance(const Config& from, const Config& to, Sentences& sentences) {
  for (const IpAddress& server : to.maintenance) {
    if (!from.in_maintenance(server)) sentences.push_back("maintenance: begin for " + server.to_string());
  }
  for (const IpAddress& server : from.maintenance) {
    if (!to.in_maintenance(server)) sentences.push_back("maintenance: end for " + server.to_string());
  }
}

/// The part of the configuration that the running program can't change.
Json unchangeable_part(const Config& config) {
  Config part;
  part.eal = config.eal;
  part.ports = config.ports;
  part.workers = config.workers;
  part.buffer_count = config.buffer_count;
  part.connections = config.connections;
  part.connections.timeouts = {};
  part.control_socket = config.control_socket;
  part.http_listen = config.http_listen;
  return to_json(part);
}

std::string as_written(const Json* value) {
  if (value == nullptr) return "nothing";
  if (!value->is_array()) return quote(*value);
  std::string list;
  for (const Json& element : *value) list += (list.empty() ? "" : ", ") + quote(element);
  return "[" + list + "]";
}

const Json* member_of(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

void refuse_differences(const Json* from, const Json* to, const std::string& at, ConfigErrors& errors) {
  const Json no_members = Json::object();
  if (from == nullptr && to->is_object()) from = &no_members;
  if (to == nullptr && from->is_object()) to = &no_members;
  if (from != nullptr && to != nullptr) {
    if (*from == *to) return;
    if (from->is_object() && to->is_object()) {
      Json keys = *from;
      keys.update(*to);
      for (const auto& [key, value] : keys.items()) {
        refuse_differences(member_of(*from, key), member_of(*to, key), at + "/" + key, errors);
      }
      return;
    }
    // Lists of texts are shown whole; ports one by one, while there are as many.
    if (from->is_array() && to->is_array() && from->size() == to->size() && from->front().is_object()) {
      for (size_t i = 0; i < from->size(); ++i) {
        refuse_differences(&(*from)[i], &(*to)[i], at + "/" + std::to_string(i), errors);
      }
      return;
    }
  }
  errors.push_back({at, "the change" + from_to(as_written(from), as_written(to)) +
                            " needs a restart: restart turnoutd with it, or put the old value back"});
}

}  // namespace

std::vector<std::string> describe_changes(const Config& from, const Config& to) {
  Sentences sentences;
  if (from.autosave != to.autosave)
    sentences.push_back(std::string("control: turn autosave ") + (to.autosave ? "on" : "off"));
  compare_timeouts(from.connections.timeouts, to.connections.timeouts, sentences);
  compare_vip_watch(from.vip_watch, to.vip_watch, sentences);
  compare_filters(from, to, sentences);
  compare_vips(from, to, sentences);
  compare_maintenance(from, to, sentences);
  compare_services(from, to, sentences);
  return sentences;
}

std::vector<std::string> describe_changes(const ServiceConfig& from, const ServiceConfig& to) {
  Sentences sentences;
  compare_service(from, to, sentences);
  return sentences;
}

ConfigErrors check_unchangeable(const Config& from, const Config& to) {
  ConfigErrors errors;
  const Json running = unchangeable_part(from);
  const Json wanted = unchangeable_part(to);
  refuse_differences(&running, &wanted, "", errors);
  return errors;
}

}  // namespace turnout
