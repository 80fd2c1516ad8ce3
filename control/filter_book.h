// The filters in force: what they are called, their rules' counters, and the tables that workers have of
// them. A rule keeps its counter for as long as its list has its prefix, whatever else changes. Control
// thread only.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "control/filter_plan.h"
#include "control/statistics.h"

namespace turnout {

class FilterBook {
 public:
  /// A prefix of a list, or what a filter does with all other clients.
  struct Rule {
    std::string prefix;
    uint32_t number = 0;  // its counter
  };
  struct List {
    std::vector<Rule> rules;  // but for those that an earlier list has as well
    size_t shadowed = 0;      // those
  };
  struct Filter {
    std::vector<List> lists;
    uint32_t otherwise = 0;  // the counter of clients in no list
  };
  /// What a list's rules have decided, all together.
  struct ListCount {
    uint64_t packets = 0;
    uint64_t rules = 0;
    uint64_t unmatched = 0;  // of them, those that no packet has had yet
  };
  /// Whose a counter is.
  struct Owner {
    size_t filter = 0;
    std::optional<size_t> list;  // none: the filter's default
    std::string prefix;          // "" likewise
  };

  explicit FilterBook(const Statistics& statistics) : statistics_(statistics) {}

  void put_in_force(FilterPlan plan);

  /// For the next snapshot; null if there is no filter.
  const std::shared_ptr<const ClientFilters>& tables() const { return tables_; }
  /// 0 for "", and for a filter that there isn't.
  uint8_t number_of(const std::string& name) const;

  const std::vector<FilterConfig>& configs() const { return configs_; }
  const std::vector<Filter>& filters() const { return filters_; }  ///< in the order of configs()
  const LoadedFilters& loaded() const { return loaded_; }          ///< without their prefixes
  uint64_t packets(uint32_t number) const;                         ///< since the rule is there
  ListCount count(size_t filter, size_t list) const;
  std::optional<Owner> owner_of(uint32_t number) const;  ///< none: it was removed

 private:
  struct Key {
    uint32_t list;  // of names_
    std::array<uint8_t, 16> address;
    uint8_t length;
    uint8_t version;  // 0: the filter's default
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const;
  };
  using Numbers = std::unordered_map<Key, uint32_t, KeyHash>;
  struct Retired {
    std::weak_ptr<const ClientFilters> tables;  // the last that used them
    std::vector<uint32_t> numbers;
  };

  uint32_t name_of(const std::string& filter, const std::string& list);
  uint32_t number_for(const Key& key, Numbers& next);
  uint32_t new_number();
  void free_retired();
  template <typename Prefix>
  void add_rules(const FilterPlan& plan, const FamilyPlan<Prefix>& family, size_t filter, Numbers& next,
                 ClientFilters::Column& column);

  const Statistics& statistics_;
  std::shared_ptr<const ClientFilters> tables_;
  std::vector<FilterConfig> configs_;
  LoadedFilters loaded_;
  std::vector<Filter> filters_;
  std::map<std::pair<std::string, std::string>, uint32_t> names_;  // of lists: filter and list
  Numbers numbers_;
  uint32_t used_ = 0;  // numbers that were ever given
  std::deque<uint32_t> free_;
  std::vector<Retired> retired_;
  std::unordered_map<uint32_t, uint64_t> before_;  // what a number had counted when it was given again
};

}  // namespace turnout
