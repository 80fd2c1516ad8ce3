// Values as people read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace turnout::cli {

/// The text with everything that could steer a terminal (C0, DEL, C1) shown as an escape, such as \x1b.
std::string printable(std::string_view text);
std::string in_quotes(std::string_view text);  ///< printable, in single quotes

std::string format_duration(uint64_t seconds);                 ///< "45s", "2m 05s", "2h 03m", "3d 04h"
std::string format_share(uint64_t part, uint64_t whole);       ///< "12.5 %"; "-" of nothing
std::string format_quotient(double dividend, double divisor);  ///< "12.5"; "-" of a division by 0
std::string format_endpoint(std::string_view address, std::string_view port);  ///< "[2001:db8::1]:80"

}  // namespace turnout::cli
