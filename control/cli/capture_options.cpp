#include "control/cli/capture_options.h"

#include <array>
#include <sstream>
#include <utility>

#include "control/cli/arguments.h"
#include "control/cli/format.h"

namespace turnout::cli {
namespace {

/// Of what is typed, to what the daemon calls it.
constexpr std::array<std::pair<const char*, const char*>, 6> kCriteria = {{{"service", "service"},
                                                                           {"server", "server"},
                                                                           {"client", "client"},
                                                                           {"drop", "drop_reason"},
                                                                           {"drop-reason", "drop_reason"},
                                                                           {"fate", "fate"}}};

void add_criterion(const std::string& typed, const std::string& value, Json& filter) {
  for (const auto& [name, key] : kCriteria) {
    if (typed != name) continue;
    Json parsed = value;
    const std::string option = "--" + typed;
    if (typed == "service") parsed = parse_service_path(value);
    if (typed == "server") parsed = parse_address(option, value);
    if (typed == "client") parsed = parse_prefix(option, value);
    Json& values = filter[key];  // null at first, which becomes a list
    values.push_back(std::move(parsed));
    return;
  }
  throw UsageError("--filter: " + in_quotes(typed) +
                   " is nothing to filter by; there are service, server, client, drop and fate");
}

}  // namespace

void add_filter_words(const std::string& words, Json& filter) {
  std::istringstream stream(words);
  bool is_empty = true;
  for (std::string word; stream >> word; is_empty = false) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos || equals + 1 == word.size())
      throw UsageError("--filter: " + in_quotes(word) +
                       " is no NAME=VALUE; write, as an example, 'client=198.51.100.7 drop=no_service'");
    add_criterion(word.substr(0, equals), word.substr(equals + 1), filter);
  }
  if (is_empty) throw UsageError("--filter: is empty; leave it out, and every packet is wanted");
}

uint64_t parse_size(const std::string& what, const std::string& text) {
  constexpr std::array<std::pair<char, uint64_t>, 4> kUnits = {
      {{'k', 1'000}, {'K', 1'000}, {'M', 1'000'000}, {'G', 1'000'000'000}}};
  constexpr uint64_t kMost = 1'000'000'000'000;
  std::string number = text;
  uint64_t unit = 1;
  for (const auto& [letter, octets] : kUnits) {
    if (!text.empty() && text.back() == letter) unit = octets;
  }
  if (unit > 1) number.pop_back();
  if (number.empty() || number.find_first_not_of("0123456789") != std::string::npos)
    throw UsageError(what + ": " + in_quotes(text) + " is no size; write octets, or 500k, 100M, 2G");
  return parse_number(what, number, 1, kMost / unit) * unit;
}

Json capture_params(const Request& request) {
  Json filter = Json::object();
  for (const std::string& words : request.options_named("filter")) add_filter_words(words, filter);
  for (const char* name : {"service", "server", "client", "drop-reason", "fate"}) {
    for (const std::string& value : request.options_named(name)) add_criterion(name, value, filter);
  }
  Json params = {{"filter", filter}};
  if (const auto time = request.option("seconds"))
    params["seconds"] = parse_duration("--seconds", *time).count();
  if (const auto size = request.option("size")) params["max_bytes"] = parse_size("--size", *size);
  if (const auto packets = request.option("packets"))
    params["max_packets"] = parse_number("--packets", *packets, 1, UINT64_MAX);
  if (const auto snaplen = request.option("snaplen"))
    params["snaplen"] = parse_number("--snaplen", *snaplen, 1, UINT16_MAX);
  return params;
}

}  // namespace turnout::cli
