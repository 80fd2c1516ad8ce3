#include "control/cli/ipvsadm/listing.h"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address_v4.hpp>

#include "control/cli/ipvsadm/endpoint.h"

namespace turnout::cli::ipvsadm {
namespace {

constexpr size_t kServiceWidth = 33;
constexpr size_t kServerWidth = 28;

std::string left(const std::string& text, size_t width) {
  return text.size() < width ? text + std::string(width - text.size(), ' ') : text;
}

std::string right(const std::string& text, size_t width) {
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

/// ipvsadm cuts off IPv4 names that are too long for their column, but not IPv6 ones.
std::string cut(const std::string& text, size_t width, bool is_ipv6) {
  return is_ipv6 ? text : text.substr(0, width);
}

std::string counter_title(const std::array<const char*, 5>& names) {
  std::string line = left("Prot LocalAddress:Port", kServiceWidth);
  for (const char* name : names) line += ' ' + right(name, 8);
  return line + "\n  -> RemoteAddress:Port\n";
}

std::string title(View view) {
  switch (view) {
    case View::stats:
      return counter_title({"Conns", "InPkts", "OutPkts", "InBytes", "OutBytes"});
    case View::rate:
      return counter_title({"CPS", "InPPS", "OutPPS", "InBPS", "OutBPS"});
    case View::thresholds:
      return "Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn \n"
             "  -> RemoteAddress:Port\n";
    case View::persistent:
      return "Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn \n"
             "  -> RemoteAddress:Port\n";
    case View::tunnels:
      return "Prot LocalAddress:Port Scheduler Flags\n"
             "  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn\n";
    default:
      return "Prot LocalAddress:Port Scheduler Flags\n"
             "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n";
  }
}

/// Direct Routing shows the director no replies: the columns of what goes out are 0, as in LVS.
std::string counter_columns(const Counters& counters, bool exact) {
  return large_number(counters.connections, exact) + large_number(counters.packets, exact) +
         large_number(0, exact) + large_number(counters.bytes, exact) + large_number(0, exact);
}

/// Of a server ipvsadm abbreviates the bytes only.
std::string server_rate_columns(const Counters& rates, bool exact) {
  return ' ' + right(std::to_string(rates.connections), 8) + ' ' + right(std::to_string(rates.packets), 8) +
         ' ' + right("0", 8) + large_number(rates.bytes, exact) + large_number(0, exact);
}

std::string columns(const std::vector<std::pair<uint64_t, size_t>>& values) {
  std::string line;
  for (const auto& [value, width] : values) line += ' ' + left(std::to_string(value), width);
  return line;
}

std::string service_title(const ServiceId& id, const Names* names) {
  if (id.is_group()) return "FWM  " + id.group + (id.is_ipv6() ? " IPv6" : "");
  std::string protocol = id.protocol;
  std::transform(protocol.begin(), protocol.end(), protocol.begin(),
                 [](char c) { return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c); });
  return cut(left(protocol, 4) + ' ' + write_endpoint(id, names), kServiceWidth, id.is_ipv6());
}

std::string service_line(const VirtualServer& service, const Format& format, const Names* names) {
  const std::string name = service_title(service.id, names);
  if (format.view == View::stats)
    return left(name, kServiceWidth) + counter_columns(service.counters, format.exact) + '\n';
  if (format.view == View::rate)
    return left(name, kServiceWidth) + counter_columns(service.rates, format.exact) + '\n';
  return name + ' ' + service.scheduling.scheduler + describe_scheduling(service, false) + '\n';
}

std::string server_line(const RealServer& server, const ServiceId& service, const Format& format,
                        const Names* names) {
  ServiceId endpoint = service;
  endpoint.address = server.destination.address;
  const std::string line =
      "  -> " + left(cut(write_endpoint(endpoint, names), kServerWidth, endpoint.is_ipv6()), kServerWidth);
  const auto& [address, weight, upper, lower] = server.destination;
  switch (format.view) {
    case View::stats:
      return line + counter_columns(server.counters, format.exact) + '\n';
    case View::rate:
      return line + server_rate_columns(server.rates, format.exact) + '\n';
    case View::thresholds:
      return line + columns({{upper, 10}, {lower, 10}, {server.active, 10}, {server.inactive, 10}}) + '\n';
    case View::persistent:
      return line +
             columns({{weight, 9}, {server.persistent, 11}, {server.active, 10}, {server.inactive, 10}}) +
             '\n';
    case View::tunnels:
      return line + " Route   n/a          " +
             columns({{weight, 6}, {server.active, 10}, {server.inactive, 10}}) + '\n';
    default:
      return line + " Route  " + columns({{weight, 6}, {server.active, 10}, {server.inactive, 10}}) + '\n';
  }
}

/// In ipvsadm's order, whatever the daemon's.
std::string joined_flags(const std::vector<std::string>& flags) {
  std::string result;
  for (const char* known : {"sh-fallback", "sh-port", "mh-fallback", "mh-port"}) {
    if (std::find(flags.begin(), flags.end(), known) == flags.end()) continue;
    result.append(result.empty() ? "" : ",").append(known);
  }
  return result;
}

/// What of the client's address counts, unless it is all.
std::string mask_of(const VirtualServer& service) {
  const unsigned prefix = service.scheduling.prefix;
  if (service.id.is_ipv6()) return prefix == 128 ? "" : std::to_string(prefix);
  if (prefix >= 32) return "";
  const uint32_t mask = prefix == 0 ? 0 : ~uint32_t{0} << (32 - prefix);
  return boost::asio::ip::address_v4(mask).to_string();
}

}  // namespace

std::string large_number(uint64_t number, bool exact) {
  constexpr std::array<std::pair<uint64_t, char>, 4> kUnits = {
      {{1'000, 'K'}, {1'000'000, 'M'}, {1'000'000'000, 'G'}, {1'000'000'000'000, 'T'}}};
  constexpr std::array<uint64_t, 3> kEnds = {1'000'000'000, 100'000'000'000, 100'000'000'000'000};
  if (exact || number < 100'000'000) return ' ' + right(std::to_string(number), 8);
  const auto end = std::find_if(kEnds.begin(), kEnds.end(), [&](uint64_t each) { return number < each; });
  const auto& [unit, letter] = kUnits[static_cast<size_t>(end - kEnds.begin())];
  return right(std::to_string(number / unit), 8) + letter;
}

std::string describe_scheduling(const VirtualServer& service, bool rule) {
  const Scheduling& scheduling = service.scheduling;
  const std::string flags = joined_flags(scheduling.flags);
  std::string persistence;
  if (scheduling.persistence != 0) {
    persistence = (rule ? " -p " : " persistent ") + std::to_string(scheduling.persistence);
    if (const std::string mask = mask_of(service); !mask.empty())
      persistence += (rule ? " -M " : " mask ") + mask;
  }
  const std::string one_packet = scheduling.one_packet ? (rule ? " -o" : " ops") : "";
  if (rule) return persistence + one_packet + (flags.empty() ? "" : " -b " + flags);
  return (flags.empty() ? "" : " (" + flags + ')') + persistence + one_packet;
}

std::string version_line(uint64_t size) {
  return "IP Virtual Server version 1.2.1 (size=" + std::to_string(size) + ")\n";
}

std::string list_services(const std::vector<VirtualServer>& services, const Format& format,
                          const Names& names) {
  const Names* resolver = format.numeric ? nullptr : &names;
  std::string text = title(format.view);
  for (const VirtualServer& service : services) {
    text += service_line(service, format, resolver);
    for (const RealServer& server : service.servers)
      text += server_line(server, service.id, format, resolver);
  }
  return text;
}

}  // namespace turnout::cli::ipvsadm
