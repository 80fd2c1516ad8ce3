#include "control/json_text.h"

#include <tuple>

#include "control/json_trivia.h"

namespace turnout {
namespace {

constexpr std::string_view kByteOrderMark =
    "\xEF\xBB\xBF";  // which JSON text may begin with, as some editors do

/// Takes apart what the reader has found to be JSON with comments. Whatever else it meets makes it give up.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::string take_trivia() { return take(trivia_length(text_, at_)); }
  std::string take_mark() { return take(text_.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0); }
  bool at_end() const { return at_ == text_.size(); }

  bool read(JsonTextNode& node) {
    if (is_next('{')) return read_items(node, JsonTextNode::Kind::object, '}');
    if (is_next('[')) return read_items(node, JsonTextNode::Kind::array, ']');
    node.scalar = take(scalar_length());
    return OrderedJson::accept(node.scalar);
  }

 private:
  bool is_next(char c) const { return at_ < text_.size() && text_[at_] == c; }

  std::string take(size_t length) {
    std::string taken(text_.substr(at_, length));
    at_ += length;
    return taken;
  }

  size_t scalar_length() const {
    if (!is_next('"')) {
      const size_t end = text_.find_first_of(",]} \t\r\n/", at_);
      return (end == std::string_view::npos ? text_.size() : end) - at_;
    }
    size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
    return end + 1 - at_;
  }

  /// The bracket that opens, all items, and the one that closes.
  bool read_items(JsonTextNode& node, JsonTextNode::Kind kind, char closing) {
    node.kind = kind;
    ++at_;
    auto [open, before] = split_behind(take_trivia());
    node.open = std::move(open);
    while (!is_next(closing)) {
      JsonTextItem item;
      item.before = std::move(before);
      if (kind == JsonTextNode::Kind::object && !read_key(item)) return false;
      if (!read(item.value)) return false;
      const bool more = read_behind(item, before);
      node.items.push_back(std::move(item));
      if (!more && !is_next(closing)) return false;
      if (more && is_next(closing)) return false;
    }
    ++at_;
    node.close = std::move(before);
    return true;
  }

  bool read_key(JsonTextItem& item) {
    if (!is_next('"')) return false;
    item.key = take(scalar_length());
    const OrderedJson name = OrderedJson::parse(item.key, nullptr, false);
    if (!name.is_string()) return false;
    item.name = name.get<std::string>();
    item.key += take_trivia();
    if (!is_next(':')) return false;
    item.key += take(1);
    item.key += take_trivia();
    return true;
  }

  /// What follows a value; `rest`: what belongs to what comes then. Is there a comma?
  bool read_behind(JsonTextItem& item, std::string& rest) {
    std::string trivia = take_trivia();
    const bool comma = is_next(',');
    if (comma) {
      item.before_comma = std::move(trivia);
      ++at_;
      trivia = take_trivia();
    }
    std::tie(item.behind, rest) = split_behind(trivia);
    if (comma || !item.behind.empty() || !has_comment(rest) || starts_line(rest)) return comma;
    const size_t end = rest.find_last_not_of(" \t") + 1;  // { "a": 1 /* this */ }
    item.behind = rest.substr(0, end);
    rest.erase(0, end);
    return comma;
  }

  std::string_view text_;
  size_t at_ = 0;
};

/// Puts pieces together; a comment to the end of its line gets the line break that it needs.
class Writer {
 public:
  void put_trivia(std::string_view trivia) {
    if (trivia.empty()) return;
    put(trivia);
    line_comment_ = ends_in_line_comment(trivia);
  }
  void put(std::string_view piece) {
    if (line_comment_ && !piece.starts_with('\n') && !piece.starts_with("\r\n")) text_ += '\n';
    line_comment_ = false;
    text_ += piece;
  }
  void put(const JsonTextNode& node) {
    if (node.kind == JsonTextNode::Kind::scalar) return put(node.scalar);
    const bool is_object = node.kind == JsonTextNode::Kind::object;
    put(is_object ? "{" : "[");
    put_trivia(node.open);
    for (const JsonTextItem& item : node.items) {
      put_trivia(item.before);
      if (is_object) put(item.key);
      put(item.value);
      put_trivia(item.before_comma);
      if (&item != &node.items.back()) put(",");
      put_trivia(item.behind);
    }
    put_trivia(node.close);
    put(is_object ? "}" : "]");
  }
  std::string text() && { return std::move(text_); }

 private:
  std::string text_;
  bool line_comment_ = false;
};

}  // namespace

OrderedJson JsonTextNode::value() const {
  if (kind == Kind::scalar) return OrderedJson::parse(scalar, nullptr, false);
  OrderedJson json = kind == Kind::object ? OrderedJson::object() : OrderedJson::array();
  for (const JsonTextItem& item : items) {
    if (kind == Kind::object) {
      json[item.name] = item.value.value();
    } else {
      json.push_back(item.value.value());
    }
  }
  return json;
}

std::optional<JsonText> JsonText::parse(std::string_view text) {
  JsonText parsed;
  Parser parser(text);
  parsed.before_ = parser.take_mark();
  parsed.before_ += parser.take_trivia();
  if (!parser.read(parsed.root_)) return std::nullopt;
  parsed.behind_ = parser.take_trivia();
  if (!parser.at_end()) return std::nullopt;
  return parsed;
}

std::string JsonText::to_string() const {
  Writer writer;
  writer.put_trivia(before_);
  writer.put(root_);
  writer.put_trivia(behind_);
  return std::move(writer).text();
}

}  // namespace turnout
