#include "control/address.h"

#include <algorithm>
#include <array>
#include <boost/endian/conversion.hpp>
#include <charconv>
#include <cstdio>
#include <cstring>

namespace turnout {
namespace {

/// A decimal number of digits only, without leading zeros.
std::optional<unsigned> parse_decimal(std::string_view text) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

template <size_t kSize>
bool same_leading_bits(const std::array<unsigned char, kSize>& a, const std::array<unsigned char, kSize>& b,
                       size_t bits) {
  const size_t bytes = bits / 8;
  if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(bytes), b.begin())) return false;
  const size_t rest = bits % 8;
  return rest == 0 || ((a[bytes] ^ b[bytes]) >> (8 - rest)) == 0;
}

}  // namespace

std::optional<IpAddress> parse_address(std::string_view text) {
  // make_address() stops at a NUL and takes a zone ("%eth0"): neither is part of an address here.
  if (text.find_first_not_of("0123456789abcdefABCDEF.:") != std::string_view::npos) return std::nullopt;
  boost::system::error_code error;
  const IpAddress address = boost::asio::ip::make_address(text, error);
  if (error) return std::nullopt;
  return address;
}

rte_be32_t to_be32(const IpAddress& address) {
  return boost::endian::native_to_big(static_cast<uint32_t>(address.to_v4().to_uint()));
}

IpAddress from_be32(rte_be32_t address) {
  return boost::asio::ip::address_v4(boost::endian::big_to_native(address));
}

Ipv6Octets to_octets16(const IpAddress& address) {
  return address.to_v6().to_bytes();
}

IpAddress from_octets16(std::span<const uint8_t, 16> octets) {
  Ipv6Octets copy;
  std::copy(octets.begin(), octets.end(), copy.begin());
  return boost::asio::ip::address_v6(copy);
}

bool InterfaceAddress::contains(const IpAddress& other) const {
  if (address.is_v4() != other.is_v4()) return false;
  if (address.is_v4()) {
    return same_leading_bits(address.to_v4().to_bytes(), other.to_v4().to_bytes(), prefix_length);
  }
  return same_leading_bits(address.to_v6().to_bytes(), other.to_v6().to_bytes(), prefix_length);
}

std::string InterfaceAddress::to_string() const {
  return address.to_string() + "/" + std::to_string(prefix_length);
}

std::optional<InterfaceAddress> parse_interface_address(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = parse_address(text.substr(0, slash));
  const auto prefix_length = parse_decimal(text.substr(slash + 1));
  if (!address || !prefix_length || *prefix_length > (address->is_v4() ? 32u : 128u)) return std::nullopt;
  return InterfaceAddress{*address, static_cast<uint8_t>(*prefix_length)};
}

bool MacAddress::is_unicast() const {
  return rte_is_valid_assigned_ether_addr(&octets) != 0;
}

uint64_t MacAddress::to_number() const {
  uint64_t number = 0;
  for (const uint8_t octet : octets.addr_bytes) number = number << 8 | octet;
  return number;
}

std::string MacAddress::to_string() const {
  const uint8_t* o = octets.addr_bytes;
  std::array<char, sizeof "00:00:00:00:00:00"> text{};
  std::snprintf(text.data(), text.size(), "%02x:%02x:%02x:%02x:%02x:%02x", o[0], o[1], o[2], o[3], o[4],
                o[5]);
  return text.data();
}

std::optional<MacAddress> parse_mac(std::string_view text) {
  constexpr size_t kOctetText = 3;  // two digits and a colon
  MacAddress mac;
  if (text.size() != RTE_ETHER_ADDR_LEN * kOctetText - 1) return std::nullopt;
  for (size_t i = 0; i < RTE_ETHER_ADDR_LEN; ++i) {
    const char* digits = text.data() + i * kOctetText;
    if (i > 0 && digits[-1] != ':') return std::nullopt;
    const auto [end, error] = std::from_chars(digits, digits + 2, mac.octets.addr_bytes[i], 16);
    if (error != std::errc() || end != digits + 2) return std::nullopt;
  }
  return mac;
}

}  // namespace turnout
