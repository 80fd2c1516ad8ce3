#include "control/cli/config_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <vector>

#include "control/cli/errors.h"
#include "control/cli/format.h"

namespace turnout::cli {
namespace {

constexpr int kDeepest = 64;  // no configuration nests so far; what does would be a mistake

/// Watches the parser, which would silently let the last of two equal keys win.
class KeyWatch {
 public:
  explicit KeyWatch(std::string name) : name_(std::move(name)) {}

  bool operator()(int depth, Json::parse_event_t event, const Json& parsed) {
    if (depth > kDeepest)
      throw InputError(name_ + ": nested deeper than " + std::to_string(kDeepest) + " levels");
    if (event == Json::parse_event_t::object_start) seen_.emplace_back();
    if (event == Json::parse_event_t::object_end) seen_.pop_back();
    if (event == Json::parse_event_t::key && !seen_.back().insert(parsed.get<std::string>()).second) {
      throw InputError(name_ + ": the key '" + text(parsed) +
                       "' is given twice in one object; remove one of them");
    }
    return true;
  }

 private:
  std::string name_;
  std::vector<std::set<std::string>> seen_;  // keys of each object that is open
};

/// Without the library's "[json.exception.parse_error.101] ".
std::string plain_reason(const std::string& what) {
  const size_t end_of_tag = what.find("] ");
  return printable(end_of_tag == std::string::npos ? what : what.substr(end_of_tag + 2));
}

std::string read_all(std::istream& stream) {
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

}  // namespace

Json parse_config_text(const std::string& text, const std::string& name) try {
  KeyWatch watch(name);
  constexpr bool kThrow = true;
  constexpr bool kIgnoreComments = true;
  return Json::parse(
      text,
      [&watch](int depth, Json::parse_event_t event, Json& parsed) { return watch(depth, event, parsed); },
      kThrow, kIgnoreComments);
} catch (const Json::parse_error& error) {
  throw InputError(name + ": not JSON: " + plain_reason(error.what()));
}

std::string read_text_file(const std::string& path, std::istream& standard_input) {
  if (path == "-") return read_all(standard_input);
  const std::string name = printable(path);
  try {
    std::ifstream file(path);
    if (!file) throw InputError("can't read " + name + ": " + std::strerror(errno));
    return read_all(file);
  } catch (const std::ios_base::failure& failure) {  // such as a directory: it opens, and then can't be read
    throw InputError("can't read " + name + ": " + failure.code().message());
  }
}

Json read_config_file(const std::string& path, std::istream& standard_input) {
  return parse_config_text(read_text_file(path, standard_input),
                           path == "-" ? "standard input" : printable(path));
}

}  // namespace turnout::cli
