#include "control/cli/ipvsadm/connections.h"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address_v4.hpp>
#include <cstdio>

#include "control/cli/ipvsadm/endpoint.h"
#include "control/cli/ipvsadm/numbers.h"
#include "control/cli/ipvsadm/virtual_server.h"

namespace turnout::cli::ipvsadm {
namespace {

std::string columns(const std::array<std::string, 6>& values) {
  constexpr std::array<size_t, 5> kWidths = {3, 6, 11, 18, 18};
  std::string line;
  for (size_t i = 0; i < kWidths.size(); ++i)
    line += values[i] + std::string(kWidths[i] - std::min(kWidths[i], values[i].size()), ' ') + ' ';
  return line + values.back() + '\n';
}

/// "14:57": minutes, more than 59 if need be, and seconds.
std::string clock(uint64_t seconds) {
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%02llu:%02llu", static_cast<unsigned long long>(seconds / 60),
                static_cast<unsigned long long>(seconds % 60));
  return buffer.data();
}

std::string upper_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c); });
  return text;
}

ServiceId at(const Json& connection, const char* address, uint64_t port, const std::string& protocol) {
  boost::system::error_code error;
  return {.protocol = protocol,
          .address = boost::asio::ip::make_address(text(connection, address), error),
          .port = static_cast<uint16_t>(port),
          .group = {}};
}

/// A group's persistence template has no protocol and port; the kernel writes the mark where the VIP is: in
/// the first 32 bits. A name can't be written so and is left out.
ServiceId mark_as_address(const ServiceId& group) {
  ServiceId result = group;
  result.group.clear();
  result.protocol = "ip";
  const uint32_t mark = to_number(group.group, 1, UINT32_MAX).value_or(0);
  if (!group.is_ipv6()) {
    result.address = boost::asio::ip::address_v4(mark);
    return result;
  }
  boost::asio::ip::address_v6::bytes_type bytes{};
  for (size_t i = 0; i < 4; ++i) bytes[i] = static_cast<unsigned char>(mark >> (24 - 8 * i));
  result.address = boost::asio::ip::address_v6(bytes);
  return result;
}

}  // namespace

std::string connections_title(bool persistence_engine) {
  const std::string title = "IPVS connection entries\n";
  if (!persistence_engine)
    return title + columns({"pro", "expire", "state", "source", "virtual", "destination"});
  return title + columns({"pro", "expire", "state", "source", "virtual",
                          "destination        pe name          pe_data"});
}

std::string connection_line(const Json& connection, const Names* names) {
  const ServiceId service = service_id(connection);
  const ServiceId shown = service.is_group() ? mark_as_address(service) : service;
  const ServiceId client = at(connection, "client", number(connection, "client_port"), shown.protocol);
  const ServiceId server = at(connection, "server", shown.port, shown.protocol);
  return columns({upper_case(shown.protocol), clock(number(connection, "expires")), text(connection, "state"),
                  write_endpoint(client, names), write_endpoint(shown, names),
                  write_endpoint(server, names)});
}

}  // namespace turnout::cli::ipvsadm
