// What health checks say, as far as it is made of what others sent.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace turnout {

/// At most `most` characters, "?" for each octet that is not printable ASCII: servers and programs may say
/// anything, and logs and JSON take neither control characters nor broken UTF-8.
std::string printable(std::string_view text, size_t most);

/// "1 s", "1.5 s", "200 ms".
std::string in_words(std::chrono::milliseconds time);

}  // namespace turnout
