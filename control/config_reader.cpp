#include "control/config_reader.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "control/host_address.h"

namespace turnout {
namespace {

constexpr size_t kMaxQuoted = 60;
constexpr unsigned kShortestPrefix = 8;
constexpr unsigned kShortestPrefixIpv6 = 16;

std::string kind_of(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  if (value.is_string()) return "text";
  if (value.is_boolean()) return "a truth value";
  return value.is_null() ? "nothing" : "a number";
}

/// Levenshtein's distance: how many letters to insert, remove or replace.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

std::string unknown_key_reason(std::string_view key, std::initializer_list<std::string_view> known_keys) {
  constexpr size_t kMaxKey = 32;  // longer ones are no slip of the finger
  constexpr size_t kMaxSlips = 2;
  std::string reason = "unknown key; ";
  for (const std::string_view known : known_keys) {
    if (key.size() <= kMaxKey && edit_distance(key, known) <= std::min(kMaxSlips, known.size() / 2)) {
      reason += "did you mean \"" + std::string(known) + "\"? ";
      break;
    }
  }
  reason += "known here:";
  for (const std::string_view known : known_keys) {
    reason += (known == *known_keys.begin() ? " " : ", ") + std::string(known);
  }
  return reason;
}

/// Is it an IPv6 address with a zone, as in fe80::1%eth0 (RFC 4007 §11)?
bool has_zone(std::string_view text) {
  const size_t percent = text.find('%');
  if (percent == std::string_view::npos) return false;
  const auto address = parse_address(text.substr(0, percent));
  return address && address->is_v6();
}

}  // namespace

std::string quote(const Json& value) {
  if (value.is_structured()) return kind_of(value);
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > kMaxQuoted) text.replace(kMaxQuoted, std::string::npos, "…");
  return text;
}

ConfigReader ConfigReader::child(const Json& value, std::string_view token) const {
  return {value, pointer_ + "/" + std::string(token), *errors_};
}

bool ConfigReader::expect_object(std::initializer_list<std::string_view> known_keys) const {
  if (!value_->is_object()) {
    refuse_value("is " + kind_of(*value_) + ": an object { … } is needed");
    return false;
  }
  for (const auto& [key, value] : value_->get_ref<const Json::object_t&>()) {
    if (std::find(known_keys.begin(), known_keys.end(), key) != known_keys.end()) continue;
    errors_->push_back(
        {pointer_ + (Json::json_pointer() / key).to_string(), unknown_key_reason(key, known_keys)});
  }
  return true;
}

std::optional<ConfigReader> ConfigReader::member(std::string_view key) const {
  if (!value_->is_object()) return std::nullopt;
  const auto found = value_->find(key);
  if (found == value_->end()) return std::nullopt;
  return child(*found, key);
}

std::optional<ConfigReader> ConfigReader::required_member(std::string_view key, std::string_view what) const {
  auto found = member(key);
  if (!found && value_->is_object()) {
    errors_->push_back({pointer_ + "/" + std::string(key), "missing: give " + std::string(what)});
  }
  return found;
}

std::vector<ConfigReader> ConfigReader::elements() const {
  std::vector<ConfigReader> readers;
  if (!value_->is_array()) {
    refuse_value("is " + kind_of(*value_) + ": a list [ … ] is needed");
    return readers;
  }
  readers.reserve(value_->size());
  for (const Json& element : *value_) readers.push_back(child(element, std::to_string(readers.size())));
  return readers;
}

std::optional<std::string> ConfigReader::text() const {
  if (!value_->is_string()) {
    refuse_value("is " + kind_of(*value_) + ": text in double quotes is needed");
    return std::nullopt;
  }
  const auto& text = value_->get_ref<const std::string&>();
  const auto is_control = [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; };
  if (text.empty()) {
    refuse_value("is empty: give some text or remove it");
  } else if (std::any_of(text.begin(), text.end(), is_control)) {
    refuse_value("holds control characters: remove them");
  } else {
    return text;
  }
  return std::nullopt;
}

void ConfigReader::read_text(std::string_view key, std::string& into) const {
  const auto reader = member(key);
  if (!reader) return;
  if (auto text = reader->text()) into = std::move(*text);
}

