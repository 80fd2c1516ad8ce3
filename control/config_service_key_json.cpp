#include "control/config_service_key_json.h"

#include <algorithm>
#include <charconv>

namespace turnout {
namespace {

constexpr uint64_t kMaxPort = 65535;
constexpr uint64_t kMaxGroupNumber = 0xffffffff;  // a firewall mark has 32 bits
constexpr size_t kLongestName = 32;

struct Ports {
  uint16_t first = 0;
  uint16_t last = 0;  // 0: one port, or all
};
constexpr Ports kUnread = {0, UINT16_MAX};

std::optional<Protocol> read_protocol(const ConfigReader& at) {
  const auto name = at.text();
  if (!name) return std::nullopt;
  if (*name == "tcp") return Protocol::tcp;
  if (*name == "udp") return Protocol::udp;
  if (*name == "sctp") return Protocol::sctp;
  at.refuse_value(R"(is no protocol known here: use "tcp", "udp" or "sctp")");
  return std::nullopt;
}

std::optional<uint16_t> to_port(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

Ports read_range(const ConfigReader& at) {
  const auto text = at.text();
  if (!text) return kUnread;
  const size_t dash = std::min(text->find('-'), text->size());
  const auto first = to_port(std::string_view(*text).substr(0, dash));
  const auto last = to_port(std::string_view(*text).substr(std::min(dash + 1, text->size())));
  if (first && last && *first < *last) return {*first, *last};
  at.refuse_value(
      R"(is no range of ports: write it as in "8000-8099", and one port as a number, from 1 to 65535)");
  return kUnread;
}

Ports read_ports(const ConfigReader& at) {
  if (at.value().is_string()) return read_range(at);
  const auto port = at.integer(0, kMaxPort);
  return port ? Ports{static_cast<uint16_t>(*port), 0} : kUnread;
}

ServiceKey read_listener(const ConfigReader& at) {
  ServiceKey key;
  std::optional<Protocol> protocol;
  Ports ports = kUnread;
  if (const auto vip = at.required_member("vip", "the virtual service's IP address")) {
    key.vip = vip->host_address().value_or(IpAddress());
  }
  if (const auto name = at.required_member("protocol", R"("tcp", "udp" or "sctp")"))
    protocol = read_protocol(*name);
  if (const auto port = at.required_member("port",
                                           "a port from 1 to 65535, a range as in \"8000-8099\", or 0 "
                                           "for every port"))
    ports = read_ports(*port);
  if (!protocol) ports = kUnread;  // a key without its protocol names nothing
  key.protocol = protocol.value_or(Protocol::tcp);
  key.port = ports.first;
  key.last_port = ports.last;
  return key;
}

bool is_name(std::string_view text) {
  return text.size() <= kLongestName && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '_' || c == '.';
         });
}

std::string read_group_name(const ConfigReader& at) {
  if (at.value().is_number()) {
    const auto number = at.integer(1, kMaxGroupNumber);
    return number ? std::to_string(*number) : "";
  }
  const auto name = at.text();
  if (!name) return "";
  if (is_name(*name)) return *name;
  at.refuse_value(
      "is no name of a group: use a number from 1 to 4294967295, or up to 32 letters, digits, '-', "
      "'_' and '.'");
  return "";
}

IpAddress read_family(const ConfigReader& at) {
  const auto name = at.text();
  if (name == "ipv6") return boost::asio::ip::address_v6();
  if (name && name != "ipv4") at.refuse_value(R"(is no family: use "ipv4" or "ipv6")");
  return boost::asio::ip::address_v4();
}

}  // namespace

ServiceKey read_service_key(const ConfigReader& service) {
  const auto group = service.member("group");
  if (!group) {
    if (const auto family = service.member("family"))
      family->refuse("only a group has one: a VIP's is that of its address; remove it");
    return read_listener(service);
  }
  for (const char* name : {"vip", "protocol", "port"}) {
    if (const auto stray = service.member(name))
      stray->refuse("a group's are those of its members: remove it here, or remove \"group\"");
  }
  ServiceKey key;
  key.group = read_group_name(*group);
  if (key.group.empty()) key.last_port = UINT16_MAX;  // is_unread()
  if (const auto family = service.member("family")) key.vip = read_family(*family);
  return key;
}

ServiceKey read_group_member(const ConfigReader& at) {
  if (at.expect_object({"vip", "protocol", "port"})) return read_listener(at);
  ServiceKey unread;
  unread.last_port = UINT16_MAX;
  return unread;
}

Json to_json(const ServiceKey& key) {
  if (key.is_group()) {
    Json json = {{"group", key.group}};
    const std::string& name = key.group;
    if (const bool is_number = std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
        is_number && name.size() <= 10 && name.front() != '0' && std::stoull(name) <= kMaxGroupNumber) {
      json["group"] = std::stoull(name);
    }
    if (key.vip.is_v6()) json["family"] = "ipv6";
    return json;
  }
  const Json port = key.last_port == 0 ? Json(key.port) : Json(key.port_text());
  return {{"vip", key.vip.to_string()}, {"protocol", to_string(key.protocol)}, {"port", port}};
}

Parsed<ServiceKey> parse_service_key(const Json& value, const std::string& at) {
  return parse_part(value, at, [](const ConfigReader& reader) {
    return reader.expect_object({"vip", "protocol", "port", "group", "family"}) ? read_service_key(reader)
                                                                                : ServiceKey();
  });
}

}  // namespace turnout
