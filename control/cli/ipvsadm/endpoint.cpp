#include "control/cli/ipvsadm/endpoint.h"

#include <algorithm>

#include "control/cli/ipvsadm/numbers.h"

namespace turnout::cli::ipvsadm {
namespace {

constexpr uint32_t kHighestPort = 65535;

bool all_digits(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Into `endpoint`; false if it is no port.
bool read_port(const std::string& text, const std::string& protocol, const Names& names, Endpoint& endpoint) {
  endpoint.has_port = true;
  const size_t dash = text.find('-');
  const auto first = to_number(text.substr(0, dash), 0, kHighestPort);
  if (dash != std::string::npos && first) {
    const auto last = to_number(text.substr(dash + 1), *first + 1, kHighestPort);
    if (*first == 0 || !last) return false;
    endpoint.last_port = static_cast<uint16_t>(*last);
  }
  const auto port = first ? static_cast<uint16_t>(*first) : names.port_of(text, protocol);
  endpoint.port = port.value_or(0);
  return port.has_value();
}

std::optional<Address> ipv6_of(const std::string& text) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address_v6(text, error);
  if (error || address.scope_id() != 0) return std::nullopt;
  return address;
}

/// "[2001:db8::100]:80": here, brackets need a port.
std::optional<Endpoint> read_brackets(const std::string& text, const std::string& protocol,
                                      const Names& names) {
  const size_t end = text.find("]:");
  if (end == std::string::npos) return std::nullopt;
  const auto address = ipv6_of(text.substr(1, end - 1));
  if (!address) return std::nullopt;
  Endpoint endpoint{.address = *address};
  if (!read_port(text.substr(end + 2), protocol, names, endpoint)) return std::nullopt;
  return endpoint;
}

std::string write_port(const ServiceId& endpoint, const Names* names) {
  if (endpoint.last_port != 0)
    return std::to_string(endpoint.port) + '-' + std::to_string(endpoint.last_port);
  const auto name = names != nullptr ? names->service_of(endpoint.port, endpoint.protocol) : std::nullopt;
  return name.value_or(std::to_string(endpoint.port));
}

}  // namespace

std::optional<Endpoint> parse_endpoint(const std::string& text, const std::string& protocol,
                                       const Names& names) {
  if (all_digits(text)) return std::nullopt;  // most likely a port; no host has such a name
  if (text.front() == '[') return read_brackets(text, protocol, names);
  if (const auto ipv6 = ipv6_of(text)) return Endpoint{.address = *ipv6};
  const size_t colon = text.rfind(':');
  const auto address = names.address_of(text.substr(0, colon));
  if (!address) return std::nullopt;
  Endpoint endpoint{.address = *address};
  if (colon != std::string::npos && !read_port(text.substr(colon + 1), protocol, names, endpoint))
    return std::nullopt;
  return endpoint;
}

std::string write_endpoint(const ServiceId& endpoint, const Names* names) {
  const auto name = names != nullptr ? names->host_of(endpoint.address) : std::nullopt;
  const std::string host = name.value_or(endpoint.address.to_string());
  const std::string port = write_port(endpoint, names);
  return endpoint.is_ipv6() ? '[' + host + "]:" + port : host + ':' + port;
}

}  // namespace turnout::cli::ipvsadm
