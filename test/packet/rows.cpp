#include "test/packet/rows.h"

namespace turnout {

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.sentence << ":" << hex(row.frame);
}

Row forwarded(std::string sentence, size_t port, const Bytes& frame, const Sent& to, Arrival how) {
  return {
      std::move(sentence), port, frame, {.transmitted = to, .punted = {}, .dropped = {}, .answers = {}}, how};
}

Row answered(std::string sentence, size_t port, const Bytes& frame, PuntKind kind, const Bytes& answer) {
  return {std::move(sentence),
          port,
          frame,
          {.transmitted = {}, .punted = kind, .dropped = {}, .answers = {{port, answer}}}};
}

Row unanswered(std::string sentence, size_t port, const Bytes& frame, PuntKind kind) {
  return {
      std::move(sentence), port, frame, {.transmitted = {}, .punted = kind, .dropped = {}, .answers = {}}};
}

Row dropped(std::string sentence, size_t port, const Bytes& frame, DropReason reason, Arrival how) {
  return {std::move(sentence),
          port,
          frame,
          {.transmitted = {}, .punted = {}, .dropped = reason, .answers = {}},
          how};
}

Config rows_config() {
  return config_with(R"(
    { "vip": "192.0.2.100", "protocol": "tcp", "port": 80,
      "real_servers": [ { "address": "198.51.100.11", "mac": "02:00:00:00:00:11" } ] },
    { "vip": "192.0.2.100", "protocol": "udp", "port": 53,
      "real_servers": [ { "address": "198.51.100.12", "mac": "02:00:00:00:00:12" } ] },
    { "vip": "192.0.2.101", "protocol": "tcp", "port": 443,
      "real_servers": [ { "address": "192.0.2.21", "mac": "02:00:00:00:00:21" } ] },
    { "vip": "198.51.100.100", "protocol": "tcp", "port": 80,
      "real_servers": [ { "address": "192.0.2.21", "mac": "02:00:00:00:00:21" } ] },
    { "vip": "203.0.113.100", "protocol": "tcp", "port": 80,
      "real_servers": [ { "address": "198.51.100.11", "mac": "02:00:00:00:00:11" } ] },
    { "vip": "192.0.2.102", "protocol": "tcp", "port": 80,
      "real_servers": [ { "address": "192.0.2.22", "mac": "02:00:00:00:00:22", "weight": 0 } ] },
    { "vip": "192.0.2.102", "protocol": "tcp", "port": 81, "real_servers": [] },
    { "vip": "192.0.2.102", "protocol": "tcp", "port": 82,
      "real_servers": [ { "address": "192.0.2.23" } ] })");
}

std::vector<Row> all_rows() {
  std::vector<Row> all;
  for (const auto& rows :
       {forwarded_rows(), sound_but_unserved_rows(), unsound_rows(), arp_rows(), icmp_rows()}) {
    all.insert(all.end(), rows.begin(), rows.end());
  }
  return all;
}

}  // namespace turnout
