#include "control/filter_book.h"

#include <algorithm>
#include <string_view>

namespace turnout {

namespace {

std::array<uint8_t, 16> octets_of(const Prefix4& prefix) {
  const rte_be32_t address = rte_cpu_to_be_32(prefix.address);
  std::array<uint8_t, 16> octets{};
  std::memcpy(octets.data(), &address, sizeof address);
  return octets;
}
std::array<uint8_t, 16> octets_of(const Prefix6& prefix) {
  return prefix.address;
}
constexpr uint8_t version_of(const Prefix4&) {
  return 4;
}
constexpr uint8_t version_of(const Prefix6&) {
  return 6;
}

FilterVerdict verdict(const FilterConfig& filter, FilterAction action, uint32_t rule) {
  if (action == FilterAction::allow) return FilterVerdict::allow(rule);
  return FilterVerdict::deny(rule, filter.denied == DeniedPolicy::reject);
}

}  // namespace

size_t FilterBook::KeyHash::operator()(const Key& key) const {
  const std::string_view octets(reinterpret_cast<const char*>(key.address.data()), key.address.size());
  constexpr size_t kMultiplier = 0x9E3779B97F4A7C15u;
  const size_t rest = size_t{key.list} << 16 | size_t{key.length} << 8 | key.version;
  return std::hash<std::string_view>()(octets) ^ rest * kMultiplier;
}

uint32_t FilterBook::name_of(const std::string& filter, const std::string& list) {
  return names_.try_emplace({filter, list}, static_cast<uint32_t>(names_.size())).first->second;
}

uint32_t FilterBook::new_number() {
  if (free_.empty()) return used_++;
  const uint32_t number = free_.front();
  free_.pop_front();
  before_[number] = statistics_.rule(number);
  return number;
}

/// A rule that was there keeps its number.
uint32_t FilterBook::number_for(const Key& key, Numbers& next) {
  if (const auto known = numbers_.find(key); known != numbers_.end()) {
    next.insert(numbers_.extract(known));
    return next.at(key);
  }
  const uint32_t number = new_number();
  next.emplace(key, number);
  return number;
}

/// Numbers are free once no snapshot has them any more.
void FilterBook::free_retired() {
  std::erase_if(retired_, [this](const Retired& retired) {
    if (!retired.tables.expired()) return false;
    free_.insert(free_.end(), retired.numbers.begin(), retired.numbers.end());
    return true;
  });
}

/// Writes down what the filter does with each class of clients: its own rule for the class, or else what it
/// does with the class around.
template <typename Prefix>
void FilterBook::add_rules(const FilterPlan& plan, const FamilyPlan<Prefix>& family, size_t filter,
                           Numbers& next, ClientFilters::Column& column) {
  const FilterConfig& config = plan.filters[filter];
  std::vector<const FilterListConfig*> owners(family.prefixes.size() + 1);
  column.assign(family.prefixes.size() + 1, verdict(config, config.otherwise, filters_[filter].otherwise));
  for (const auto& rule : family.rules[filter]) {
    const FilterListConfig& list = config.lists[rule.list];
    const Prefix& prefix = family.prefixes[rule.prefix - 1];
    const Key key{name_of(config.name, list.name), octets_of(prefix), prefix.length, version_of(prefix)};
    const uint32_t number = number_for(key, next);
    filters_[filter].lists[rule.list].rules.push_back({prefix_text(prefix), number});
    owners[rule.prefix] = &list;
    column[rule.prefix] = verdict(config, list.action, number);
  }
  for (size_t i = 1; i < column.size(); ++i) {
    if (owners[i] == nullptr) column[i] = column[family.around[i - 1]];
  }
}

void FilterBook::put_in_force(FilterPlan plan) {
  free_retired();
  auto tables = std::make_shared<ClientFilters>();
  tables->classes = plan.classes;
  tables->ipv4.resize(plan.filters.size() + 1);
  tables->ipv6.resize(plan.filters.size() + 1);
  Numbers next;
  filters_.assign(plan.filters.size(), {});
  for (size_t i = 0; i < plan.filters.size(); ++i) {
    filters_[i].lists.resize(plan.filters[i].lists.size());
    filters_[i].otherwise = number_for({name_of(plan.filters[i].name, ""), {}, 0, 0}, next);
    add_rules(plan, plan.ipv4, i, next, tables->ipv4[i + 1]);
    add_rules(plan, plan.ipv6, i, next, tables->ipv6[i + 1]);
    for (size_t j = 0; j < filters_[i].lists.size(); ++j)
      filters_[i].lists[j].shadowed = plan.loaded[i][j].size() - filters_[i].lists[j].rules.size();
  }
  Retired retired{tables_, {}};
  for (const auto& [key, number] : numbers_) retired.numbers.push_back(number);
  retired_.push_back(std::move(retired));
  numbers_ = std::move(next);
  configs_ = std::move(plan.filters);
  loaded_ = std::move(plan.loaded);
  for (auto& lists : loaded_) {
    for (LoadedList& list : lists) list = {{}, {}, list.file_changed};
  }
  tables_ = configs_.empty() ? nullptr : std::move(tables);
}

uint8_t FilterBook::number_of(const std::string& name) const {
  const auto found = std::ranges::find(configs_, name, &FilterConfig::name);
  return name.empty() || found == configs_.end() ? 0 : static_cast<uint8_t>(found - configs_.begin() + 1);
}

uint64_t FilterBook::packets(uint32_t number) const {
  const auto before = before_.find(number);
  return statistics_.rule(number) - (before == before_.end() ? 0 : before->second);
}

FilterBook::ListCount FilterBook::count(size_t filter, size_t list) const {
  ListCount count;
  for (const Rule& rule : filters_[filter].lists[list].rules) {
    const uint64_t counted = packets(rule.number);
    count.packets += counted;
    count.unmatched += counted == 0;
    ++count.rules;
  }
  return count;
}

std::optional<FilterBook::Owner> FilterBook::owner_of(uint32_t number) const {
  for (size_t i = 0; i < filters_.size(); ++i) {
    if (filters_[i].otherwise == number) return Owner{i, std::nullopt, ""};
    for (size_t j = 0; j < filters_[i].lists.size(); ++j) {
      const auto& rules = filters_[i].lists[j].rules;
      const auto rule = std::ranges::find(rules, number, &Rule::number);
      if (rule != rules.end()) return Owner{i, j, rule->prefix};
    }
  }
  return std::nullopt;
}

}  // namespace turnout
