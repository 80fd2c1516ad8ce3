#include "control/config_health_json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <vector>

#include "control/config_service_key_json.h"
#include "control/config_timings_json.h"

namespace turnout {
namespace {

constexpr uint64_t kMostPercent = 50;
constexpr uint64_t kMostDamping = 86'400;
constexpr uint64_t kMostPort = 65535;
constexpr size_t kMostOctets = 1400;  // of a datagram that fits any Ethernet
constexpr uint64_t kLeastStatus = 100, kMostStatus = 599;

constexpr std::array kTypes{HealthType::none, HealthType::tcp,   HealthType::icmp, HealthType::udp,
                            HealthType::http, HealthType::https, HealthType::exec};

bool is_web(HealthType type) {
  return type == HealthType::http || type == HealthType::https;
}
bool has_port(HealthType type) {
  return type == HealthType::tcp || type == HealthType::udp || is_web(type);
}

/// Which types a member belongs to; none that isn't listed here.
struct Member {
  std::string_view name;
  bool (*belongs)(HealthType type);
};
constexpr std::array kMembers{
    Member{"interval", [](HealthType type) { return type != HealthType::none; }},
    Member{"timeout", [](HealthType type) { return type != HealthType::none; }},
    Member{"rise", [](HealthType type) { return type != HealthType::none; }},
    Member{"fall", [](HealthType type) { return type != HealthType::none; }},
    Member{"jitter", [](HealthType type) { return type != HealthType::none; }},
    Member{"damping", [](HealthType type) { return type != HealthType::none; }},
    Member{"port", has_port},
    Member{"send", [](HealthType type) { return type == HealthType::udp; }},
    Member{"send_hex", [](HealthType type) { return type == HealthType::udp; }},
    Member{"expect", [](HealthType type) { return type == HealthType::udp || is_web(type); }},
    Member{"expect_hex", [](HealthType type) { return type == HealthType::udp; }},
    Member{"path", is_web},
    Member{"host", is_web},
    Member{"status", is_web},
    Member{"command", [](HealthType type) { return type == HealthType::exec; }},
};

void refuse_strangers(const ConfigReader& at, HealthType type) {
  for (const Member& each : kMembers) {
    if (each.belongs(type)) continue;
    if (const auto found = at.member(each.name))
      found->refuse("has no effect with type " + to_string(type) + ": remove it");
  }
}

std::optional<HealthType> read_type(const ConfigReader& at) {
  const auto name = at.text();
  if (!name) return std::nullopt;
  const auto type = std::ranges::find_if(kTypes, [&](HealthType each) { return to_string(each) == *name; });
  if (type != kTypes.end()) return *type;
  at.refuse_value("is no type of health check: use tcp, icmp, udp, http, https, exec or none");
  return std::nullopt;
}

std::optional<std::string> octets_of_hex(std::string_view hex) {
  constexpr int kBase = 16;
  std::string octets;
  if (hex.size() % 2 != 0) return std::nullopt;
  for (size_t i = 0; i < hex.size(); i += 2) {
    uint8_t octet = 0;
    const auto [end, error] = std::from_chars(hex.data() + i, hex.data() + i + 2, octet, kBase);
    if (error != std::errc() || end != hex.data() + i + 2) return std::nullopt;
    octets += static_cast<char>(octet);
  }
  return octets;
}

/// `name` as text, or `name`_hex in hexadecimal.
void read_octets(const ConfigReader& at, const std::string& name, std::string& into) {
  const auto text_at = at.member(name);
  const auto hex_at = at.member(name + "_hex");
  if (text_at) into = text_at->text().value_or("");
  if (hex_at) {
    const auto hex = hex_at->text();
    const auto octets = hex ? octets_of_hex(*hex) : std::nullopt;
    if (hex && !octets)
      hex_at->refuse_value("is no hexadecimal: write two digits for each octet, as in 0d0a");
    into = octets.value_or("");
  }
  if (text_at && hex_at) hex_at->refuse("is given beside " + name + ": remove one of the two");
  if (into.size() > kMostOctets) {
    (hex_at ? *hex_at : *text_at)
        .refuse("holds " + std::to_string(into.size()) + " octets: at most " + std::to_string(kMostOctets) +
                " are possible");
  }
}

/// 200 or "200-399"
void read_status(const ConfigReader& at, HealthConfig& health) {
  if (at.value().is_number()) {
    if (const auto status = at.integer(kLeastStatus, kMostStatus))
      health.least_status = health.most_status = static_cast<uint16_t>(*status);
    return;
  }
  const auto text = at.text();
  if (!text) return;
  const char* const end = text->data() + text->size();
  uint16_t least = 0, most = 0;
  auto read = std::from_chars(text->data(), end, least);
  if (read.ec == std::errc() && read.ptr != end && *read.ptr == '-')
    read = std::from_chars(read.ptr + 1, end, most);
  if (read.ec != std::errc() || read.ptr != end || least < kLeastStatus || most > kMostStatus ||
      least > most) {
    at.refuse_value("is no range of HTTP's status codes: write it as in \"200-399\", or one as a number");
    return;
  }
  health.least_status = least;
  health.most_status = most;
}

void read_path(const ConfigReader& at, std::string& path) {
  const auto text = at.text();
  if (!text) return;
  if (text->front() != '/' || text->find(' ') != std::string::npos) {
    at.refuse_value("is no path of a URL: begin with a / and write a blank as %20");
    return;
  }
  path = *text;
}

void read_host(const ConfigReader& at, std::string& host) {
  const auto text = at.text();
  if (!text) return;
  if (text->find_first_of(" /") != std::string::npos) {
    at.refuse_value("is no host name: write it as in www.example.com");
    return;
  }
  host = *text;
}

void read_command(const ConfigReader& at, std::vector<std::string>& command) {
  for (const ConfigReader& word : at.elements()) command.push_back(word.text().value_or(""));
  if (!at.value().is_array()) return;
  if (command.empty()) {
    at.refuse("holds no program: give its absolute path and its arguments");
  } else if (command.front().empty() || command.front().front() != '/') {
    at.refuse("its program is no absolute path: write it as in [\"/usr/local/lib/turnout/check\", \"-v\"]");
  }
}

void read_what_is_asked(const ConfigReader& at, HealthConfig& health) {
  at.read_integer("port", 1, kMostPort, health.port);
  if (health.type == HealthType::udp) {
    read_octets(at, "send", health.send);
    read_octets(at, "expect", health.expect);
  }
  if (is_web(health.type)) {
    at.read_text("expect", health.expect);
    if (const auto path = at.member("path")) read_path(*path, health.path);
    if (const auto host = at.member("host")) read_host(*host, health.host);
    if (const auto status = at.member("status")) read_status(*status, health);
  }
  if (health.type != HealthType::exec) return;
  if (const auto command = at.required_member("command", "the program's absolute path and its arguments"))
    read_command(*command, health.command);
}

bool is_text(const std::string& octets) {
  return std::ranges::all_of(octets, [](char c) { return c >= ' ' && c < '\x7f'; });
}

void add_octets(const std::string& name, const std::string& octets, Json& json) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (octets.empty()) return;
  if (is_text(octets)) {
    json[name] = octets;
    return;
  }
  std::string hex;
  for (const char c : octets) {
    const auto octet = static_cast<uint8_t>(c);
    hex += kDigits[octet >> 4];
    hex += kDigits[octet & 0xF];
  }
  json[name + "_hex"] = hex;
}

}  // namespace

