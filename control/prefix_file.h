// Files of prefixes, as blocklists are published: one a line.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "control/address.h"
#include "control/config_json.h"

namespace turnout {

/// `#` and `;` begin a comment, empty lines count for nothing, and lines may end as Windows' do. Every line
/// that is no prefix is an error, of which the first few are told with their numbers. `at`: the pointer of
/// them.
Parsed<std::vector<InterfaceAddress>> read_prefix_file(const std::filesystem::path& file,
                                                       const std::string& at);

/// When the file was last changed; none if that can't be told.
std::optional<std::filesystem::file_time_type> changed_at(const std::filesystem::path& file);

}  // namespace turnout
