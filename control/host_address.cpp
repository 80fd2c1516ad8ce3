#include "control/host_address.h"

#include <algorithm>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

namespace turnout {
namespace {

/// RFC 1122 §3.2.1.3, RFC 5771, RFC 1112 §4.
std::string why_not_a_host(const boost::asio::ip::address_v4& address) {
  const unsigned first = address.to_bytes()[0];
  if (first == 0) return "is in 0.0.0.0/8, \"this network\"";
  if (first == 127) return "is in 127.0.0.0/8, loopback";
  if (address.is_multicast()) return "is in 224.0.0.0/4, multicast";
  if (address == boost::asio::ip::address_v4::broadcast()) return "is the broadcast address";
  if (first >= 240) return "is in 240.0.0.0/4, reserved";
  return "";
}

/// RFC 4291 §2.4, §2.5.
std::string why_not_a_host(const boost::asio::ip::address_v6& address) {
  constexpr size_t kLeadingZeros = 12;  // octets of ::/96, the IPv4-compatible addresses
  const auto octets = address.to_bytes();
  if (address.is_unspecified()) return "is the unspecified address";
  if (address.is_loopback()) return "is the loopback address";
  if (address.is_multicast()) return "is in ff00::/8, multicast";
  if (std::all_of(octets.begin(), octets.begin() + kLeadingZeros, [](auto octet) { return octet == 0; })) {
    return "is in ::/96, IPv4-compatible, which nobody may use any more";
  }
  return "";
}

/// The longest prefix whose subnet has addresses with a role: a /31 or /32 has none (RFC 3021), nor has a
/// /127 or /128 (RFC 6164).
unsigned longest_prefix_with_roles(const IpAddress& address) {
  return address.is_v4() ? 30 : 126;
}

}  // namespace

const char* family_of(const IpAddress& address) {
  return address.is_v4() ? "IPv4" : "IPv6";
}

std::string why_not_a_host(const IpAddress& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return "is in ::ffff:0:0/96, an IPv4 address in the form of IPv6: write it as " +
           boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6()).to_string();
  }
  const std::string why = address.is_v4() ? why_not_a_host(address.to_v4()) : why_not_a_host(address.to_v6());
  if (why.empty()) return "";
  return why + ": use one host's " + family_of(address) + " address";
}

bool is_ipv6_link_local(const IpAddress& address) {
  return address.is_v6() && address.to_v6().is_link_local();
}

std::string network_of(const InterfaceAddress& own) {
  using namespace boost::asio::ip;
  if (own.address.is_v4()) {
    return make_network_v4(own.address.to_v4(), own.prefix_length).canonical().to_string();
  }
  return make_network_v6(own.address.to_v6(), own.prefix_length).canonical().to_string();
}

std::string role_in_subnet(const InterfaceAddress& subnet, const IpAddress& address) {
  using namespace boost::asio::ip;
  if (subnet.prefix_length > longest_prefix_with_roles(subnet.address) || !subnet.contains(address)) {
    return "";
  }
  if (subnet.address.is_v6()) {  // RFC 4291 §2.6.1; IPv6 has no broadcast
    const auto network = make_network_v6(subnet.address.to_v6(), subnet.prefix_length);
    return address == network.network() ? "network (subnet-router anycast)" : "";
  }
  const auto network = make_network_v4(subnet.address.to_v4(), subnet.prefix_length);
  if (address == network.network()) return "network";
  return address == network.broadcast() ? "broadcast" : "";
}

}  // namespace turnout
