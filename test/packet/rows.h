// The packet tests' tables: a sentence, a frame that comes in, and what has to become of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "test/packet/rig.h"

namespace turnout {

struct Verdict {
  std::optional<Sent> transmitted;
  std::optional<PuntKind> punted;
  std::optional<DropReason> dropped;
  std::vector<Sent> answers;  // control's, to what was punted
  bool held = false;          // a fragment that waits for its first
};

struct Row {
  std::string sentence;
  size_t port;  // that the frame comes in by
  Bytes frame;
  Verdict verdict;
  Arrival how = {};
};
void PrintTo(const Row& row, std::ostream* out);

/// Direct Routing: the frame as it came, but for the server's MAC address and that of the port that it leaves
/// by.
Row forwarded(std::string sentence, size_t port, const Bytes& frame, const Sent& to, Arrival how = {});
inline constexpr const char* kAnnouncedByAnother = "another host announces the VIP, which is taken back";

Row answered(std::string sentence, size_t port, const Bytes& frame, PuntKind kind, const Bytes& answer);
Row unanswered(std::string sentence, size_t port, const Bytes& frame, PuntKind kind);
Row held_at(std::string sentence, size_t port, const Bytes& frame);
Row dropped_at(std::string sentence, size_t port, const Bytes& frame, DropReason reason, Arrival how = {});

// What the rows are about: the director that all of them use.

inline constexpr const char* kClientMac = "02:00:00:00:00:c1";  // or the router's that the client is behind
inline constexpr const char* kWebMac = "02:00:00:00:00:11";     // tcp 192.0.2.100:80, on the back port
inline constexpr const char* kNameMac = "02:00:00:00:00:12";    // udp 192.0.2.100:53, on the back port
inline constexpr const char* kOneArmMac =
    "02:00:00:00:00:21";  // tcp 192.0.2.101:443 and 198.51.100.100:80, on the front port
inline constexpr const char* kVip = "192.0.2.100";
inline constexpr const char* kOneArmVip = "192.0.2.101";
inline constexpr const char* kServerlessVip = "192.0.2.102";  // tcp 80: draining, 81: none, 82: not resolved
inline constexpr const char* kBackVip = "198.51.100.100";
inline constexpr const char* kRemoteVip = "203.0.113.100";  // tcp 80, on no port's subnet, as the web service

inline constexpr const char* kVip6 = "2001:db8::100";        // tcp 80 and udp 53, as kVip
inline constexpr const char* kOneArmVip6 = "2001:db8::101";  // tcp 443
inline constexpr const char *kRejectingVip = "192.0.2.103", *kRejectingVip6 = "2001:db8::103";  // tcp 80
inline constexpr const char *kSilentVip = "192.0.2.104", *kSilentVip6 = "2001:db8::104";  // no pings; tcp 80

Config rows_config();
/// The back port takes jumbo frames and has a kernel interface.
RigOptions rows_options();

std::vector<Row> forwarded_rows();
std::vector<Row> sound_but_unserved_rows();
std::vector<Row> unsound_rows();
std::vector<Row> arp_rows();
std::vector<Row> icmp_rows();
std::vector<Row> icmp_error_rows();
std::vector<Row> ipv6_forwarded_rows();
std::vector<Row> ipv6_dropped_rows();
std::vector<Row> ipv6_control_rows();
std::vector<Row> fragment_rows();
std::vector<Row> refused_rows();
std::vector<Row> all_rows();

}  // namespace turnout
