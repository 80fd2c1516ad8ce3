// The list of services and real servers: what is in it, in which order, and how each is written.
#pragma once

#include <string>
#include <vector>

#include "control/cli/top/view.h"

namespace turnout::cli::top {

/// The rows that pass the filter, sorted. A service comes before its servers; where services are hidden, the
/// servers of all stand in one order, each with its service behind it.
std::vector<Line> list_rows(const Model& model, const Wishes& wishes, size_t columns);

Line list_title(const Wishes& wishes, size_t columns);

/// "packets/s"
const char* name_of(SortBy column);

/// In characters: "…" is one.
size_t width_of(const std::string& text);

/// Cut in the middle, where it tells least, to `width` characters.
std::string fit(const std::string& text, size_t width);
std::string left(const std::string& text, size_t width);   ///< fitted, and filled up with spaces
std::string right(const std::string& text, size_t width);  ///< likewise, the spaces first

}  // namespace turnout::cli::top