std::optional<uint64_t> ConfigReader::integer(uint64_t least, uint64_t most) const {
  const auto refuse_it = [&](const std::string& what) {
    refuse_value(what + ": a whole number from " + std::to_string(least) + " to " + std::to_string(most) +
                 " is needed");
  };
  // The library makes a float of an integer beyond 64 bits.
  const bool is_huge = value_->is_number_float() && std::abs(value_->get<double>()) >= 0x1p63;
  const bool is_negative =
      value_->is_number_integer() && !value_->is_number_unsigned() && value_->get<int64_t>() < 0;
  if (!value_->is_number()) {
    refuse_it("is " + kind_of(*value_));
  } else if (value_->is_number_float() && !is_huge) {
    refuse_it("is written with a fraction or an exponent");
  } else if (is_huge || is_negative || value_->get<uint64_t>() < least || value_->get<uint64_t>() > most) {
    refuse_it("is out of range");
  } else {
    return value_->get<uint64_t>();
  }
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> ConfigReader::seconds(std::chrono::milliseconds least,
                                                               std::chrono::milliseconds most) const {
  constexpr double kMilli = 1000;
  const std::string range = "a number of seconds from " + seconds_to_json(least).dump() + " to " +
                            seconds_to_json(most).dump() + " is needed";
  if (!value_->is_number()) {
    refuse_value("is " + kind_of(*value_) + ": " + range);
    return std::nullopt;
  }
  const double given = value_->get<double>() * kMilli;
  const double rounded = std::round(given);
  if (!(rounded >= static_cast<double>(least.count()) && rounded <= static_cast<double>(most.count()))) {
    refuse_value("is out of range: " + range);
  } else if (std::abs(given - rounded) > 1e-6) {
    refuse_value("is finer than a millisecond: " + range);
  } else {
    return std::chrono::milliseconds(static_cast<int64_t>(rounded));
  }
  return std::nullopt;
}

void ConfigReader::read_seconds(std::string_view key, std::chrono::milliseconds least,
                                std::chrono::milliseconds most, std::chrono::milliseconds& into) const {
  const auto number = member(key);
  if (!number) return;
  if (const auto value = number->seconds(least, most)) into = *value;
}

Json seconds_to_json(std::chrono::milliseconds time) {
  constexpr int64_t kMilli = 1000;
  if (time.count() % kMilli == 0) return time.count() / kMilli;
  return static_cast<double>(time.count()) / kMilli;
}

std::optional<IpAddress> ConfigReader::host_address(LinkLocal link_local) const {
  const auto written = text();
  if (!written) return std::nullopt;
  const auto address = parse_address(*written);
  if (has_zone(*written)) {
    refuse_value("has a zone id: remove the % and what follows it, the port says which link is meant");
  } else if (!address) {
    refuse_value("is no IP address: write it as in 192.0.2.100 or 2001:db8::100");
  } else if (const std::string why = why_not_a_host(*address); !why.empty()) {
    refuse_value(why);
  } else if (link_local == LinkLocal::refused && is_ipv6_link_local(*address)) {
    refuse_value("is in fe80::/10, link-local: use a global or a unique local (fd00::/8) address");
  } else {
    return address;
  }
  return std::nullopt;
}

std::optional<InterfaceAddress> ConfigReader::interface_address() const {
  const auto written = text();
  if (!written) return std::nullopt;
  const auto own = parse_interface_address(*written);
  if (has_zone(*written)) {
    refuse_value("has a zone id: remove the % and what follows it, the port says which link is meant");
  } else if (!own) {
    refuse_value("is no address with its prefix length: write it as in 192.0.2.2/24 or 2001:db8::2/64");
  } else if (const std::string why = why_not_a_host(own->address); !why.empty()) {
    refuse_value(why);
  } else if (is_ipv6_link_local(own->address)) {
    refuse_value("is in fe80::/10, link-local, which the port derives from its MAC address: remove it");
  } else if (own->address.is_v4() && own->prefix_length < kShortestPrefix) {
    refuse_value("has too short a prefix: one from /8 to /32 is needed");
  } else if (own->address.is_v6() && own->prefix_length < kShortestPrefixIpv6) {
    refuse_value("has too short a prefix: one from /16 to /128 is needed");
  } else {
    return own;
  }
  return std::nullopt;
}

std::optional<MacAddress> ConfigReader::unicast_mac() const {
  const auto written = text();
  if (!written) return std::nullopt;
  const auto mac = parse_mac(*written);
  if (!mac) {
    refuse_value("is no MAC address: write it as in 02:00:00:00:00:12");
  } else if (!mac->is_unicast()) {
    refuse_value("is no unicast MAC address: give the one of the server's network interface");
  } else {
    return mac;
  }
  return std::nullopt;
}

}  // namespace turnout
