#include "control/cli/import/document.h"

namespace turnout::cli {
namespace {

constexpr size_t kColumns = 100;
constexpr size_t kStep = 2;

/// On one line, with blanks as people write it.
std::string flat(const Json& value) {
  if (!value.is_structured() || value.empty()) return dump(value);
  std::string text = value.is_array() ? "[" : "{ ";
  std::string separator;
  for (const auto& [key, member] : value.items()) {
    text += separator;
    if (value.is_object()) text += dump(Json(key)) + ": ";
    text += flat(member);
    separator = ", ";
  }
  return text + (value.is_array() ? "]" : " }");
}

}  // namespace

std::string pretty(const Json& value, size_t indent) {
  std::string line = flat(value);
  if (!value.is_structured() || value.empty() || indent + line.size() <= kColumns) return line;
  std::string text(1, value.is_array() ? '[' : '{');
  std::string separator = "\n";
  for (const auto& [key, member] : value.items()) {
    text += separator + std::string(indent + kStep, ' ');
    if (value.is_object()) text += dump(Json(key)) + ": ";
    text += pretty(member, indent + kStep);
    separator = ",\n";
  }
  return text + '\n' + std::string(indent, ' ') + (value.is_array() ? ']' : '}');
}

}  // namespace turnout::cli
