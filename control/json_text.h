// JSON with comments as it is written, so that it can be changed and everything else stays: comments, blanks,
// the order of members, the way a number is spelled.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace turnout {

/// Members in the order in which new ones are to be written.
using OrderedJson = nlohmann::ordered_json;

struct JsonTextItem;

/// A value as it is written. Blanks and comments are kept where they stand, word for word.
struct JsonTextNode {
  enum class Kind { scalar, object, array };
  Kind kind = Kind::scalar;
  std::string scalar;               // as written; of a scalar only
  std::string open;                 // behind the opening bracket, if a comment ends its line
  std::vector<JsonTextItem> items;  // members or elements
  std::string close;                // before the closing bracket

  OrderedJson value() const;  ///< what it means
};

/// A member or an element, with the comments that belong to it: those above it and the one behind it.
struct JsonTextItem {
  std::string before;  // what stands before it: its line's indentation and the comments above
  std::string name;    // of a member, as it is meant
  std::string key;     // of a member: its name as written, and all up to its value
  JsonTextNode value;
  std::string before_comma;
  std::string behind;  // a comment on its line, behind the comma if there is one
};

/// What names an element of an array, so that it is found again at another place.
using JsonTextIdentity = std::function<std::string(const OrderedJson& element)>;

class JsonText {
 public:
  /// Nothing if `text` is no JSON with comments. It may be nested 64 levels deep at most: parse_json_text()
  /// looks at that.
  static std::optional<JsonText> parse(std::string_view text);

  /// Makes it say `wanted`. What says so already stays as it is written. Elements that change their place
  /// take their comments along, and those that are removed take theirs away; a comment that an empty line
  /// separates from what follows belongs to nobody and stays.
  void assign(const OrderedJson& wanted, const JsonTextIdentity& identity);

  const JsonTextNode& root() const { return root_; }
  std::string to_string() const;

 private:
  std::string before_;
  JsonTextNode root_;
  std::string behind_;
};

}  // namespace turnout
