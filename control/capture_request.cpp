#include "control/capture_request.h"

#include <algorithm>

#include "control/config_reader.h"
#include "control/methods.h"

namespace turnout {

namespace {

constexpr uint64_t kLeastSnaplen = 34;  // Ethernet's and IPv4's headers
constexpr uint64_t kLeastBytes = 4096;
constexpr uint64_t kMostBytes = uint64_t{1} << 40;
constexpr std::chrono::hours kLongest{24};

[[noreturn]] void refuse_value(const std::string& pointer, const std::string& reason) {
  refuse(RpcCode::invalid_params, {{pointer, reason}});
}

/// One value, or a list of them: read(value, its pointer) for each.
template <typename Read>
void for_each_value(const Json& filter, const char* name, Read read) {
  const auto found = filter.find(name);
  if (found == filter.end()) return;
  const std::string pointer = std::string("/filter/") + name;
  if (!found->is_array()) return read(*found, pointer);
  if (found->empty()) refuse_value(pointer, "is empty: leave it out, and every packet is wanted");
  for (size_t i = 0; i < found->size(); ++i) read((*found)[i], pointer + '/' + std::to_string(i));
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : "";
}

template <size_t N>
size_t number_of_name(const Json& value, const std::string& pointer, const char* what,
                      const std::array<std::string_view, N>& names) {
  const auto* const found = std::find(names.begin(), names.end(), text_of(value));
  if (found != names.end()) return static_cast<size_t>(found - names.begin());
  std::string all;
  for (const std::string_view name : names) all.append(all.empty() ? "" : ", ").append(name);
  refuse_value(pointer, quote(value) + " is no " + what + "; there are " + all);
}

ServiceKey read_service(const Json& value, const std::string& pointer, const Config& config) {
  ServiceKey key = value_or_refuse(parse_service_key(value, pointer));
  if (config.find(key)) return key;
  throw RpcError(RpcCode::no_such, "no such service: " + key.to_string(), {{"pointer", pointer}});
}

IpAddress read_server(const Json& value, const std::string& pointer, const Config& config) {
  const auto address = parse_address(text_of(value));
  if (!address) refuse_value(pointer, "must be an IP address, as in \"192.0.2.11\" or \"2001:db8::11\"");
  const bool is_known = std::ranges::any_of(config.services, [&](const ServiceConfig& service) {
    return std::ranges::find(service.real_servers, *address, &RealServerConfig::address) !=
           service.real_servers.end();
  });
  if (is_known) return *address;
  throw RpcError(RpcCode::no_such, "no service has the real server " + address->to_string(),
                 {{"pointer", pointer}});
}

InterfaceAddress read_client(const Json& value, const std::string& pointer) {
  if (const auto subnet = parse_interface_address(text_of(value))) return *subnet;
  if (const auto address = parse_address(text_of(value)))
    return {*address, static_cast<uint8_t>(address->is_v4() ? 32 : 128)};
  refuse_value(pointer, "must be an IP address or a prefix, as in \"198.51.100.7\" or \"2001:db8::/32\"");
}

/// Who asks for reasons to drop means dropped packets, and none else unless he says so.
void read_fates(const Json& filter, CaptureRequest& request) {
  for_each_value(filter, "drop_reason", [&](const Json& value, const std::string& pointer) {
    request.reasons.set(number_of_name(value, pointer, "drop reason", kDropReasonNames));
  });
  for_each_value(filter, "fate", [&](const Json& value, const std::string& pointer) {
    request.fates.set(number_of_name(value, pointer, "fate", kCaptureFateNames));
  });
  constexpr auto kDropped = static_cast<size_t>(CaptureFate::dropped);
  if (request.reasons.any() && request.fates.any() && !request.fates.test(kDropped))
    refuse_value("/filter/fate",
                 "no packet is dropped that was not dropped: add \"dropped\", or leave "
                 "drop_reason out");
  if (request.fates.none() && request.reasons.any()) request.fates.set(kDropped);
  if (request.fates.none()) request.fates.set();
  if (request.reasons.none()) request.reasons.set();
}

void read_filter(const Json& filter, const Config& config, CaptureRequest& request) {
  if (!filter.is_object()) refuse_value("/filter", "must be an object");
  for (const auto& [name, value] : filter.items()) {
    constexpr std::array<std::string_view, 5> kKnown = {"service", "server", "client", "drop_reason", "fate"};
    if (std::ranges::find(kKnown, name) == kKnown.end())
      refuse_value("/filter/" + name, "unknown criterion '" + name +
                                          "'; known here: service, server, client, drop_reason, fate");
  }
  for_each_value(filter, "service", [&](const Json& value, const std::string& pointer) {
    request.services.push_back(read_service(value, pointer, config));
  });
  for_each_value(filter, "server", [&](const Json& value, const std::string& pointer) {
    request.servers.push_back(read_server(value, pointer, config));
  });
  for_each_value(filter, "client", [&](const Json& value, const std::string& pointer) {
    request.clients.push_back(read_client(value, pointer));
  });
  read_fates(filter, request);
}

uint64_t read_number(const Json& params, const char* name, uint64_t absent, uint64_t least, uint64_t most) {
  const auto found = params.find(name);
  if (found == params.end()) return absent;
  if (found->is_number_unsigned() && found->get<uint64_t>() >= least && found->get<uint64_t>() <= most)
    return *found;
  refuse_value(std::string("/") + name,
               "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
}

/// Frames are whole, if none is longer than the ports' MTUs say.
uint16_t longest_frame(const DaemonView& daemon) {
  constexpr uint32_t kHeaders = RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN;
  uint32_t longest = RTE_ETHER_MTU;
  for (const auto& device : daemon.devices) longest = std::max<uint32_t>(longest, device->mtu());
  return static_cast<uint16_t>(std::min<uint32_t>(longest + kHeaders, CaptureRequest::kMostSnaplen));
}

CapturePrefix to_prefix(const InterfaceAddress& client) {
  constexpr uint8_t kMapped = 96;  // bits before an IPv4 address
  const bool is_v4 = client.address.is_v4();
  CapturePrefix prefix;
  prefix.bits = static_cast<uint8_t>(client.prefix_length + (is_v4 ? kMapped : 0));
  const Address6 address =
      is_v4 ? mapped_address6(to_be32(client.address)) : load_address6(to_octets16(client.address).data());
  prefix.address = mask_client(address, prefix.bits);
  return prefix;
}

template <typename T>
void put_in_order(std::vector<T>& numbers) {
  std::ranges::sort(numbers);
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
}

template <size_t N, size_t M>
std::string names_of(const std::bitset<N>& set, const std::array<std::string_view, M>& names) {
  static_assert(N == M);
  std::string text;
  for (size_t i = 0; i < N; ++i) {
    if (set.test(i)) text.append(text.empty() ? "" : " or ").append(names.at(i));
  }
  return text;
}

template <typename List>
void append_list(std::string& text, const char* what, const List& list) {
  for (size_t i = 0; i < list.size(); ++i) {
    text += i == 0 ? (text.empty() ? "" : ", ") + std::string(what) + ' ' : std::string(" or ");
    text += list[i].to_string();
  }
}

}  // namespace

CaptureRequest CaptureRequest::read(const Json& params, const DaemonView& daemon) {
  allow_only(params, {"filter", "snaplen", "max_bytes", "max_packets", "seconds"});
  CaptureRequest request;
  read_filter(params.value("filter", Json::object()), daemon.director.config(), request);
  request.snaplen = static_cast<uint16_t>(
      read_number(params, "snaplen", longest_frame(daemon), kLeastSnaplen, kMostSnaplen));
  request.most_bytes = read_number(params, "max_bytes", request.most_bytes, kLeastBytes, kMostBytes);
  request.most_packets = read_number(params, "max_packets", request.most_packets, 1, UINT64_MAX);
  const auto found = params.find("seconds");
  if (found == params.end()) return request;
  const double seconds = found->is_number() ? found->get<double>() : 0;
  const auto most = std::chrono::duration<double>(kLongest);
  if (!(seconds >= 0.001 && seconds <= most.count()))
    refuse_value("/seconds", "must be a number of seconds from 0.001 to 86400");
  request.time =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::duration<double>(seconds));
  return request;
}

CaptureFilter CaptureRequest::filter_for(const Registry& registry) const {
  CaptureFilter filter;
  filter.fates = fates;
  filter.reasons = reasons;
  filter.by_service = !services.empty();
  filter.by_server = !servers.empty();
  for (const InterfaceAddress& client : clients) filter.clients.push_back(to_prefix(client));
  if (!filter.by_service && !filter.by_server) return filter;  // services may be many
  for (const auto& [key, numbers] : registry.services()) {
    const bool is_wanted = std::ranges::find(services, key) != services.end();
    if (is_wanted) {
      filter.services.push_back(numbers.index);
      for (const auto& [listener, index] : numbers.members) filter.services.push_back(index);
    }
    for (const auto& [address, number] : numbers.servers) {
      if (is_wanted) filter.service_slots.push_back(number.slot);
      if (std::ranges::find(servers, address) != servers.end()) filter.servers.push_back(number.slot);
    }
  }
  put_in_order(filter.services);
  put_in_order(filter.service_slots);
  put_in_order(filter.servers);
  return filter;
}

std::string CaptureRequest::to_string() const {
  std::string text;
  append_list(text, "service", services);
  append_list(text, "real server", servers);
  append_list(text, "client", clients);
  if (!fates.all()) text += (text.empty() ? "" : ", ") + names_of(fates, kCaptureFateNames);
  if (!reasons.all()) text += " for " + names_of(reasons, kDropReasonNames);
  return text.empty() ? "all packets" : text;
}

Json CaptureRequest::limits() const {
  return {{"snaplen", snaplen},
          {"max_bytes", most_bytes},
          {"max_packets", most_packets},
          {"seconds", seconds_to_json(time)}};
}

}  // namespace turnout
