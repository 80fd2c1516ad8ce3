// Single values of the files that are imported: numbers, addresses, ranges and masks.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace turnout::cli {

using Address = boost::asio::ip::address;

std::optional<uint64_t> read_whole_number(std::string_view text);

/// A port, 0 to 65535.
std::optional<uint16_t> read_port(std::string_view text);

/// Seconds with up to three decimals, as the daemon takes them; rounded to a millisecond.
std::optional<double> read_seconds(std::string_view text);

/// Either family, without a zone (%eth0).
std::optional<Address> read_address(std::string_view text);

/// Why no host has it for itself, as the daemon sees it: "is a loopback address"; "" if one may.
std::string why_no_host(const Address& address);

/// keepalived's forms: 192.0.2.1, 192.0.2.1-10, 192.0.2.1-192.0.2.10, 192.0.2.8/29, and IPv6 alike
/// (2001:db8::2-9: the end in hexadecimal). Nothing if it is no such range or holds more than `most`.
std::optional<std::vector<Address>> read_address_range(const std::string& text, size_t most);

/// 255.255.255.0 → 24, and for IPv6 the length itself. Nothing if it is no mask.
std::optional<unsigned> read_mask(const std::string& text, bool is_ipv6);

/// yes of "", on, true and yes; no of off, false and no; nothing of another word.
std::optional<bool> read_switch(std::string_view text);

}  // namespace turnout::cli
