#include "control/cli/import/values.h"

#include <algorithm>
#include <array>
#include <bit>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <charconv>
#include <cmath>

namespace turnout::cli {
namespace {

namespace ip = boost::asio::ip;

constexpr unsigned kBitsV4 = 32, kBitsV6 = 128;

template <typename T>
std::optional<T> read_all(std::string_view text, int base = 10) {
  T number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

/// The address that follows; of the last one, the first.
Address next(const Address& address) {
  const auto add_one = [](auto bytes) {
    for (auto byte = bytes.rbegin(); byte != bytes.rend() && ++*byte == 0; ++byte) {
    }
    return bytes;
  };
  if (address.is_v4()) return ip::address_v4(add_one(address.to_v4().to_bytes()));
  return ip::address_v6(add_one(address.to_v6().to_bytes()));
}

/// The end of a range, as an address or as another last part (octet, or 16 bits in hexadecimal).
std::optional<Address> read_range_end(const Address& first, const std::string& text) {
  constexpr int kHexadecimal = 16;
  if (const auto whole = read_address(text)) return whole;
  if (first.is_v4()) {
    auto bytes = first.to_v4().to_bytes();
    const auto last = read_all<uint8_t>(text);
    if (!last) return std::nullopt;
    bytes.back() = *last;
    return ip::address_v4(bytes);
  }
  auto bytes = first.to_v6().to_bytes();
  const auto last = read_all<uint16_t>(text, kHexadecimal);
  if (!last) return std::nullopt;
  bytes[14] = static_cast<unsigned char>(*last >> 8);
  bytes[15] = static_cast<unsigned char>(*last & 0xff);
  return ip::address_v6(bytes);
}

std::optional<std::vector<Address>> all_between(const Address& first, const Address& last, size_t most) {
  std::vector<Address> addresses;
  if (first.is_v4() != last.is_v4() || last < first) return std::nullopt;
  for (Address each = first;; each = next(each)) {
    if (addresses.size() == most) return std::nullopt;
    addresses.push_back(each);
    if (each == last) return addresses;
  }
}

/// The subnet's addresses, all of them.
std::optional<std::vector<Address>> all_of_subnet(const Address& address, unsigned prefix, size_t most) {
  const unsigned bits = address.is_v4() ? kBitsV4 : kBitsV6;
  if (prefix > bits || bits - prefix > 16) return std::nullopt;
  const size_t count = size_t{1} << (bits - prefix);
  if (count > most) return std::nullopt;
  std::vector<Address> addresses;
  Address each = address.is_v4()
                     ? Address(ip::make_network_v4(address.to_v4(), static_cast<uint16_t>(prefix)).network())
                     : Address(ip::make_network_v6(address.to_v6(), static_cast<uint16_t>(prefix)).network());
  for (size_t i = 0; i < count; ++i, each = next(each)) addresses.push_back(each);
  return addresses;
}

}  // namespace

std::optional<uint64_t> read_whole_number(std::string_view text) {
  return read_all<uint64_t>(text);
}

std::optional<uint16_t> read_port(std::string_view text) {
  return read_all<uint16_t>(text);
}

std::optional<double> read_seconds(std::string_view text) {
  constexpr double kMilli = 1000;
  double seconds = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, seconds, std::chars_format::fixed);
  if (error != std::errc() || stop != end || !std::isfinite(seconds)) return std::nullopt;
  return std::round(seconds * kMilli) / kMilli;
}

std::optional<Address> read_address(std::string_view text) {
  if (text.find_first_not_of("0123456789abcdefABCDEF.:") != std::string_view::npos) return std::nullopt;
  boost::system::error_code error;
  const Address address = ip::make_address(text, error);
  if (error) return std::nullopt;
  return address;
}

std::string why_no_host(const Address& address) {
  if (address.is_unspecified()) return "is the unspecified address";
  if (address.is_loopback()) return "is a loopback address";
  if (address.is_multicast()) return "is a multicast address";
  if (address.is_v4()) {
    const unsigned first = address.to_v4().to_bytes()[0];
    return first == 0 || first >= 240 ? "is reserved" : "";
  }
  constexpr size_t kLeadingZeros = 12;  // octets of ::/96
  const auto octets = address.to_v6().to_bytes();
  if (address.to_v6().is_v4_mapped()) return "is an IPv4 address in the form of IPv6";
  if (address.to_v6().is_link_local()) return "is link-local";
  const bool is_compatible =
      std::all_of(octets.begin(), octets.begin() + kLeadingZeros, [](auto o) { return o == 0; });
  return is_compatible ? "is in ::/96" : "";
}

std::optional<std::vector<Address>> read_address_range(const std::string& text, size_t most) {
  const size_t mark = text.find_first_of("-/");
  const auto first = read_address(text.substr(0, mark));
  if (!first) return std::nullopt;
  if (mark == std::string::npos) return std::vector{*first};
  const std::string rest = text.substr(mark + 1);
  if (text[mark] == '/') {
    const auto prefix = read_all<unsigned>(rest);
    return prefix ? all_of_subnet(*first, *prefix, most) : std::nullopt;
  }
  const auto last = read_range_end(*first, rest);
  return last ? all_between(*first, *last, most) : std::nullopt;
}

std::optional<unsigned> read_mask(const std::string& text, bool is_ipv6) {
  const auto number = read_all<unsigned>(text);
  if (number) return *number <= (is_ipv6 ? kBitsV6 : kBitsV4) ? number : std::nullopt;
  const auto mask = read_address(text);
  if (is_ipv6 || !mask || !mask->is_v4()) return std::nullopt;
  const uint32_t bits = mask->to_v4().to_uint();
  const auto length = static_cast<unsigned>(std::countl_one(bits));
  if (length + static_cast<unsigned>(std::countr_zero(bits)) < kBitsV4) return std::nullopt;
  return length;
}

std::optional<bool> read_switch(std::string_view text) {
  constexpr std::array<std::string_view, 4> kYes{"", "on", "true", "yes"};
  constexpr std::array<std::string_view, 3> kNo{"off", "false", "no"};
  if (std::ranges::find(kYes, text) != kYes.end()) return true;
  if (std::ranges::find(kNo, text) != kNo.end()) return false;
  return std::nullopt;
}

}  // namespace turnout::cli
