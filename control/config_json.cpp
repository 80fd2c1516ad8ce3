// JSON → Config: every part but the ports, the services and the VIPs' settings.
#include "control/config_json.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "control/config_filter_json.h"
#include "control/config_port_json.h"
#include "control/config_reader.h"
#include "control/config_service_json.h"
#include "control/config_timeouts_json.h"
#include "control/config_vip_json.h"

namespace turnout {
namespace {

constexpr size_t kSocketPathSize = 108;  // of sockaddr_un's sun_path, which ends in NUL (unix(7))

void read_eal(const ConfigReader& at, EalConfig& eal) {
  if (!at.expect_object({"lcores", "args"})) return;
  at.read_text("lcores", eal.lcores);
  if (const auto args = at.member("args")) {
    for (const ConfigReader& arg : args->elements()) eal.args.push_back(arg.text().value_or(""));
  }
}

void read_workers(const ConfigReader& at, WorkersConfig& workers) {
  if (!at.expect_object({"idle"})) return;
  const auto idle = at.member("idle");
  const auto name = idle ? idle->text() : std::nullopt;
  if (!name) return;
  for (const auto policy : {IdlePolicy::poll, IdlePolicy::pause, IdlePolicy::sleep}) {
    if (*name != to_string(policy)) continue;
    workers.idle = policy;
    return;
  }
  idle->refuse_value(R"(is nothing that a worker does without packets: use "poll", "pause" or "sleep")");
}

void read_buffers(const ConfigReader& at, std::optional<uint32_t>& count) {
  constexpr uint64_t kLeast = 1024;
  constexpr uint64_t kMost = uint64_t{1} << 26;
  if (!at.expect_object({"count"})) return;
  uint32_t number = 0;
  at.read_integer("count", kLeast, kMost, number);
  if (number != 0) count = number;
}

void read_connections(const ConfigReader& at, ConnectionsConfig& connections) {
  constexpr uint64_t kMost = uint64_t{1} << 30;
  constexpr uint64_t kLeastCells = 1024, kMostCells = uint64_t{1} << 24;
  if (!at.expect_object({"capacity", "capacity_ipv6", "limit_cells", "timeouts"})) return;
  at.read_integer("capacity", kLeastConnections, kMost, connections.capacity);
  if (const auto capacity = at.member("capacity_ipv6")) {
    connections.capacity_ipv6 = capacity->integer(kLeastConnections, kMost);
  }
  at.read_integer("limit_cells", kLeastCells, kMostCells, connections.limit_cells);
  if (const auto timeouts = at.member("timeouts")) read_timeouts(*timeouts, connections.timeouts);
}

void read_socket(const ConfigReader& at, std::string& socket) {
  const auto path = at.text();
  if (!path) return;
  if (path->front() != '/' || path->back() == '/') {
    at.refuse_value("is no absolute path of a file: write it as in /run/turnout/control.sock");
  } else if (path->size() >= kSocketPathSize) {
    at.refuse("the path has " + std::to_string(path->size()) +
              " bytes, a UNIX socket's can have 107 at most: use a shorter one");
  } else {
    socket = *path;
  }
}

void read_control(const ConfigReader& at, Config& config) {
  if (!at.expect_object({"socket", "autosave"})) return;
  if (const auto socket = at.member("socket")) read_socket(*socket, config.control_socket);
  const auto autosave = at.member("autosave");
  if (!autosave) return;
  if (autosave->value().is_boolean()) {
    config.autosave = autosave->value().get<bool>();
  } else {
    autosave->refuse_value("is neither true nor false: use true to have changes over the socket saved here");
  }
}

/// "address:port" or "[address]:port", the brackets for IPv6 only (RFC 3986 §3.2.2).
bool is_listen_address(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto address = parse_address(host);
  uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  return address && address->is_v6() == bracketed && error == std::errc() &&
         end == port.data() + port.size() && number != 0;
}

void read_http(const ConfigReader& at, std::string& listen) {
  if (!at.expect_object({"listen"})) return;
  const auto listen_at = at.member("listen");
  if (!listen_at) return;
  if (listen_at->value() == "") {
    listen.clear();
    return;
  }
  const auto text = listen_at->text();
  if (!text) return;
  if (!is_listen_address(*text)) {
    listen_at->refuse_value(
        "is no address and port (1 to 65535): write it as in 127.0.0.1:9877 or [::1]:9877, or \"\" for none");
    return;
  }
  listen = *text;
}

void read_vip_watch(const ConfigReader& at, VipWatchConfig& watch) {
  constexpr auto kLongest = std::chrono::hours(1);
  if (!at.expect_object({"interval", "clear"})) return;
  constexpr auto kShortest = std::chrono::milliseconds(100);
  at.read_seconds("interval", std::chrono::milliseconds(0), kLongest, watch.interval);
  if (watch.interval > std::chrono::milliseconds(0) && watch.interval < kShortest) {
    at.member("interval")->refuse_value("is too often: use 0.1 or more, or 0 to only listen");
  }
  at.read_seconds("clear", kShortest, kLongest, watch.clear);
}

Config read_config(const ConfigReader& at) {
  Config config;
  if (!at.expect_object({"$schema", "eal", "workers", "ports", "buffers", "connections", "control", "http",
                         "vip_watch", "filters", "vips", "maintenance", "services"})) {
    return config;
  }
  if (const auto schema = at.member("$schema")) schema->text();  // for editors: it means nothing here
  if (const auto eal = at.member("eal")) read_eal(*eal, config.eal);
  if (const auto workers = at.member("workers")) read_workers(*workers, config.workers);
  if (const auto ports = at.required_member("ports", "at least one port")) read_ports(*ports, config.ports);
  if (const auto buffers = at.member("buffers")) read_buffers(*buffers, config.buffer_count);
  if (const auto connections = at.member("connections")) read_connections(*connections, config.connections);
  if (const auto control = at.member("control")) read_control(*control, config);
  if (const auto http = at.member("http")) read_http(*http, config.http_listen);
  if (const auto watch = at.member("vip_watch")) read_vip_watch(*watch, config.vip_watch);
  if (const auto filters = at.member("filters")) {
    for (const ConfigReader& filter : filters->elements()) config.filters.push_back(read_filter(filter));
  }
  if (const auto vips = at.member("vips")) {
    for (const ConfigReader& vip : vips->elements()) config.vips.push_back(read_vip(vip));
  }
  if (const auto maintenance = at.member("maintenance")) {
    for (const ConfigReader& server : maintenance->elements()) {
      if (const auto address = server.host_address()) config.maintenance.push_back(*address);
    }
  }
  if (const auto services = at.member("services")) {
    for (const ConfigReader& service : services->elements()) {
      config.services.push_back(read_service(service));
    }
  }
  return config;
}

}  // namespace

std::string ConfigError::to_string() const {
  return pointer.empty() ? reason : pointer + ": " + reason;
}

Parsed<Config> parse_config(const Json& document) {
  Parsed<Config> parsed;
  Config config = read_config(ConfigReader(document, "", parsed.errors));
  const ConfigErrors faults = check_config(config);
  parsed.errors.insert(parsed.errors.end(), faults.begin(), faults.end());
  if (parsed.errors.empty()) parsed.value = std::move(config);
  return parsed;
}

}  // namespace turnout
