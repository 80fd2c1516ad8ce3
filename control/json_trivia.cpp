#include "control/json_trivia.h"

namespace turnout {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kLineEnds = "\r\n";  // the reader takes either for the end of a comment

bool is_blank(char c) {
  return kBlanks.find(c) != std::string_view::npos;
}

/// Of the comment that begins at `from`; 0 if none does.
size_t comment_length(std::string_view text, size_t from) {
  const std::string_view rest = text.substr(from);
  if (rest.starts_with("//")) return std::min(rest.find_first_of(kLineEnds), rest.size());
  if (!rest.starts_with("/*")) return 0;
  const size_t end = rest.find("*/", 2);
  return end == std::string_view::npos ? 0 : end + 2;
}

/// Calls `see` with each blank or comment, as a piece of `trivia`, and where it begins.
template <typename See>
void walk(std::string_view trivia, See see) {
  for (size_t at = 0; at < trivia.size();) {
    const size_t comment = comment_length(trivia, at);
    const size_t length = comment == 0 ? 1 : comment;
    see(trivia.substr(at, length), at);
    at += length;
  }
}

constexpr size_t kNowhere = std::string_view::npos;

struct LineBreaks {
  size_t last = kNowhere;           // where the last line break outside a comment stands
  size_t before_empty = kNowhere;   // the line break before the last empty line
  size_t after_comment = kNowhere;  // the first line break after a comment, if that came before any other
};

LineBreaks line_breaks_of(std::string_view trivia) {
  LineBreaks found;
  bool comment_on_line = false;
  walk(trivia, [&](std::string_view piece, size_t at) {
    if (piece.size() > 1) {
      comment_on_line = true;
    } else if (piece == "\n") {
      const size_t line_end = at > 0 && trivia[at - 1] == '\r' ? at - 1 : at;
      if (found.last == kNowhere && comment_on_line) found.after_comment = line_end;
      if (found.last != kNowhere && !comment_on_line) found.before_empty = found.last;
      found.last = line_end;
      comment_on_line = false;
    }
  });
  return found;
}

}  // namespace

size_t trivia_length(std::string_view text, size_t from) {
  size_t at = from;
  while (at < text.size()) {
    const size_t length = is_blank(text[at]) ? 1 : comment_length(text, at);
    if (length == 0) break;
    at += length;
  }
  return at - from;
}

bool has_comment(std::string_view trivia) {
  return trivia.find('/') != std::string_view::npos;
}

bool ends_in_line_comment(std::string_view trivia) {
  bool open = false;
  walk(trivia, [&](std::string_view piece, size_t) { open = piece.starts_with("//"); });
  return open;
}

bool starts_line(std::string_view trivia) {
  return line_breaks_of(trivia).last != kNowhere;
}

std::pair<std::string, std::string> split_behind(std::string_view trivia) {
  const size_t end = line_breaks_of(trivia).after_comment;
  if (end == kNowhere) return {"", std::string(trivia)};
  return {std::string(trivia.substr(0, end)), std::string(trivia.substr(end))};
}

std::pair<std::string, std::string> split_above(std::string_view trivia) {
  const size_t before_empty = line_breaks_of(trivia).before_empty;
  if (before_empty == kNowhere) return {"", std::string(trivia)};
  const size_t own = trivia.find('\n', before_empty) + 1;
  return {std::string(trivia.substr(0, own)), std::string(trivia.substr(own))};
}

std::string line_start(std::string_view trivia) {
  const size_t last = line_breaks_of(trivia).last;
  if (last == kNowhere) return "";
  const size_t end = trivia.find_first_not_of(kBlanks, last);
  return std::string(trivia.substr(last, end == kNowhere ? kNowhere : end - last));
}

std::string indentation_in(std::string_view trivia, std::string_view otherwise) {
  const std::string start = line_start(trivia);
  if (start.empty()) return std::string(otherwise);
  return start.substr(start.find('\n') + 1);
}

}  // namespace turnout
