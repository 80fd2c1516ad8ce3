// How findings put things.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace turnout {

std::string with_one_decimal(double number);             ///< "9.8"
std::string as_share(uint64_t part, uint64_t whole);     ///< "81.3 %"; "0.0 %" of nothing
std::string counted(uint64_t number, const char* noun);  ///< "1 packet", "2 packets"
std::string on_port(const std::string& name);            ///< "port 'lan'"

/// "CPU 1, 2, 3".
std::string listed(const char* what, std::span<const unsigned> numbers);

}  // namespace turnout
