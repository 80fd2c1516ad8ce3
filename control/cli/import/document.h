// The turnout.json that an import prints.
#pragma once

#include <iosfwd>
#include <string>

#include "control/cli/import/assembly.h"

namespace turnout::cli {

/// JSON with comments. `eal` and `ports`, which no foreign file knows, are placeholders: the director's
/// addresses are guessed from those of the real servers, so that `turnoutd --check` takes the whole.
void print_document(const Imported& imported, const std::string& source, std::ostream& out);

/// Short objects and lists on one line, long ones a member a line. `indent`: of the first line, which is not
/// indented itself.
std::string pretty(const Json& value, size_t indent);

}  // namespace turnout::cli
