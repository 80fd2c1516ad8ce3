#include "control/json_layout.h"

#include <algorithm>

#include "control/json_trivia.h"

namespace turnout {
namespace {

constexpr size_t kMostColumns = 100;

using Kind = JsonTextNode::Kind;

bool holds_scalars_only(const JsonTextNode& node) {
  return std::ranges::all_of(node.items,
                             [](const JsonTextItem& item) { return item.value.kind == Kind::scalar; });
}

bool holds_scalars_only(const OrderedJson& value) {
  return std::ranges::none_of(value, [](const OrderedJson& each) { return each.is_structured(); });
}

bool spans_lines(const JsonTextNode& node) {
  return starts_line(node.close) ||
         std::ranges::any_of(node.items, [](const JsonTextItem& item) { return starts_line(item.before); });
}

/// Looks at all of a text once; the first of its kind is the example.
class Learner {
 public:
  explicit Learner(JsonLayout& layout) : layout_(layout) {}

  void look(const JsonTextNode& node, size_t depth) {
    if (node.kind == Kind::scalar) return;
    if (spans_lines(node)) several_lines_ = true;
    if (node.close.find("\r\n") != std::string::npos) layout_.line_break = "\r\n";
    if (!node.items.empty() && holds_scalars_only(node)) look_at_short(node);
    for (const JsonTextItem& item : node.items) {
      look_at_item(node, item, depth);
      look(item.value, depth + 1);
    }
  }

  void conclude(const JsonTextNode& root) {
    layout_.one_line = !several_lines_;
    const std::string& before_first = root.items.front().before;
    if (layout_.one_line && root.kind == Kind::object && !objects_.some_short && !has_comment(before_first))
      layout_.object_padding = before_first;
    layout_.short_objects = objects_.decide();
    layout_.short_arrays = arrays_.decide();
  }

 private:
  struct Votes {
    bool some_short = false, some_long = false;
    bool decide() const { return some_short || !some_long; }
  };

  void look_at_short(const JsonTextNode& node) {
    const bool is_object = node.kind == Kind::object;
    Votes& votes = is_object ? objects_ : arrays_;
    if (spans_lines(node)) {
      votes.some_long = true;
    } else if (!votes.some_short && !has_comment(node.items.front().before)) {
      votes.some_short = true;
      (is_object ? layout_.object_padding : layout_.array_padding) = node.items.front().before;
    }
  }

  void look_at_item(const JsonTextNode& node, const JsonTextItem& item, size_t depth) {
    if (depth == 0 && !indent_known_ && starts_line(item.before)) {
      indent_known_ = true;
      if (const std::string indent = indentation_in(item.before, ""); !indent.empty())
        layout_.indent = indent;
    }
    if (!item.key.empty() && !colon_known_ && !has_comment(item.key) && !starts_line(item.key)) {
      colon_known_ = true;
      layout_.colon = item.key.substr(item.key.rfind('"') + 1);
    }
    if (&item != &node.items.front() && !blank_known_ &&
        item.before.find_first_not_of(' ') == std::string::npos) {
      blank_known_ = true;
      layout_.blank = item.before;
    }
  }

  JsonLayout& layout_;
  Votes objects_, arrays_;
  bool several_lines_ = false;
  bool indent_known_ = false, colon_known_ = false, blank_known_ = false;
};

class Formatter {
 public:
  explicit Formatter(const JsonLayout& layout) : layout_(layout) {}

  std::string format(const OrderedJson& value, const std::string& indentation) const {
    if (!value.is_structured()) return value.dump();
    if (value.empty()) return value.is_object() ? "{}" : "[]";
    const bool may_be_short = value.is_object() ? layout_.short_objects : layout_.short_arrays;
    if (layout_.one_line || (may_be_short && holds_scalars_only(value))) {
      std::string line = on_one_line(value);
      if (layout_.one_line || indentation.size() + line.size() <= kMostColumns) return line;
    }
    return on_lines(value, indentation);
  }

 private:
  std::string on_one_line(const OrderedJson& value) const {
    if (!value.is_structured() || value.empty()) return format(value, "");
    const std::string& padding = value.is_object() ? layout_.object_padding : layout_.array_padding;
    std::string text = (value.is_object() ? "{" : "[") + padding;
    const char* separator = "";
    for (const auto& [name, each] : value.items()) {
      if (*separator != '\0') text += separator + layout_.blank;
      if (value.is_object()) text += layout_.format_key(name);
      text += on_one_line(each);
      separator = ",";
    }
    return text + padding + (value.is_object() ? "}" : "]");
  }

  std::string on_lines(const OrderedJson& value, const std::string& indentation) const {
    const std::string inner = indentation + layout_.indent;
    std::string text = value.is_object() ? "{" : "[";
    const char* separator = "";
    for (const auto& [name, each] : value.items()) {
      text += separator + layout_.line_break + inner;
      if (value.is_object()) text += layout_.format_key(name);
      text += format(each, inner);
      separator = ",";
    }
    return text + layout_.line_break + indentation + (value.is_object() ? "}" : "]");
  }

  const JsonLayout& layout_;
};

}  // namespace

JsonLayout JsonLayout::of(const JsonTextNode& root) {
  JsonLayout layout;
  Learner learner(layout);
  learner.look(root, 0);
  if (!root.items.empty()) learner.conclude(root);
  return layout;
}

std::string JsonLayout::format(const OrderedJson& value, const std::string& indentation) const {
  return Formatter(*this).format(value, indentation);
}

std::string JsonLayout::format_key(const std::string& name) const {
  return OrderedJson(name).dump() + colon;
}

}  // namespace turnout
