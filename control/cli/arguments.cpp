#include "control/cli/arguments.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <limits>
#include <optional>

#include "control/cli/errors.h"
#include "control/cli/format.h"

namespace turnout::cli {
namespace {

constexpr uint64_t kHighestPort = 65535;

/// In canonical form (RFC 5952), as the daemon shows it; nothing if it is no address or has a zone (%eth0).
std::optional<std::string> canonical_address(const std::string& text) {
  if (text.find('%') != std::string::npos) return std::nullopt;
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(text, error);
  if (error) return std::nullopt;
  return address.to_string();
}

bool has_brackets(const std::string& text) {
  return text.size() > 2 && text.front() == '[' && text.back() == ']';
}

std::string without_brackets(const std::string& text) {
  return has_brackets(text) ? text.substr(1, text.size() - 2) : text;
}

/// Takes the part up to the comma, and the comma, off the front of `rest`.
std::string take_part(std::string& rest) {
  const size_t comma = rest.find(',');
  std::string part = rest.substr(0, comma);
  rest.erase(0, comma == std::string::npos ? rest.size() : comma + 1);
  return part;
}

/// "80", "0" (all ports), or a range: "8000-8099".
Json parse_ports(const std::string& what, const std::string& text) {
  const size_t dash = text.find('-', 1);
  if (dash == std::string::npos) return parse_number(what, text, 0, kHighestPort);
  const uint64_t first = parse_number(what, text.substr(0, dash), 1, kHighestPort - 1);
  parse_number(what, text.substr(dash + 1), first + 1, kHighestPort);
  return text;
}

/// A number is what LVS has: a firewall mark.
Json parse_group(const std::string& name) {
  if (name.empty()) throw UsageError("a group is 'group NAME' or 'group NUMBER'");
  uint32_t mark = 0;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data(), end, mark);
  if (error == std::errc() && stop == end) return {{"group", mark}};
  return {{"group", name}};
}

}  // namespace

uint64_t parse_number(const std::string& what, const std::string& text, uint64_t least, uint64_t most) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value < least || value > most) {
    throw UsageError(what + ": " + in_quotes(text) + " is no whole number from " + std::to_string(least) +
                     " to " + std::to_string(most));
  }
  return value;
}

std::chrono::seconds parse_duration(const std::string& what, const std::string& text) {
  constexpr uint64_t kMost = 1'000'000;
  uint64_t unit = 1;  // seconds
  std::string number = text;
  if (number.ends_with('m')) unit = 60;
  if (number.ends_with('h')) unit = 3600;
  if (unit > 1 || number.ends_with('s')) number.pop_back();
  if (number.empty() || number.find_first_not_of("0123456789") != std::string::npos)
    throw UsageError(what + ": " + in_quotes(text) + " is no time; write seconds, or 90s, 5m, 2h");
  return std::chrono::seconds(parse_number(what, number, 0, kMost) * unit);
}

Json parse_service_key(const std::string& protocol, const std::string& endpoint) {
  if (protocol == "group") return parse_group(endpoint);
  if (protocol != "tcp" && protocol != "udp" && protocol != "sctp") {
    throw UsageError("a service is 'tcp VIP:PORT', 'udp VIP:PORT', 'sctp VIP:PORT' or 'group NAME'; " +
                     in_quotes(protocol) + " is no protocol");
  }
  const size_t colon = endpoint.rfind(':');
  if (colon == std::string::npos) {
    throw UsageError(in_quotes(endpoint) + " has no port; a service is " + protocol + " VIP:PORT");
  }
  const std::string host = endpoint.substr(0, colon);
  const auto vip = canonical_address(without_brackets(host));
  const bool is_ipv6 = vip && vip->find(':') != std::string::npos;
  if (!vip || is_ipv6 != has_brackets(host)) {
    throw UsageError(in_quotes(endpoint) + " is no VIP:PORT, such as 192.0.2.100:80 or [2001:db8::1]:80");
  }
  return {{"vip", *vip},
          {"protocol", protocol},
          {"port", parse_ports("the port of " + in_quotes(endpoint), endpoint.substr(colon + 1))}};
}

size_t service_words(const std::vector<std::string>& words) {
  const bool names_family =
      words.size() > 2 && words[0] == "group" && (words[2] == "ipv4" || words[2] == "ipv6");
  return names_family ? 3 : 2;
}

Json parse_service_words(const std::vector<std::string>& words) {
  if (words.size() < 2 || words.size() != service_words(words))
    throw UsageError(
        "a service is 'tcp VIP:PORT', 'udp VIP:PORT', 'sctp VIP:PORT', 'group NAME' or 'group NAME ipv6'");
  Json key = parse_service_key(words[0], words[1]);
  if (words.size() == 3 && words[2] == "ipv6") key["family"] = "ipv6";
  return key;
}

Json parse_service_path(const std::string& path) {
  std::vector<std::string> words;
  for (size_t at = 0; at <= path.size();) {
    const size_t slash = std::min(path.find('/', at), path.size());
    words.push_back(path.substr(at, slash - at));
    at = slash + 1;
  }
  if (words.size() < 2 || words.size() != service_words(words)) {
    throw UsageError("--service: " + in_quotes(path) + " is not of the form tcp/VIP:PORT or group/NAME");
  }
  return parse_service_words(words);
}

std::string parse_address(const std::string& what, const std::string& text) {
  if (const auto address = canonical_address(text)) return *address;
  const std::string before_port = text.substr(0, text.rfind(':'));
  std::string why = " is no IP address";
  if (before_port != text && canonical_address(without_brackets(before_port))) {
    why = " has a port; give the address alone (Direct Routing never changes the port)";
  } else if (const auto address = canonical_address(without_brackets(text))) {
    why = " has brackets, which an address needs before a port only; give " + *address;
  }
  throw UsageError(what + ": " + in_quotes(text) + why);
}

std::string parse_prefix(const std::string& what, const std::string& text) {
  const size_t slash = text.find('/');
  std::string address = parse_address(what, text.substr(0, slash));
  if (slash == std::string::npos) return address;
  const uint64_t bits = address.find(':') == std::string::npos ? 32 : 128;
  const uint64_t length =
      parse_number("the prefix length of " + in_quotes(text), text.substr(slash + 1), 0, bits);
  return address + '/' + std::to_string(length);
}

uint64_t parse_weight(const std::string& text) {
  return parse_number("weight", text, 0, std::numeric_limits<uint32_t>::max());
}

Json parse_server(const std::string& text) {
  std::string rest = text;
  Json server = {{"address", parse_address("real server", take_part(rest))}};
  while (!rest.empty()) {
    const std::string part = take_part(rest);
    const size_t equals = part.find('=');
    const std::string name = part.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : part.substr(equals + 1);
    if (name == "weight") {
      server["weight"] = parse_weight(value);
    } else if (name == "mac") {
      server["mac"] = value;
    } else {
      throw UsageError("--server: " + in_quotes(part) + " is neither weight=N nor mac=MAC, in " +
                       in_quotes(text));
    }
  }
  return server;
}

}  // namespace turnout::cli
