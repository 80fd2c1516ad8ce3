// Text → JSON: syntax, keys given twice, and a bound on nesting; and the file the text comes from.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "control/config_json.h"

namespace turnout {
namespace {

// A configuration nests five deep. The bound keeps whoever walks the document from running out of stack.
constexpr size_t kMaxNesting = 64;
constexpr size_t kMaxFileBytes = size_t{1} << 30;

std::string line_and_column(std::string_view text, size_t position) {
  const std::string_view before = text.substr(0, position == 0 ? 0 : std::min(position - 1, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const size_t last_newline = before.rfind('\n');
  const size_t column = before.size() - (last_newline == std::string_view::npos ? 0 : last_newline + 1) + 1;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

/// The library's words without its own prefix, and in ASCII: they quote the text, which may be no valid
/// UTF-8.
std::string plain_words(std::string_view message) {
  for (const std::string_view end_of_prefix : {"] ", "parse error at line ", ": "}) {
    const size_t found = message.find(end_of_prefix);
    if (found == std::string_view::npos) break;
    message.remove_prefix(found + end_of_prefix.size());
  }
  std::string words(message);
  std::replace_if(
      words.begin(), words.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return words;
}

/// Builds the document as nlohmann's own handler would, and keeps the pointer to where it stands.
class DocumentBuilder : public nlohmann::json_sax<Json> {
 public:
  explicit DocumentBuilder(const std::string& text) : text_(text) {}

  Parsed<Json> result() && {
    if (!errors_.empty()) return {std::nullopt, std::move(errors_)};
    return {std::move(document_), {}};
  }

  bool null() override { return scalar(nullptr); }
  bool boolean(bool value) override { return scalar(value); }
  bool number_integer(number_integer_t value) override { return scalar(value); }
  bool number_unsigned(number_unsigned_t value) override { return scalar(value); }
  bool number_float(number_float_t value, const string_t&) override { return scalar(value); }
  bool string(string_t& value) override { return scalar(std::move(value)); }
  bool binary(binary_t&) override { return false; }  // JSON text has none

  bool start_object(size_t) override { return open(Json::object()); }
  bool end_object() override { return close(); }
  bool start_array(size_t) override { return open(Json::array()); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    Level& level = levels_.back();
    if (level.container->contains(name)) {
      errors_.push_back({pointer() + (Json::json_pointer() / name).to_string(),
                         "the key is given twice in this object: remove one of the two"});
    }
    level.key = std::move(name);
    return true;
  }

  bool parse_error(size_t position, const std::string&, const Json::exception& error) override {
    errors_.push_back({"", line_and_column(text_, position) + ": " + plain_words(error.what())});
    return false;
  }

 private:
  struct Level {
    Json* container;
    std::string key;  // of the member being read, in an object
  };

  std::string pointer() const {
    Json::json_pointer path;
    for (size_t i = 0; i + 1 < levels_.size(); ++i) {
      const Level& level = levels_[i];
      if (level.container->is_object()) {
        path /= level.key;
      } else {
        path /= level.container->size() - 1;
      }
    }
    return path.to_string();
  }

  Json* place(Json&& value) {
    if (levels_.empty()) return &(document_ = std::move(value));
    Level& level = levels_.back();
    if (level.container->is_object()) return &((*level.container)[level.key] = std::move(value));
    level.container->push_back(std::move(value));
    return &level.container->back();
  }

  bool scalar(Json value) {
    place(std::move(value));
    return true;
  }

  bool open(Json container) {
    Json* placed = place(std::move(container));
    levels_.push_back({placed, {}});
    if (levels_.size() <= kMaxNesting) return true;
    errors_.push_back({pointer(), "nested more than " + std::to_string(kMaxNesting) +
                                      " levels deep: no configuration needs that, remove the nesting"});
    return false;
  }

  bool close() {
    levels_.pop_back();
    return true;
  }

  const std::string& text_;
  Json document_;
  std::vector<Level> levels_;  // containers entered and not yet left, outermost first
  ConfigErrors errors_;
};

ConfigError unreadable(const std::filesystem::path& file, const std::string& reason) {
  return {"", "cannot read the configuration file " + file.string() + ": " + reason +
                  "; name a file of JSON text that this user may read"};
}

}  // namespace

Parsed<std::string> read_text_file(const std::filesystem::path& file) {
  struct Close {
    void operator()(std::FILE* stream) const { std::fclose(stream); }
  };
  const std::unique_ptr<std::FILE, Close> stream(std::fopen(file.c_str(), "re"));
  if (!stream) return {std::nullopt, {unreadable(file, std::strerror(errno))}};
  std::string text;
  std::array<char, 65536> chunk{};
  while (const size_t read = std::fread(chunk.data(), 1, chunk.size(), stream.get())) {
    text.append(chunk.data(), read);
    if (text.size() > kMaxFileBytes) return {std::nullopt, {unreadable(file, "larger than 1 GiB")}};
  }
  if (std::ferror(stream.get()) != 0) return {std::nullopt, {unreadable(file, std::strerror(errno))}};
  return {std::move(text), {}};
}

Parsed<Json> parse_json_text(const std::string& text) {
  // The library takes a NUL byte for the end and would ignore what follows it.
  if (const size_t nul = text.find('\0'); nul != std::string::npos) {
    return {std::nullopt, {{"", line_and_column(text, nul + 1) + ": a NUL byte: remove it"}}};
  }
  DocumentBuilder builder(text);
  constexpr bool kWholeText = true;
  constexpr bool kComments = true;
  Json::sax_parse(text, &builder, Json::input_format_t::json, kWholeText, kComments);
  return std::move(builder).result();
}

Parsed<Config> load_config(const std::filesystem::path& file) {
  const Parsed<std::string> text = read_text_file(file);
  if (!text.value) return {std::nullopt, text.errors};
  const Parsed<Json> document = parse_json_text(*text.value);
  if (!document.value) return {std::nullopt, document.errors};
  return parse_config(*document.value);
}

}  // namespace turnout
