#include "test/packet/rows.h"
#include "test/support/frame_changes.h"

namespace turnout {

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.sentence << ":" << hex(row.frame);
}

Row forwarded(std::string sentence, size_t port, const Bytes& frame, const Sent& to, Arrival how) {
  return {
      std::move(sentence), port, frame, {.transmitted = to, .punted = {}, .dropped = {}, .answers = {}}, how};
}

namespace {

/// ARP and Neighbor Discovery that is sent to the port alone has a kind of its own.
PuntKind kind_of(const Bytes& frame, PuntKind kind) {
  const bool to_all = (frame.at(0) & 1) != 0;
  return !to_all && (kind == PuntKind::arp || kind == PuntKind::ndp) ? PuntKind::neighbor : kind;
}

}  // namespace

Row answered(std::string sentence, size_t port, const Bytes& frame, PuntKind kind, const Bytes& answer) {
  return {std::move(sentence),
          port,
          frame,
          {.transmitted = {}, .punted = kind_of(frame, kind), .dropped = {}, .answers = {{port, answer}}}};
}

Row unanswered(std::string sentence, size_t port, const Bytes& frame, PuntKind kind) {
  return {std::move(sentence),
          port,
          frame,
          {.transmitted = {}, .punted = kind_of(frame, kind), .dropped = {}, .answers = {}}};
}

Row held_at(std::string sentence, size_t port, const Bytes& frame) {
  return {std::move(sentence),
          port,
          frame,
          {.transmitted = {}, .punted = {}, .dropped = {}, .answers = {}, .held = true}};
}

Row dropped_at(std::string sentence, size_t port, const Bytes& frame, DropReason reason, Arrival how) {
  return {std::move(sentence),
          port,
          frame,
          {.transmitted = {}, .punted = {}, .dropped = reason, .answers = {}},
          how};
}

RigOptions rows_options() {
  return {.mtus = {1500, 9000}, .ports = R"(
    { "name": "front", "device": "test0", "addresses": ["192.0.2.2/24", "2001:db8::2/64"] },
    { "name": "back", "device": "test1", "addresses": ["198.51.100.2/24", "2001:db8:0:1::2/64"],
      "kernel_interface": "turnout-test" })"};
}

Config rows_config() {
  constexpr const char* kIpv4 = R"(
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
      "real_servers": [ { "address": "192.0.2.23" } ] },
    { "vip": "192.0.2.103", "protocol": "tcp", "port": 80,
      "real_servers": [ { "address": "198.51.100.11", "mac": "02:00:00:00:00:11" } ] },
    { "vip": "192.0.2.104", "protocol": "tcp", "port": 80,
      "real_servers": [ { "address": "198.51.100.11", "mac": "02:00:00:00:00:11" } ] },)";
  constexpr const char* kIpv6 = R"(
    { "vip": "2001:db8::100", "protocol": "tcp", "port": 80,
      "real_servers": [ { "address": "2001:db8:0:1::11", "mac": "02:00:00:00:00:11" } ] },
    { "vip": "2001:db8::100", "protocol": "udp", "port": 53,
      "real_servers": [ { "address": "2001:db8:0:1::12", "mac": "02:00:00:00:00:12" } ] },
    { "vip": "2001:db8::101", "protocol": "tcp", "port": 443,
      "real_servers": [ { "address": "2001:db8::21", "mac": "02:00:00:00:00:21" } ] },
    { "vip": "2001:db8::103", "protocol": "tcp", "port": 80,
      "real_servers": [ { "address": "2001:db8:0:1::11", "mac": "02:00:00:00:00:11" } ] },
    { "vip": "2001:db8::104", "protocol": "tcp", "port": 80,
      "real_servers": [ { "address": "2001:db8:0:1::11", "mac": "02:00:00:00:00:11" } ] })";
  constexpr const char* kVips = R"(, "vips": [
    { "address": "192.0.2.103", "unmatched": "reject" }, { "address": "2001:db8::103", "unmatched": "reject" },
    { "address": "192.0.2.104", "echo": "no" }, { "address": "2001:db8::104", "echo": "no" } ])";
  return config_with(std::string(kIpv4) + kIpv6, rows_options().ports, kVips);
}

std::vector<Row> all_rows() {
  std::vector<Row> all;
  for (const auto& rows : {forwarded_rows(), sound_but_unserved_rows(), unsound_rows(), arp_rows(),
                           icmp_rows(), icmp_error_rows(), ipv6_forwarded_rows(), ipv6_dropped_rows(),
                           ipv6_control_rows(), fragment_rows(), refused_rows()}) {
    all.insert(all.end(), rows.begin(), rows.end());
  }
  return all;
}

}  // namespace turnout
