#include "control/config_timings_json.h"

namespace turnout {

using namespace std::chrono_literals;

void read_timings(const ConfigReader& at, CheckTimings& timings) {
  constexpr auto kShortest = 50ms;
  constexpr auto kLongest = 1h;
  constexpr uint64_t kMostInARow = 100;
  at.read_seconds("interval", kShortest, kLongest, timings.interval);
  at.read_seconds("timeout", kShortest, kLongest, timings.timeout);
  at.read_integer("rise", 1, kMostInARow, timings.rise);
  at.read_integer("fall", 1, kMostInARow, timings.fall);
}

void add_timings(const CheckTimings& timings, Json& json) {
  json["interval"] = seconds_to_json(timings.interval);
  json["timeout"] = seconds_to_json(timings.timeout);
  json["rise"] = timings.rise;
  json["fall"] = timings.fall;
}

}  // namespace turnout
