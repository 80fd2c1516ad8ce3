// Judges many configurations in one process: each line of standard input is one, as JSON text; each line of
// the output is {errors: what turnoutd --check would say about it, config: how turnoutd reads it, if it is
// valid}.
#include <iostream>
#include <string>

#include "control/config_json.h"

int main() {
  using namespace turnout;
  for (std::string line; std::getline(std::cin, line);) {
    const Parsed<Json> document = parse_json_text(line);
    Parsed<Config> config = {std::nullopt, document.errors};
    if (document.value) config = parse_config(*document.value);
    Json errors = Json::array();
    for (const ConfigError& error : config.errors)
      errors.push_back({{"pointer", error.pointer}, {"reason", error.reason}});
    const Json verdict = {{"errors", std::move(errors)},
                          {"config", config.value ? to_json(*config.value) : Json(nullptr)}};
    std::cout << verdict.dump(-1, ' ', true, Json::error_handler_t::replace) << '\n';
  }
  return std::cout.good() ? 0 : 1;
}
