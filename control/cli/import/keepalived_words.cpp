#include "control/cli/import/keepalived_words.h"

namespace turnout::cli {
namespace {

class Splitter {
 public:
  explicit Splitter(std::string_view line) : line_(line) {}

  std::vector<KeepalivedWord> split() {
    while (at_ < line_.size()) {
      const char c = line_[at_++];
      if (quote_ != '\0') {
        take_quoted(c);
      } else if (c == '#' || c == '!') {
        break;
      } else if (!take_separator(c)) {
        take_plain(c);
      }
    }
    end_word();
    return std::move(words_);
  }

 private:
  void take_quoted(char c) {
    if (c == quote_) {
      quote_ = '\0';
    } else {
      add(c == '\\' ? escaped() : c);
    }
  }

  bool take_separator(char c) {
    if (c == ' ' || c == '\t' || c == '\r') {
      end_word();
      return true;
    }
    const bool is_parameter = c == '{' && word_.ends_with('$');
    if ((c != '{' && c != '}') || is_parameter || in_parameter_) {
      in_parameter_ = is_parameter || (in_parameter_ && c != '}');
      return false;
    }
    end_word();
    words_.push_back({std::string(1, c), true});
    return true;
  }

  void take_plain(char c) {
    if (c == '"' || c == '\'') {
      quote_ = c;
      has_word_ = true;
    } else {
      add(c == '\\' ? escaped() : c);
    }
  }

  char escaped() { return at_ < line_.size() ? line_[at_++] : '\\'; }

  void add(char c) {
    word_ += c;
    has_word_ = true;
  }

  void end_word() {
    if (has_word_) words_.push_back({std::move(word_), false});
    word_.clear();
    has_word_ = in_parameter_ = false;
  }

  std::string_view line_;
  size_t at_ = 0;
  char quote_ = '\0';          // of the quotes that are open; NUL: none
  bool in_parameter_ = false;  // between the braces of ${NAME}, which open no block
  std::string word_;
  bool has_word_ = false;  // "" is a word as well
  std::vector<KeepalivedWord> words_;
};

}  // namespace

std::vector<KeepalivedWord> split_keepalived_line(std::string_view line) {
  return Splitter(line).split();
}

}  // namespace turnout::cli
