// What operators type, turned into the parameters of requests. All throw UsageError, saying what was
// expected.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "control/cli/json.h"

namespace turnout::cli {

/// A whole number in decimal, from `least` to `most`. `what` names it in the error: "--weight".
uint64_t parse_number(const std::string& what, const std::string& text, uint64_t least, uint64_t most);

/// ("tcp", "192.0.2.100:80"), ("tcp", "[2001:db8::1]:80") or ("tcp", "192.0.2.100:8000-8099") → {"vip",
/// "protocol", "port"}, the VIP in canonical form; port 0: all. ("group", "web") → {"group"}
Json parse_service_key(const std::string& protocol, const std::string& endpoint);

/// How many of `words` name the service that they begin with: of "group web ipv6" three, else two.
size_t service_words(const std::vector<std::string>& words);

/// The words of a whole service: "tcp 192.0.2.100:80", "group web", "group web ipv6".
Json parse_service_words(const std::vector<std::string>& words);

/// "tcp/192.0.2.100:80", "group/web", "group/web/ipv6", as an option takes it.
Json parse_service_path(const std::string& path);

/// An address without a port, in canonical form. `what` names it in the error: "real server".
std::string parse_address(const std::string& what, const std::string& text);

/// "90", "90s", "5m" or "2h". `what` names it in the error: "--deadline".
std::chrono::seconds parse_duration(const std::string& what, const std::string& text);
/// An address, or a prefix such as "192.0.2.0/24", the address in canonical form.
std::string parse_prefix(const std::string& what, const std::string& text);

uint64_t parse_weight(const std::string& text);

/// "192.0.2.11", "192.0.2.11,weight=2,mac=02:00:00:00:00:12" → {"address", "weight"?, "mac"?}
Json parse_server(const std::string& text);

}  // namespace turnout::cli
