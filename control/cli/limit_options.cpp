#include "control/cli/limit_options.h"

#include <limits>

#include "control/cli/arguments.h"
#include "control/cli/errors.h"
#include "control/cli/format.h"

namespace turnout::cli {
namespace {

constexpr uint64_t kMostPerSecond = 1'000'000'000;
constexpr uint64_t kMostOfClient = 1'000'000;
constexpr uint64_t kMostAtOnce = std::numeric_limits<uint32_t>::max();
constexpr uint64_t kMostOpen = std::numeric_limits<int32_t>::max();

/// "100", "100:500" or "none", as "WHAT_per_second" and "WHAT_burst". Without a burst it is the usual one.
void read_rate(const Request& request, const std::string& option, const std::string& what, uint64_t most,
               Json& limits) {
  const auto given = request.option(option);
  if (!given) return;
  const std::string name = "--" + option;
  limits[what + "_per_second"] = nullptr;
  limits[what + "_burst"] = nullptr;
  if (*given == "none") return;
  const size_t colon = given->find(':');
  limits[what + "_per_second"] = parse_number(name, given->substr(0, colon), 1, most);
  if (colon != std::string::npos)
    limits[what + "_burst"] = parse_number(name, given->substr(colon + 1), 1, kMostAtOnce);
}

/// "24", "56" or "24,56": the first of IPv4 if it can be.
void read_prefix_length(const std::string& text, Json& prefix) {
  const size_t comma = text.find(',');
  constexpr const char* kOption = "--prefix-length";
  prefix["ipv4"] = parse_number(kOption, text.substr(0, comma), 1, 32);
  if (comma != std::string::npos) prefix["ipv6"] = parse_number(kOption, text.substr(comma + 1), 1, 128);
}

}  // namespace

void read_limit_options(const Request& request, Json& service) {
  Json limits = Json::object(), client = Json::object(), prefix = Json::object();
  read_rate(request, "connection-rate", "connections", kMostPerSecond, limits);
  read_rate(request, "packet-rate", "packets", kMostPerSecond, limits);
  read_rate(request, "client-rate", "connections", kMostOfClient, client);
  read_rate(request, "prefix-rate", "connections", kMostOfClient, prefix);
  if (const auto most = request.option("client-connections"))
    client["connections"] =
        *most == "none" ? Json(nullptr) : Json(parse_number("--client-connections", *most, 1, kMostOpen));
  if (const auto lengths = request.option("prefix-length")) read_prefix_length(*lengths, prefix);
  if (const auto mode = request.option("limits")) {
    if (*mode != "enforce" && *mode != "observe")
      throw UsageError("--limits: " + in_quotes(*mode) + " is neither enforce nor observe");
    limits["observe"] = *mode == "observe";
  }
  if (!client.empty()) limits["client"] = std::move(client);
  if (!prefix.empty()) limits["client_prefix"] = std::move(prefix);
  if (!limits.empty()) service["limits"] = std::move(limits);
}

void add_limit_options(Command& command) {
  using Kind = CommandOption::Kind;
  const std::initializer_list<CommandOption> options = {
      {"connection-rate", Kind::value, "N[:BURST]|none", "new connections a second, of all clients"},
      {"packet-rate", Kind::value, "N[:BURST]|none", "packets a second, of all clients"},
      {"client-rate", Kind::value, "N[:BURST]|none", "new connections a second of each client"},
      {"client-connections", Kind::value, "N|none", "connections that each client may have open"},
      {"prefix-rate", Kind::value, "N[:BURST]|none", "new connections a second of all clients in a prefix"},
      {"prefix-length", Kind::value, "BITS[,BITS]", "of these prefixes, IPv4's and IPv6's (default 24,56)"},
      {"limits", Kind::value, "enforce|observe", "drop what is over a limit, or only count it"}};
  command.options.insert(command.options.end(), options);
}

}  // namespace turnout::cli
