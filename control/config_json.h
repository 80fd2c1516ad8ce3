// JSON ↔ Config. Reading reports every fault it finds, each with its JSON pointer (RFC 6901), a reason and a
// remedy.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "control/config.h"

namespace turnout {

using Json = nlohmann::json;

struct ConfigError {
  std::string pointer;  // RFC 6901; "" is the whole document
  std::string reason;   // names the value, what is wrong and what would be right
  std::string to_string() const;
};
using ConfigErrors = std::vector<ConfigError>;

/// A value read from JSON; `value` is set only if `errors` is empty.
template <typename T>
struct Parsed {
  std::optional<T> value;
  ConfigErrors errors;
};

/// Text with // and /* */ comments. Syntax errors name line and column; a key given twice is an error.
Parsed<Json> parse_json_text(const std::string& text);

/// Shape, ranges and cross-references (subnets, duplicates), as `--check` reports them.
Parsed<Config> parse_config(const Json& document);
Parsed<Config> load_config(const std::filesystem::path& file);

/// The text of a configuration file. The error of one that can't be read names it, the reason and the remedy.
Parsed<std::string> read_text_file(const std::filesystem::path& file);

/// Parts, as JSON-RPC methods receive them. Pointers in errors start with `at`.
Parsed<ServiceKey> parse_service_key(const Json& value, const std::string& at = "");
Parsed<ServiceConfig> parse_service(const Json& value, const std::string& at = "");
Parsed<RealServerConfig> parse_real_server(const Json& value, const std::string& at = "");
Parsed<FilterConfig> parse_filter(const Json& value, const std::string& at = "");
Parsed<VipConfig> parse_vip(const Json& value, const std::string& at = "");
Parsed<IpAddress> parse_host_address(const Json& value, const std::string& at = "");

/// Cross-references only: for a Config that was changed in memory.
ConfigErrors check_config(const Config& config);

/// Would `config`, which is valid, stay so with `next` in place of the service of its key? Looks at that
/// service alone; check_config() of the whole says what is wrong.
bool stays_valid(const Config& config, const ServiceConfig& next);

Json to_json(const ServiceKey& key);
Json to_json(const RealServerConfig& server);
Json flags_to_json(const ServiceConfig& service);  ///< ["mh-port"]
Json to_json(const ServiceConfig& service);
Json to_json(const FilterConfig& filter);
Json to_json(const VipConfig& vip);
Json gateways_to_json(const PortConfig& port);  ///< text for one, a list for two, null for none
Json to_json(const Config& config);             ///< parse_config(to_json(c)) gives c again

/// What `config.apply` answers: one sentence per difference, e.g. "tcp 192.0.2.100:80: add real server
/// 192.0.2.13".
std::vector<std::string> describe_changes(const Config& from, const Config& to);
std::vector<std::string> describe_changes(const ServiceConfig& from, const ServiceConfig& to);

/// What needs a restart to change (eal, workers, ports, buffers, connections.capacity, capacity_ipv6 and
/// limit_cells, control.socket, http): an error for each.
ConfigErrors check_unchangeable(const Config& from, const Config& to);

}  // namespace turnout
