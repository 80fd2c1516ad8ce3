// What the stories share: clients with numbers, real servers, and who got which client's packets.
#pragma once

#include <map>
#include <string>

#include "test/packet/rig.h"
#include "test/support/frame_changes.h"

namespace turnout {

inline constexpr const char* kRouterMac = "02:00:00:00:00:c1";

/// A real server of the stories: 198.51.100.<number>, on the back port.
inline std::string server_ip(unsigned number) {
  return "198.51.100." + std::to_string(number);
}
inline std::string server_mac(unsigned number) {
  char text[18];
  std::snprintf(text, sizeof text, "02:00:00:00:00:%02x", number & 0xFF);
  return text;
}

/// As in the file; `mac`: fixed, no ARP for it.
inline std::string server(unsigned number, unsigned weight = 1, bool mac = true) {
  return R"({ "address": ")" + server_ip(number) + R"(", "weight": )" + std::to_string(weight) +
         (mac ? R"(, "mac": ")" + server_mac(number) + "\"" : "") + " }";
}
/// A service at port 80 of TCP, or at port 53 of UDP.
inline std::string service(const std::string& vip, const std::string& servers,
                           const std::string& scheduler = "mh", bool udp = false) {
  return R"({ "vip": ")" + vip + R"(", "protocol": ")" + (udp ? "udp" : "tcp") + R"(", "port": )" +
         (udp ? "53" : "80") + R"(, "scheduler": ")" + scheduler + R"(", "real_servers": [)" + servers +
         "] }";
}

inline constexpr const char* kWeb = "192.0.2.100";
inline constexpr const char* kNames = "192.0.2.101";

inline FrameFields from_client(unsigned number, const std::string& vip = kWeb, uint16_t port = 80) {
  return {.source = "203.0.113." + std::to_string(number % 250 + 1),
          .destination = vip,
          .source_port = static_cast<uint16_t>(20000 + number),
          .destination_port = port};
}
inline Bytes syn_of(unsigned client) {
  return tcp_frame(from_client(client), kSyn);
}
inline Bytes data_of(unsigned client) {
  return tcp_frame(from_client(client), kAck | kPsh, payload(client % 100));
}
inline Bytes query_of(unsigned client) {
  return udp_frame(from_client(client, kNames, 53), payload(client % 100));
}

/// The frame as the real server `number` has to get it.
inline Sent at_server(const Bytes& frame, const std::string& mac) {
  return {kBack, redirected(frame, mac, kBackMac)};
}

/// The MAC address that a frame was sent to; "" for no frame. More than one fails the test.
inline std::string destination(const std::vector<Sent>& sent) {
  EXPECT_LE(sent.size(), 1u);
  if (sent.empty()) return "";
  std::string text;
  for (size_t i = 0; i < 6; ++i) {
    char octet[4];
    std::snprintf(octet, sizeof octet, i == 0 ? "%02x" : ":%02x", sent.front().frame.at(i));
    text += octet;
  }
  return text;
}

using Placement = std::map<unsigned, std::string>;  // the MAC address that each client's packets went to

/// Clients `first` … `last` - 1 each send one packet.
template <typename MakeFrame>
Placement place(Rig& rig, unsigned first, unsigned last, MakeFrame&& make_frame) {
  Placement placed;
  for (unsigned client = first; client < last; ++client) {
    const Bytes frame = make_frame(client);
    const std::vector<Sent> sent = rig.pass(kFront, frame);
    placed[client] = destination(sent);
    EXPECT_EQ(sent, sent.empty() ? sent : std::vector{at_server(frame, placed[client])});
  }
  return placed;
}

inline std::map<std::string, unsigned> shares(const Placement& placed) {
  std::map<std::string, unsigned> counts;
  for (const auto& [client, mac] : placed) ++counts[mac];
  return counts;
}

}  // namespace turnout
