// Making a JSON text say something else.
#include <algorithm>
#include <map>
#include <utility>

#include "control/json_layout.h"
#include "control/json_text.h"
#include "control/json_trivia.h"

namespace turnout {
namespace {

using Kind = JsonTextNode::Kind;
using Items = std::vector<JsonTextItem>;

bool says(const JsonTextNode& node, const OrderedJson& wanted) {
  if (node.kind == Kind::scalar)
    return !wanted.is_structured() && OrderedJson::parse(node.scalar, nullptr, false) == wanted;
  const bool is_object = node.kind == Kind::object;
  if (is_object ? !wanted.is_object() : !wanted.is_array()) return false;
  if (node.items.size() != wanted.size()) return false;
  for (size_t i = 0; i < node.items.size(); ++i) {
    if (!is_object) {
      if (!says(node.items[i].value, wanted[i])) return false;
      continue;
    }
    const auto found = wanted.find(node.items[i].name);
    if (found == wanted.end() || !says(node.items[i].value, *found)) return false;
  }
  return true;
}

/// Comments that end in an empty line, and what comes next: one empty line between them is enough.
std::string joined(const std::string& comments, std::string_view next) {
  const size_t text = std::min(next.find_first_not_of(" \t\r\n"), next.size());
  const size_t second = next.find('\n', next.find('\n') + 1);
  if (second < text) next.remove_prefix(next.find('\n') + 1);
  return comments + std::string(next);
}

/// The place of items that are removed, until it is known what comes next.
class Gap {
 public:
  void add(const JsonTextItem& removed) {
    std::string unowned = split_above(removed.before).first;
    if (empty_) {
      before_ = removed.before;
      unowned_ = std::move(unowned);
    } else if (has_comment(unowned)) {
      unowned_ = has_comment(unowned_) ? joined(unowned_, unowned) : unowned;
    }
    empty_ = false;
  }

  /// `next` moves up to where the first of those removed stood.
  void close(JsonTextItem& next, bool is_first) {
    if (std::exchange(empty_, true)) return;
    std::string& own = next.before;
    const bool own_line = starts_line(own);
    if (!own_line && starts_line(before_)) {
      own = line_start(before_) + own.substr(std::min(own.find_first_not_of(" \t"), own.size()));
    } else if (own_line && is_first && !starts_line(before_) && !has_comment(own) && !has_comment(before_)) {
      own = before_;
    }
    if (has_comment(unowned_) || (!unowned_.empty() && !is_first && split_above(own).first.empty()))
      own = joined(unowned_, own);
  }

  void close_at_end(JsonTextNode& node) {
    if (empty_) return;
    if (has_comment(unowned_)) node.close = joined(unowned_, node.close);
    if (node.items.empty() && node.open.empty() && !has_comment(node.close)) node.close.clear();
  }

 private:
  bool empty_ = true;
  std::string before_;   // of the first
  std::string unowned_;  // comments that belong to none of them, and empty lines
};

class Editor {
 public:
  Editor(const JsonLayout& layout, const JsonTextIdentity& identity) : layout_(layout), identity_(identity) {}

  /// `indentation`: of the line on which `node` begins.
  void assign(JsonTextNode& node, const OrderedJson& wanted, const std::string& indentation) const {
    if (says(node, wanted)) return;
    if (node.kind == Kind::object && wanted.is_object()) {
      assign_members(node, wanted, indentation);
    } else if (node.kind == Kind::array && wanted.is_array()) {
      assign_elements(node, wanted, indentation);
    } else {
      node = made(wanted, indentation);
    }
  }

 private:
  JsonTextNode made(const OrderedJson& value, const std::string& indentation) const {
    return JsonText::parse(layout_.format(value, indentation))->root();
  }

  static void remove_but(JsonTextNode& node, const std::vector<bool>& kept) {
    Items left;
    Gap gap;
    for (size_t i = 0; i < node.items.size(); ++i) {
      if (!kept[i]) {
        gap.add(node.items[i]);
        continue;
      }
      gap.close(node.items[i], left.empty());
      left.push_back(std::move(node.items[i]));
    }
    node.items = std::move(left);
    gap.close_at_end(node);
  }

