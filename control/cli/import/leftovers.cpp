#include "control/cli/import/leftovers.h"

#include <algorithm>
#include <ostream>

#include "control/cli/format.h"

namespace turnout::cli {

void Leftovers::add(size_t line, std::string what, std::string reason, std::string remedy) {
  Leftover leftover{line, std::move(what), std::move(reason), std::move(remedy)};
  if (std::ranges::find(all_, leftover) == all_.end()) all_.push_back(std::move(leftover));
}

void Leftovers::print(const std::string& file, std::ostream& out) const {
  std::vector<Leftover> sorted = all_;
  std::ranges::stable_sort(sorted, {}, &Leftover::line);
  for (const Leftover& each : sorted) {
    out << printable(file) << ':' << each.line << ": " << printable(each.what) << ": "
        << printable(each.reason) << "; " << printable(each.remedy) << '\n';
  }
}

}  // namespace turnout::cli
