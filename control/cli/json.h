// The daemon's answers, read so that a missing or odd field never throws and no control character gets
// through.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace turnout::cli {

using Json = nlohmann::ordered_json;  // keys stay in the order in which the socket gave them

/// The member, or null if `object` is no object or has none of that name.
const Json& member(const Json& object, std::string_view key);

/// For a reader: strings made printable, numbers as they are, "yes" or "no", and "-" for null or missing.
std::string text(const Json& value);
std::string text(const Json& object, std::string_view key);

/// A counter; 0 if it is missing.
uint64_t number(const Json& object, std::string_view key);
bool is_true(const Json& object, std::string_view key);

/// JSON text in ASCII alone: what could steer a terminal is \u-escaped. An indent below zero gives one line.
std::string dump(const Json& value, int indent = -1);

}  // namespace turnout::cli
