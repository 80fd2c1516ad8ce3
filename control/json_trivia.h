// Blanks and comments between the tokens of JSON text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace turnout {

/// How many characters of `text` from `from` on are blanks and comments. A comment without an end is none.
size_t trivia_length(std::string_view text, size_t from);

bool has_comment(std::string_view trivia);
bool ends_in_line_comment(std::string_view trivia);  ///< only a line break ends it
bool starts_line(std::string_view trivia);           ///< does what follows begin a line of its own?

/// Splits at the end of the line, if a comment stands before that: what belongs to the token on the left, and
/// the rest. All is rest if there is none.
std::pair<std::string, std::string> split_behind(std::string_view trivia);

/// Splits at the last empty line: what belongs to nobody, and what belongs to the token on the right.
std::pair<std::string, std::string> split_above(std::string_view trivia);

/// The last line break and the blanks behind it; "" if there is no line break.
std::string line_start(std::string_view trivia);

/// The blanks that a line begins with, of the last line in `trivia`; nothing said if it begins none.
std::string indentation_in(std::string_view trivia, std::string_view otherwise);

}  // namespace turnout
