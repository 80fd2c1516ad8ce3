#include "control/filter_plan.h"

#include <algorithm>
#include <utility>

#include "control/config_rules.h"
#include "control/prefix_file.h"
#include "control/prefix_text.h"

namespace turnout {

namespace {

// Half of what can be counted: one set may replace another while workers still use it.
constexpr size_t kMostPrefixes = kMaxFilterRules / 2;

void add(LoadedList& list, const std::vector<InterfaceAddress>& prefixes) {
  for (const InterfaceAddress& prefix : prefixes) {
    if (prefix.address.is_v4()) {
      list.ipv4.push_back({prefix.address.to_v4().to_uint(), prefix.prefix_length});
    } else {
      list.ipv6.push_back({to_octets16(prefix.address), prefix.prefix_length});
    }
  }
}

template <typename Prefix>
void drop_doubles(std::vector<Prefix>& prefixes) {
  std::ranges::sort(prefixes);
  prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
}

LoadedList load_list(const FilterListConfig& config, const std::string& at, ConfigErrors& errors) {
  LoadedList list;
  add(list, config.prefixes);
  if (!config.file.empty()) {
    list.file_changed = changed_at(config.file);
    Parsed<std::vector<InterfaceAddress>> read = read_prefix_file(config.file, at + "/file");
    if (read.value) add(list, *read.value);
    errors.insert(errors.end(), read.errors.begin(), read.errors.end());
  }
  drop_doubles(list.ipv4);
  drop_doubles(list.ipv6);
  return list;
}

bool holds(const Prefix4& outer, const Prefix4& inner) {
  if (outer.length > inner.length) return false;
  return outer.length == 0 || (outer.address ^ inner.address) >> (32 - outer.length) == 0;
}

bool holds(const Prefix6& outer, const Prefix6& inner) {
  if (outer.length > inner.length) return false;
  const size_t whole = outer.length / 8;
  if (!std::equal(outer.address.begin(), outer.address.begin() + static_cast<std::ptrdiff_t>(whole),
                  inner.address.begin()))
    return false;
  const unsigned rest = outer.length % 8;
  return rest == 0 || (outer.address[whole] ^ inner.address[whole]) >> (8 - rest) == 0;
}

/// Sorted, each prefix comes after all that hold it.
template <typename Prefix>
std::vector<uint32_t> find_around(const std::vector<Prefix>& prefixes) {
  std::vector<uint32_t> around, open;
  around.reserve(prefixes.size());
  for (uint32_t i = 0; i < prefixes.size(); ++i) {
    while (!open.empty() && !holds(prefixes[open.back()], prefixes[i])) open.pop_back();
    around.push_back(open.empty() ? 0 : open.back() + 1);
    open.push_back(i);
  }
  return around;
}

template <typename Prefix>
FamilyPlan<Prefix> plan_family(const LoadedFilters& loaded, std::vector<Prefix> LoadedList::*family) {
  FamilyPlan<Prefix> plan;
  for (const auto& lists : loaded) {
    for (const LoadedList& list : lists)
      plan.prefixes.insert(plan.prefixes.end(), (list.*family).begin(), (list.*family).end());
  }
  drop_doubles(plan.prefixes);
  plan.around = find_around(plan.prefixes);
  for (const auto& lists : loaded) {
    auto& rules = plan.rules.emplace_back();
    std::vector<bool> taken(plan.prefixes.size());
    for (uint32_t list = 0; list < lists.size(); ++list) {
      for (const Prefix& prefix : lists[list].*family) {
        const auto at = std::ranges::lower_bound(plan.prefixes, prefix) - plan.prefixes.begin();
        const auto place = static_cast<size_t>(at);
        if (taken[place]) continue;  // that of an earlier list
        taken[place] = true;
        rules.push_back({static_cast<uint32_t>(place + 1), list});
      }
    }
  }
  return plan;
}

}  // namespace

Parsed<LoadedFilters> load_filters(const std::vector<FilterConfig>& filters) {
  Parsed<LoadedFilters> parsed;
  LoadedFilters loaded;
  size_t prefixes = 0;
  for (size_t i = 0; i < filters.size(); ++i) {
    auto& lists = loaded.emplace_back();
    for (size_t j = 0; j < filters[i].lists.size(); ++j) {
      lists.push_back(load_list(filters[i].lists[j], item(item("/filters", i) + "/lists", j), parsed.errors));
      prefixes += lists.back().size();
    }
  }
  if (prefixes > kMostPrefixes) {
    parsed.errors.push_back({"/filters", std::to_string(prefixes) + " prefixes in all lists: at most " +
                                             std::to_string(kMostPrefixes) +
                                             " are possible, let VIPs share filters or merge prefixes"});
  }
  if (parsed.errors.empty()) parsed.value = std::move(loaded);
  return parsed;
}

FilterPlan plan_filters(std::vector<FilterConfig> filters, LoadedFilters loaded) {
  FilterPlan plan;
  plan.filters = std::move(filters);
  plan.loaded = std::move(loaded);
  plan.ipv4 = plan_family(plan.loaded, &LoadedList::ipv4);
  plan.ipv6 = plan_family(plan.loaded, &LoadedList::ipv6);
  plan.classes = std::make_shared<const ClientClasses>(plan.ipv4.prefixes, plan.ipv6.prefixes);
  return plan;
}

Parsed<FilterPlan> load_and_plan(const std::vector<FilterConfig>& filters) {
  Parsed<LoadedFilters> loaded = load_filters(filters);
  if (!loaded.value) return {std::nullopt, std::move(loaded.errors)};
  return plan_or_say_why(filters, std::move(*loaded.value));
}

Parsed<FilterPlan> plan_or_say_why(std::vector<FilterConfig> filters, LoadedFilters loaded) {
  try {
    return {plan_filters(std::move(filters), std::move(loaded)), {}};
  } catch (const ClientClasses::NoMemory& no_memory) {
    return {std::nullopt,
            {{"/filters", no_memory.what +
                              ": give DPDK more memory (more hugepages, or with --no-huge a larger -m in "
                              "eal.args), or use fewer or shorter prefixes"}}};
  }
}

std::string prefix_text(const Prefix4& prefix) {
  return prefix_text(InterfaceAddress{from_be32(rte_cpu_to_be_32(prefix.address)), prefix.length});
}

std::string prefix_text(const Prefix6& prefix) {
  return prefix_text(InterfaceAddress{from_octets16(prefix.address), prefix.length});
}

}  // namespace turnout
