#include "control/cli/import/keepalived_text.h"

#include <map>
#include <sstream>

#include "control/cli/errors.h"
#include "control/cli/format.h"
#include "control/cli/import/keepalived_words.h"

namespace turnout::cli {
namespace {

constexpr size_t kMostReplacements = 1000;  // of a line: a parameter may hold itself

constexpr const char* kNameLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

std::string without_blanks(const std::string& text) {
  constexpr const char* kBlanks = " \t\r";
  const size_t first = text.find_first_not_of(kBlanks);
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// $NAME=value, and what becomes of $NAME and ${NAME}.
class Parameters {
 public:
  /// Is the line a definition? Then it is kept, and its name given in `name`.
  bool define(const std::string& line, std::string& name, std::string& value) {
    const std::string text = without_blanks(line);
    const size_t equals = text.find('=');
    if (!text.starts_with('$') || equals == std::string::npos) return false;
    name = text.substr(1, equals - 1);
    if (name.empty() || name.find_first_not_of(kNameLetters) != std::string::npos) return false;
    value = text.substr(equals + 1);
    values_[name] = value;
    return true;
  }

  void forget(const std::string& name) { values_.erase(name); }

  std::string put_into(std::string line) const {
    size_t from = 0;
    for (size_t i = 0; i < kMostReplacements; ++i) {
      const size_t dollar = line.find('$', from);
      if (dollar == std::string::npos) break;
      const bool has_braces = line.compare(dollar + 1, 1, "{") == 0;
      const size_t start = dollar + 1 + (has_braces ? 1 : 0);
      const size_t end = std::min(line.find_first_not_of(kNameLetters, start), line.size());
      const auto found = values_.find(line.substr(start, end - start));
      from = dollar + 1;
      if (found == values_.end() || (has_braces && line.compare(end, 1, "}") != 0)) continue;
      line.replace(dollar, end - dollar + (has_braces ? 1 : 0), found->second);
      from = dollar;
    }
    return line;
  }

 private:
  std::map<std::string, std::string> values_;
};

class Parser {
 public:
  Parser(const std::string& text, const std::string& file, Leftovers& leftovers)
      : input_(text), file_(file), leftovers_(leftovers) {}

  std::vector<KeepalivedStatement> parse() {
    std::vector<KeepalivedStatement> all = parse_block(0);
    return all;
  }

 private:
  struct Token {
    KeepalivedWord word;
    size_t line;
  };

  bool read_line(std::string& line) {
    if (!std::getline(input_, line)) return false;
    ++line_;
    return true;
  }

  static bool goes_on(const std::string& line) { return without_blanks(line).ends_with('\\'); }

  /// The next line with words, into `tokens_`. False at the end of the file.
  bool fill() {
    std::string line;
    while (next_ == tokens_.size()) {
      if (!read_line(line)) return false;
      const size_t first_line = line_;
      std::string more;
      bool has_more_lines = false;
      while (goes_on(line) && read_line(more)) {
        line = without_blanks(line);
        line.back() = ' ';
        line += more;
        has_more_lines = true;
      }
      tokens_.clear();
      next_ = 0;
      if (define(line, first_line, has_more_lines)) continue;
      for (KeepalivedWord& word : split_keepalived_line(parameters_.put_into(line)))
        tokens_.push_back({std::move(word), first_line});
    }
    return true;
  }

  bool define(const std::string& line, size_t first_line, bool has_more_lines) {
    std::string name, value;
    if (!parameters_.define(line, name, value)) return false;
    if (has_more_lines) {
      parameters_.forget(name);
      leftovers_.add(first_line, "$" + name, "a parameter of several lines is not put in",
                     "write what it stands for where it is used");
    }
    return true;
  }

  [[noreturn]] void fail(size_t line, const std::string& why) const {
    throw InputError(printable(file_) + ":" + std::to_string(line) + ": " + why);
  }

  /// Up to its closing brace; at depth 0 up to the end of the file.
  std::vector<KeepalivedStatement> parse_block(size_t depth) {
    constexpr size_t kDeepest = 32;
    std::vector<KeepalivedStatement> statements;
    const size_t opened_at = line_;
    if (depth > kDeepest) fail(line_, "nested deeper than " + std::to_string(kDeepest) + " blocks");
    bool is_new_line = true;
    while (fill()) {
      is_new_line = is_new_line || next_ == 0;
      Token token = std::move(tokens_[next_++]);
      if (!token.word.is_brace) {
        if (is_new_line) statements.push_back({token.line, {}, {}});
        statements.back().words.push_back(std::move(token.word.text));
        is_new_line = false;
      } else if (token.word.text == "{") {
        if (statements.empty()) fail(token.line, "a { with no keyword before it");
        statements.back().block = parse_block(depth + 1);
        is_new_line = true;
      } else if (depth > 0) {
        return statements;
      } else {
        fail(token.line, "a } too many: no block is open here");
      }
    }
    if (depth > 0) fail(opened_at, "the block that begins here has no }");
    return statements;
  }

  std::istringstream input_;
  const std::string& file_;
  Leftovers& leftovers_;
  Parameters parameters_;
  size_t line_ = 0;  // that was read last
  std::vector<Token> tokens_;
  size_t next_ = 0;  // of tokens_
};

}  // namespace

std::string KeepalivedStatement::argument(size_t index) const {
  return index + 1 < words.size() ? words[index + 1] : "";
}

std::string KeepalivedStatement::text() const {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::vector<KeepalivedStatement> parse_keepalived(const std::string& text, const std::string& file,
                                                  Leftovers& leftovers) {
  return Parser(text, file, leftovers).parse();
}

}  // namespace turnout::cli
