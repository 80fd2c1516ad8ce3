// A configuration file as text: read and parsed as JSON with comments. What it means is for the daemon to
// judge.
#pragma once

#include <iosfwd>
#include <string>

#include "control/cli/json.h"

namespace turnout::cli {

/// The file's whole text; "-" reads `standard_input`. Throws InputError that names the file and the reason.
std::string read_text_file(const std::string& path, std::istream& standard_input);

/// "-" reads `standard_input`. Throws InputError that names the file and the place in it; a key given twice
/// is an error.
Json read_config_file(const std::string& path, std::istream& standard_input);

Json parse_config_text(const std::string& text, const std::string& name);

}  // namespace turnout::cli
