#include "control/config_timeouts_json.h"

namespace turnout {

void read_timeouts(const ConfigReader& at, TimeoutConfig& timeouts) {
  constexpr uint64_t kMost = 1'000'000;
  if (!at.expect_object({"tcp_syn", "tcp_established", "tcp_fin", "tcp_close", "udp"})) return;
  at.read_integer("tcp_syn", 1, kMost, timeouts.tcp_syn);
  at.read_integer("tcp_established", 1, kMost, timeouts.tcp_established);
  at.read_integer("tcp_fin", 1, kMost, timeouts.tcp_fin);
  at.read_integer("tcp_close", 1, kMost, timeouts.tcp_close);
  at.read_integer("udp", 1, kMost, timeouts.udp);
}

Parsed<TimeoutConfig> parse_timeouts(const Json& value, const TimeoutConfig& timeouts) {
  return parse_part(value, "", [&timeouts](const ConfigReader& reader) {
    TimeoutConfig read = timeouts;
    read_timeouts(reader, read);
    return read;
  });
}

}  // namespace turnout
