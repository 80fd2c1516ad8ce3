#include "control/prefix_file.h"

#include <string_view>

#include "control/config_reader.h"
#include "control/prefix_text.h"

namespace turnout {

namespace {

constexpr size_t kMostFaults = 3;

std::string_view without_comment(std::string_view line) {
  line = line.substr(0, line.find_first_of("#;"));
  const size_t first = line.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

Parsed<std::vector<InterfaceAddress>> read_prefix_file(const std::filesystem::path& file,
                                                       const std::string& at) {
  Parsed<std::string> text = read_text_file(file);
  if (!text.value) {
    for (ConfigError& error : text.errors) error.pointer = at;
    return {std::nullopt, std::move(text.errors)};
  }
  std::vector<InterfaceAddress> prefixes;
  ConfigErrors errors;
  size_t number = 0, faults = 0;
  for (std::string_view rest = *text.value; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = without_comment(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++number;
    if (line.empty()) continue;
    PrefixText parsed = parse_prefix(line);
    if (parsed.prefix) {
      prefixes.push_back(*parsed.prefix);
    } else if (++faults <= kMostFaults) {
      errors.push_back({at, file.string() + ", line " + std::to_string(number) + ": " +
                                quote(std::string(line)) + " " + parsed.fault});
    }
  }
  if (faults > kMostFaults)
    errors.push_back(
        {at, file.string() + ": " + std::to_string(faults - kMostFaults) + " more lines like these"});
  if (!errors.empty()) return {std::nullopt, std::move(errors)};
  return {std::move(prefixes), {}};
}

std::optional<std::filesystem::file_time_type> changed_at(const std::filesystem::path& file) {
  std::error_code error;
  const auto time = std::filesystem::last_write_time(file, error);
  return error ? std::nullopt : std::optional(time);
}

}  // namespace turnout