  void assign_members(JsonTextNode& node, const OrderedJson& wanted, const std::string& indentation) const {
    std::vector<bool> kept;
    for (const JsonTextItem& item : node.items) kept.push_back(wanted.contains(item.name));
    remove_but(node, kept);
    std::string after;  // the name of the member behind which the next new one is to stand
    for (const auto& [name, value] : wanted.items()) {
      const auto is_it = [&, &wanted_name = name](const JsonTextItem& item) {
        return item.name == wanted_name;
      };
      const auto found = std::ranges::find_if(node.items, is_it);
      if (found != node.items.end()) {
        assign(found->value, value, indentation_in(found->before, indentation));
      } else {
        const auto place = std::ranges::find(node.items, after, &JsonTextItem::name);
        const auto index = place == node.items.end() ? node.items.size()
                                                     : static_cast<size_t>(place - node.items.begin()) + 1;
        insert(node, index, name, value, indentation);
      }
      after = name;
    }
  }

  void assign_elements(JsonTextNode& node, const OrderedJson& wanted, const std::string& indentation) const {
    constexpr size_t kNone = SIZE_MAX;
    std::map<std::string, std::vector<size_t>> places;  // in `wanted`, the first last
    for (size_t i = wanted.size(); i-- > 0;) places[identity_(wanted[i])].push_back(i);
    std::vector<size_t> place_of;
    std::vector<bool> kept;
    std::vector<bool> there(wanted.size(), false);
    for (const JsonTextItem& item : node.items) {
      std::vector<size_t>& free = places[identity_(item.value.value())];
      const size_t place = free.empty() ? kNone : free.back();
      kept.push_back(place != kNone);
      if (place == kNone) continue;
      free.pop_back();
      place_of.push_back(place);
      there[place] = true;
    }
    remove_but(node, kept);
    reorder(node.items, place_of);
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (!there[i]) {
        insert(node, i, "", wanted[i], indentation);
      } else {
        assign(node.items[i].value, wanted[i], indentation_in(node.items[i].before, indentation));
      }
    }
  }

  /// Each takes its comments along; only the line that the first begins on stays where it is.
  static void reorder(Items& items, const std::vector<size_t>& place_of) {
    if (std::ranges::is_sorted(place_of)) return;
    std::vector<std::pair<size_t, size_t>> order;  // place, index
    for (size_t i = 0; i < items.size(); ++i) order.emplace_back(place_of[i], i);
    std::ranges::sort(order);
    Items sorted;
    size_t former_first = 0;
    for (const auto& [place, index] : order) {
      if (index == 0) former_first = sorted.size();
      sorted.push_back(std::move(items[index]));
    }
    items = std::move(sorted);
    std::string& first = items.front().before;
    std::string& former = items[former_first].before;
    if (!has_comment(first) && !has_comment(former)) std::swap(first, former);
  }

  void insert(JsonTextNode& node, size_t index, const std::string& name, const OrderedJson& value,
              const std::string& indentation) const {
    JsonTextItem item;
    item.before = place_for(node, index, value, indentation);
    item.name = name;
    if (node.kind == Kind::object) item.key = layout_.format_key(name);
    item.value = made(value, indentation_in(item.before, indentation));
    node.items.insert(node.items.begin() + static_cast<std::ptrdiff_t>(index), std::move(item));
  }

  /// What is to stand before an item that comes at `index`; makes room for it.
  std::string place_for(JsonTextNode& node, size_t index, const OrderedJson& value,
                        const std::string& indentation) const {
    if (node.items.empty()) return first_place(node, value, indentation);
    const auto lines =
        std::ranges::find_if(node.items, [](const JsonTextItem& item) { return starts_line(item.before); });
    std::string place = layout_.blank;
    if (lines != node.items.end()) {
      place = line_start(lines->before);
    } else if (!layout_.one_line && value.is_structured() && node.kind == Kind::array) {
      place = layout_.line_break + indentation + layout_.indent;
    }
    std::string& first = node.items.front().before;
    if (index > 0 || starts_line(first) || has_comment(first)) return place;
    return std::exchange(first, place);
  }

  std::string first_place(JsonTextNode& node, const OrderedJson& value,
                          const std::string& indentation) const {
    const bool is_object = node.kind == Kind::object;
    const bool on_lines = !layout_.one_line && (is_object ? !layout_.short_objects : value.is_structured());
    if (has_comment(node.open) || has_comment(node.close) || on_lines) {
      if (!has_comment(node.close)) node.close = layout_.line_break + indentation;
      return layout_.line_break + indentation + layout_.indent;
    }
    return node.close = is_object ? layout_.object_padding : layout_.array_padding;
  }

  const JsonLayout& layout_;
  const JsonTextIdentity& identity_;
};

}  // namespace

void JsonText::assign(const OrderedJson& wanted, const JsonTextIdentity& identity) {
  const JsonLayout layout = JsonLayout::of(root_);
  Editor(layout, identity).assign(root_, wanted, "");
}

}  // namespace turnout
