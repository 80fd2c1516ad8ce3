#include "control/icmp_echo.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include <netinet/in.h>
#include <rte_byteorder.h>
#include <rte_icmp.h>

namespace turnout {
namespace {

constexpr size_t kEthernetLength = sizeof(rte_ether_hdr);
constexpr size_t kShortestFrame = RTE_ETHER_MIN_LEN - RTE_ETHER_CRC_LEN;
constexpr uint8_t kTimeToLive = 64;
constexpr uint16_t kGoodChecksum = 0xffff;  // of data that includes its checksum (RFC 1071)

constexpr uint8_t kLooseSourceRoute = 131;  // RFC 791, with the "copied" bit
constexpr uint8_t kStrictSourceRoute = 137;

template <typename Header>
bool read_header(std::span<const uint8_t> bytes, Header& header) {
  if (bytes.size() < sizeof header) return false;
  std::memcpy(&header, bytes.data(), sizeof header);
  return true;
}

bool has_good_checksum(std::span<const uint8_t> bytes) {
  return rte_raw_cksum(bytes.data(), bytes.size()) == kGoodChecksum;
}

bool can_be_a_host(rte_be32_t address) {
  const uint32_t first_octet = rte_be_to_cpu_32(address) >> 24;
  return first_octet != 0 && first_octet != 127 && first_octet < 224;
}

bool is_fragment(const rte_ipv4_hdr& ip) {
  return (rte_be_to_cpu_16(ip.fragment_offset) & (RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK)) != 0;
}

/// Neither source-routed nor malformed.
bool may_ignore_options(std::span<const uint8_t> options) {
  while (!options.empty() && options[0] != RTE_IPV4_HDR_OPT_EOL) {
    if (options[0] == kLooseSourceRoute || options[0] == kStrictSourceRoute) return false;
    size_t length = 1;
    if (options[0] != RTE_IPV4_HDR_OPT_NOP) {
      if (options.size() < 2 || options[1] < 2 || options[1] > options.size()) return false;
      length = options[1];
    }
    options = options.subspan(length);
  }
  return true;
}

bool is_between_hosts(const EchoRequest& request) {
  return MacAddress{request.ethernet.src_addr}.is_unicast() && request.destination_mac().is_unicast() &&
         can_be_a_host(request.ip.src_addr) && can_be_a_host(request.ip.dst_addr);
}

/// The ICMP message of a sound IPv4 packet that is whole.
std::optional<std::span<const uint8_t>> find_message(std::span<const uint8_t> packet,
                                                     const rte_ipv4_hdr& ip) {
  const size_t header_length = rte_ipv4_hdr_len(&ip);
  const size_t total_length = rte_be_to_cpu_16(ip.total_length);
  if (ip.version != IPVERSION || header_length < sizeof ip) return std::nullopt;
  if (total_length < header_length + sizeof(rte_icmp_hdr) || total_length > packet.size())
    return std::nullopt;
  if (ip.next_proto_id != IPPROTO_ICMP || is_fragment(ip)) return std::nullopt;
  if (!has_good_checksum(packet.first(header_length))) return std::nullopt;  // RFC 1122 3.2.1.2
  if (!may_ignore_options(packet.subspan(sizeof ip, header_length - sizeof ip))) return std::nullopt;
  return packet.subspan(header_length, total_length - header_length);
}

rte_ipv4_hdr reply_header(const EchoRequest& request) {
  rte_ipv4_hdr ip{};
  ip.version_ihl = RTE_IPV4_VHL_DEF;
  ip.type_of_service = request.ip.type_of_service & RTE_IPV4_HDR_DSCP_MASK;
  ip.total_length = rte_cpu_to_be_16(static_cast<uint16_t>(sizeof ip + request.message.size()));
  // As unique for the two hosts as the asker made it, or without meaning if Don't Fragment is set (RFC 6864).
  ip.packet_id = request.ip.packet_id;
  ip.fragment_offset = request.ip.fragment_offset & RTE_BE16(RTE_IPV4_HDR_DF_FLAG);
  ip.time_to_live = kTimeToLive;
  ip.next_proto_id = IPPROTO_ICMP;
  ip.src_addr = request.ip.dst_addr;
  ip.dst_addr = request.ip.src_addr;
  ip.hdr_checksum = rte_ipv4_cksum(&ip);
  return ip;
}

void write_reply_message(std::span<const uint8_t> request, uint8_t* reply) {
  std::copy(request.begin(), request.end(), reply);
  rte_icmp_hdr icmp;
  std::memcpy(&icmp, reply, sizeof icmp);
  icmp.icmp_type = RTE_IP_ICMP_ECHO_REPLY;
  icmp.icmp_cksum = 0;
  std::memcpy(reply, &icmp, sizeof icmp);
  icmp.icmp_cksum = static_cast<uint16_t>(~rte_raw_cksum(reply, request.size()));
  std::memcpy(reply, &icmp, sizeof icmp);
}

}  // namespace

std::optional<EchoRequest> parse_echo_request(std::span<const uint8_t> frame) {
  EchoRequest request;
  if (!read_header(frame, request.ethernet)) return std::nullopt;
  if (request.ethernet.ether_type != RTE_BE16(RTE_ETHER_TYPE_IPV4)) return std::nullopt;
  const std::span<const uint8_t> packet = frame.subspan(kEthernetLength);
  if (!read_header(packet, request.ip)) return std::nullopt;
  const auto message = find_message(packet, request.ip);
  if (!message || !is_between_hosts(request)) return std::nullopt;

  rte_icmp_hdr icmp;
  if (!read_header(*message, icmp)) return std::nullopt;
  if (icmp.icmp_type != RTE_IP_ICMP_ECHO_REQUEST || icmp.icmp_code != 0) return std::nullopt;
  if (!has_good_checksum(*message)) return std::nullopt;
  request.message = *message;
  return request;
}

std::vector<uint8_t> make_echo_reply(const EchoRequest& request, const MacAddress& our_mac) {
  rte_ether_hdr ethernet = request.ethernet;
  ethernet.dst_addr = request.ethernet.src_addr;
  ethernet.src_addr = our_mac.octets;
  const rte_ipv4_hdr ip = reply_header(request);

  std::vector<uint8_t> frame(std::max(kEthernetLength + sizeof ip + request.message.size(), kShortestFrame));
  std::memcpy(frame.data(), &ethernet, sizeof ethernet);
  std::memcpy(frame.data() + kEthernetLength, &ip, sizeof ip);
  write_reply_message(request.message, frame.data() + kEthernetLength + sizeof ip);
  return frame;
}

std::optional<std::vector<uint8_t>> make_echo_reply(std::span<const uint8_t> frame,
                                                    const MacAddress& our_mac) {
  const std::optional<EchoRequest> request = parse_echo_request(frame);
  if (!request) return std::nullopt;
  return make_echo_reply(*request, our_mac);
}

}  // namespace turnout
