// Filters made ready to be put in force: their files read, and the table of all their prefixes built. It is
// what takes time, and touches nothing that runs: any thread may do it.
#pragma once

#include <array>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "control/config_json.h"
#include "dataplane/client_filter.h"

namespace turnout {

/// A list's prefixes, from the configuration and from its file.
struct LoadedList {
  std::vector<Prefix4> ipv4;
  std::vector<Prefix6> ipv6;
  std::optional<std::filesystem::file_time_type> file_changed;  // before it was read
  size_t size() const { return ipv4.size() + ipv6.size(); }
};

/// By filter, and by list.
using LoadedFilters = std::vector<std::vector<LoadedList>>;

/// Reads the files. Errors have pointers as into the whole configuration.
Parsed<LoadedFilters> load_filters(const std::vector<FilterConfig>& filters);

/// The prefixes of one family.
template <typename Prefix>
struct FamilyPlan {
  struct Rule {
    uint32_t prefix;  // its class, 1 for the first
    uint32_t list;    // index of the list that has it
  };
  std::vector<Prefix> prefixes;          // of all filters, each once: class 1, 2, …
  std::vector<uint32_t> around;          // for each of them, the class of the longest that holds it; 0: none
  std::vector<std::vector<Rule>> rules;  // by filter, each prefix once
};

struct FilterPlan {
  std::vector<FilterConfig> filters;
  LoadedFilters loaded;
  FamilyPlan<Prefix4> ipv4;
  FamilyPlan<Prefix6> ipv6;
  std::shared_ptr<const ClientClasses> classes;
};

/// EAL must run, unless there is no prefix. Throws ClientClasses::NoMemory.
FilterPlan plan_filters(std::vector<FilterConfig> filters, LoadedFilters loaded);

/// The same, with an error in place of the exception.
Parsed<FilterPlan> plan_or_say_why(std::vector<FilterConfig> filters, LoadedFilters loaded);
/// Reads and plans.
Parsed<FilterPlan> load_and_plan(const std::vector<FilterConfig>& filters);

/// "198.51.100.0/24"
std::string prefix_text(const Prefix4& prefix);
std::string prefix_text(const Prefix6& prefix);

}  // namespace turnout
