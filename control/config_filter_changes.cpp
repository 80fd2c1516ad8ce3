// What differs between the filters of two configurations, in sentences.
#include <algorithm>
#include <set>

#include "control/config_changes.h"
#include "control/prefix_text.h"

namespace turnout {
namespace {

constexpr size_t kMostNamed = 5;  // prefixes in one sentence

using Sentences = std::vector<std::string>;

std::string from_to_text(const std::string& from, const std::string& to) {
  return " from " + from + " to " + to;
}

/// Those of `of` that `other` lacks.
std::vector<std::string> prefixes_beside(const FilterListConfig& of, const FilterListConfig& other) {
  std::set<std::pair<IpAddress, uint8_t>> have;
  for (const InterfaceAddress& prefix : other.prefixes) have.emplace(prefix.address, prefix.prefix_length);
  std::vector<std::string> texts;
  for (const InterfaceAddress& prefix : of.prefixes) {
    if (!have.contains({prefix.address, prefix.prefix_length})) texts.push_back(prefix_text(prefix));
  }
  return texts;
}

std::string enumerate(const std::vector<std::string>& texts) {
  std::string sentence;
  for (size_t i = 0; i < std::min(texts.size(), kMostNamed); ++i)
    sentence += (sentence.empty() ? "" : ", ") + texts[i];
  if (texts.size() > kMostNamed) sentence += " and " + std::to_string(texts.size() - kMostNamed) + " more";
  return sentence;
}

void compare_list(const std::string& filter, const FilterListConfig& from, const FilterListConfig& to,
                  Sentences& sentences) {
  const std::string of = filter + ", list " + to.name;
  if (from.action != to.action)
    sentences.push_back(of + ": change action" + from_to_text(to_string(from.action), to_string(to.action)));
  if (from.file != to.file) {
    const auto text = [](const std::string& file) { return file.empty() ? "none" : file; };
    sentences.push_back(of + ": change file" + from_to_text(text(from.file), text(to.file)));
  }
  if (const auto added = prefixes_beside(to, from); !added.empty())
    sentences.push_back(of + ": add " + enumerate(added));
  if (const auto removed = prefixes_beside(from, to); !removed.empty())
    sentences.push_back(of + ": remove " + enumerate(removed));
}

void compare_lists(const FilterConfig& from, const FilterConfig& to, Sentences& sentences) {
  const std::string filter = "filter " + to.name;
  const auto find = [](const FilterConfig& in, const std::string& name) {
    return std::ranges::find(in.lists, name, &FilterListConfig::name);
  };
  bool same_lists = from.lists.size() == to.lists.size();
  for (const FilterListConfig& list : to.lists) {
    const auto old = find(from, list.name);
    if (old != from.lists.end()) {
      compare_list(filter, *old, list, sentences);
      continue;
    }
    same_lists = false;
    sentences.push_back(filter + ": add list " + list.name + " (" + to_string(list.action) + ") with " +
                        (list.prefixes.empty() ? "no prefix" : enumerate(prefixes_beside(list, {}))) +
                        (list.file.empty() ? "" : " and those in " + list.file));
  }
  for (const FilterListConfig& list : from.lists) {
    if (find(to, list.name) == to.lists.end()) sentences.push_back(filter + ": remove list " + list.name);
  }
  if (same_lists &&
      !std::ranges::equal(from.lists, to.lists, {}, &FilterListConfig::name, &FilterListConfig::name))
    sentences.push_back(filter + ": change the order of its lists");
}

void compare_filter(const FilterConfig& from, const FilterConfig& to, Sentences& sentences) {
  const std::string filter = "filter " + to.name;
  const auto compare = [&](const char* name, const std::string& before, const std::string& after) {
    if (before != after) sentences.push_back(filter + ": change " + name + from_to_text(before, after));
  };
  compare("default", to_string(from.otherwise), to_string(to.otherwise));
  compare("denied", to_string(from.denied), to_string(to.denied));
  compare("log", from.log ? "true" : "false", to.log ? "true" : "false");
  compare_lists(from, to, sentences);
}

}  // namespace

void compare_filters(const Config& from, const Config& to, Sentences& sentences) {
  const auto find = [](const Config& in, const std::string& name) {
    return std::ranges::find(in.filters, name, &FilterConfig::name);
  };
  for (const FilterConfig& filter : to.filters) {
    const auto old = find(from, filter.name);
    if (old == from.filters.end()) {
      sentences.push_back("filter " + filter.name + ": add filter, default " + to_string(filter.otherwise) +
                          ", " + std::to_string(filter.lists.size()) +
                          (filter.lists.size() == 1 ? " list" : " lists"));
    } else {
      compare_filter(*old, filter, sentences);
    }
  }
  for (const FilterConfig& filter : from.filters) {
    if (find(to, filter.name) == to.filters.end())
      sentences.push_back("filter " + filter.name + ": remove filter");
  }
}

}  // namespace turnout
