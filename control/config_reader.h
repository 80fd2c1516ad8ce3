// A cursor in a JSON document: knows where it stands and reports what is wrong there.
#pragma once

#include <chrono>
#include <concepts>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/address.h"
#include "control/config_json.h"

namespace turnout {

/// The value as it stands in the document, shortened, for an error message.
std::string quote(const Json& value);

/// May an IPv6 address be link-local (fe80::/10)?
enum class LinkLocal : bool { refused, allowed };

/// As ConfigReader::seconds() reads it: a whole number if it is one.
Json seconds_to_json(std::chrono::milliseconds time);

/// Every reading method reports what is wrong and then returns nothing, so that reading can go on and find
/// more.
class ConfigReader {
 public:
  /// `value` and `errors` must outlive the reader.
  ConfigReader(const Json& value, std::string pointer, ConfigErrors& errors)
      : value_(&value), pointer_(std::move(pointer)), errors_(&errors) {}

  const Json& value() const { return *value_; }
  const std::string& pointer() const { return pointer_; }
  void refuse(std::string reason) const { errors_->push_back({pointer_, std::move(reason)}); }
  void refuse_value(const std::string& reason) const { refuse(quote(*value_) + " " + reason); }

  /// An object, and no keys in it but these.
  bool expect_object(std::initializer_list<std::string_view> known_keys) const;
  std::optional<ConfigReader> member(std::string_view key) const;  ///< nothing, silently, if it is absent
  std::optional<ConfigReader> required_member(std::string_view key, std::string_view what) const;
  std::vector<ConfigReader> elements() const;

  std::optional<std::string> text() const;  ///< not empty, without control characters
  std::optional<uint64_t> integer(uint64_t least, uint64_t most) const;
  /// Seconds, with up to three decimals.
  std::optional<std::chrono::milliseconds> seconds(std::chrono::milliseconds least,
                                                   std::chrono::milliseconds most) const;
  std::optional<IpAddress> host_address(LinkLocal link_local = LinkLocal::refused) const;  ///< either family
  std::optional<InterfaceAddress> interface_address() const;
  std::optional<MacAddress> unicast_mac() const;

  /// An optional member, kept in `into`, which holds the default.
  template <std::unsigned_integral T>
  void read_integer(std::string_view key, uint64_t least, uint64_t most, T& into) const {
    const auto number = member(key);
    if (!number) return;
    if (const auto value = number->integer(least, most)) into = static_cast<T>(*value);
  }
  void read_seconds(std::string_view key, std::chrono::milliseconds least, std::chrono::milliseconds most,
                    std::chrono::milliseconds& into) const;
  void read_text(std::string_view key, std::string& into) const;

 private:
  ConfigReader child(const Json& value, std::string_view token) const;

  const Json* value_;
  std::string pointer_;
  ConfigErrors* errors_;
};

/// Reads one value on its own; the result counts only if nothing was refused. Pointers start with `at`.
template <typename Read>
auto parse_part(const Json& value, const std::string& at, Read read) {
  ConfigErrors errors;
  auto part = read(ConfigReader(value, at, errors));
  Parsed<decltype(part)> parsed;
  if (errors.empty()) parsed.value = std::move(part);
  parsed.errors = std::move(errors);
  return parsed;
}

}  // namespace turnout
