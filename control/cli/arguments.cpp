#include "control/cli/arguments.h"

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
  if (protocol != "tcp" && protocol != "udp") {
    throw UsageError("a service is 'tcp VIP:PORT' or 'udp VIP:PORT'; " + in_quotes(protocol) +
                     " is no protocol");
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
  const uint64_t port =
      parse_number("the port of " + in_quotes(endpoint), endpoint.substr(colon + 1), 1, kHighestPort);
  return {{"vip", *vip}, {"protocol", protocol}, {"port", port}};
}

Json parse_service_path(const std::string& path) {
  const size_t slash = path.find('/');
  if (slash == std::string::npos) {
    throw UsageError("--service: " + in_quotes(path) + " is not of the form tcp/VIP:PORT");
  }
  return parse_service_key(path.substr(0, slash), path.substr(slash + 1));
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
