// Replacing a file so that after a crash there is the old one or the new one, whole.
#pragma once

#include <filesystem>
#include <string_view>

namespace turnout {

/// Writes beside `file`, syncs and renames. The file keeps its mode; what it was stays as "FILE.bak". Throws
/// std::runtime_error naming file and reason; `file` is unharmed then.
void replace_file(const std::filesystem::path& file, std::string_view text);

}  // namespace turnout