HealthConfig default_health(const ServiceKey& service) {
  HealthConfig health;
  const bool by_tcp = service.is_group() || (service.protocol == Protocol::tcp && service.is_one_port());
  health.type = by_tcp ? HealthType::tcp : HealthType::icmp;
  return health;
}

HealthConfig read_health(const ConfigReader& at, const ServiceKey& service) {
  HealthConfig health = default_health(service);
  if (!at.expect_object({"type", "interval", "timeout", "rise", "fall", "jitter", "damping", "port", "send",
                         "send_hex", "expect", "expect_hex", "path", "host", "status", "command"})) {
    return health;
  }
  if (const auto type_at = at.member("type")) {
    const auto type = read_type(*type_at);
    if (!type) return health;
    health.type = *type;
  }
  refuse_strangers(at, health.type);
  if (health.type == HealthType::none) return health;
  read_timings(at, health.timings);
  at.read_integer("jitter", 0, kMostPercent, health.jitter);
  at.read_integer("damping", 0, kMostDamping, health.damping);
  read_what_is_asked(at, health);
  const bool asks_a_port = health.type != HealthType::icmp && health.type != HealthType::exec;
  if (asks_a_port && health.port == 0 && !service.is_group() && !service.is_one_port() && !is_unread(service))
    at.refuse("which of the service's ports it asks is open: give \"port\", or use type icmp");
  return health;
}

Json to_json(const HealthConfig& health) {
  Json json = {{"type", to_string(health.type)}};
  if (health.type == HealthType::none) return json;
  add_timings(health.timings, json);
  json["jitter"] = health.jitter;
  json["damping"] = health.damping;
  if (health.port != 0) json["port"] = health.port;
  add_octets("send", health.send, json);
  if (is_web(health.type)) {
    json["path"] = health.path;
    if (!health.host.empty()) json["host"] = health.host;
    json["status"] = std::to_string(health.least_status) + "-" + std::to_string(health.most_status);
    if (!health.expect.empty()) json["expect"] = health.expect;
  } else {
    add_octets("expect", health.expect, json);
  }
  if (!health.command.empty()) json["command"] = health.command;
  return json;
}

std::string describe(const HealthConfig& health) {
  if (health.type == HealthType::none) return "none";
  return to_json(health).dump();
}

}  // namespace turnout
