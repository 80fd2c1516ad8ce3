#include "control/cli/json.h"

#include "control/cli/format.h"

namespace turnout::cli {

const Json& member(const Json& object, std::string_view key) {
  static const Json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(std::string(key));
  return found == object.end() ? kNull : *found;
}

std::string text(const Json& value) {
  if (value.is_null()) return "-";
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_string()) return printable(value.get_ref<const std::string&>());
  return dump(value);
}

std::string text(const Json& object, std::string_view key) {
  return text(member(object, key));
}

uint64_t number(const Json& object, std::string_view key) {
  const Json& value = member(object, key);
  if (value.is_number_unsigned()) return value.get<uint64_t>();
  constexpr double kLargest = 9e18;
  if (value.is_number()) {
    const double real = value.get<double>();
    if (real > 0 && real < kLargest) return static_cast<uint64_t>(real);
  }
  return 0;
}

bool is_true(const Json& object, std::string_view key) {
  const Json& value = member(object, key);
  return value.is_boolean() && value.get<bool>();
}

std::string dump(const Json& value, int indent) {
  constexpr bool kAsciiOnly = true;
  return value.dump(indent, ' ', kAsciiOnly);
}

}  // namespace turnout::cli
