#include "control/icmp_echo.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <vector>

namespace turnout::icmp_echo_test {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr MacAddress kOurMac{{{0x02, 0, 0, 0, 0, 0x01}}};
constexpr size_t kIp = 14;         // where the IPv4 header starts
constexpr size_t kIcmp = 14 + 20;  // and ICMP, if there are no options

/// Written without DPDK's help, so that one checks the other. Assumes an even offset in the packet.
uint16_t internet_checksum(const uint8_t* data, size_t length) {
  uint32_t sum = 0;
  for (size_t i = 0; i < length; ++i) sum += i % 2 == 0 ? static_cast<uint32_t>(data[i] << 8) : data[i];
  while (sum > 0xffff) sum = (sum >> 16) + (sum & 0xffff);
  return static_cast<uint16_t>(~sum);
}

void write16(uint8_t* where, size_t value) {
  where[0] = static_cast<uint8_t>(value >> 8);
  where[1] = static_cast<uint8_t>(value);
}

size_t header_length(const Bytes& frame) {
  return (frame[kIp] & 0x0fU) * 4;
}

void set_ip_checksum(Bytes& frame) {
  write16(&frame[kIp + 10], 0);
  write16(&frame[kIp + 10], internet_checksum(&frame[kIp], header_length(frame)));
}

void set_icmp_checksum(Bytes& frame) {
  const size_t start = kIp + header_length(frame);
  write16(&frame[start + 2], 0);
  write16(&frame[start + 2], internet_checksum(&frame[start], frame.size() - start));
}

/// 198.51.100.7 pings 192.0.2.100: TTL 57, DSCP 10 with ECN bit, id 0x1234, Don't Fragment.
Bytes make_request(size_t payload, const Bytes& options = {}) {
  Bytes frame = {0x02, 0,    0,   0, 0,    0x01, 0x02, 0,  0,  0, 0, 0xee, 0x08, 0x00,  //
                 0x45, 0x29, 0,   0, 0x12, 0x34, 0x40, 0,  57, 1, 0, 0,                 //
                 198,  51,   100, 7, 192,  0,    2,    100};
  frame[kIp] = static_cast<uint8_t>(0x45 + options.size() / 4);
  frame.insert(frame.end(), options.begin(), options.end());
  const Bytes icmp = {8, 0, 0, 0, 0xab, 0xcd, 0x00, 0x05};
  frame.insert(frame.end(), icmp.begin(), icmp.end());
  for (size_t i = 0; i < payload; ++i) frame.push_back(static_cast<uint8_t>(i * 7 + 1));
  write16(&frame[kIp + 2], frame.size() - kIp);
  set_ip_checksum(frame);
  set_icmp_checksum(frame);
  return Bytes(frame.begin(), frame.end());  // of exact size
}

/// The whole reply to make_request(), byte for byte.
Bytes expected_reply(size_t payload) {
  Bytes frame = make_request(payload);
  std::swap_ranges(frame.begin(), frame.begin() + 6, frame.begin() + 6);
  std::swap_ranges(frame.begin() + kIp + 12, frame.begin() + kIp + 16, frame.begin() + kIp + 16);
  frame[kIp + 1] = 0x28;  // the ECN bits are gone
  frame[kIp + 8] = 64;
  frame[kIcmp] = 0;
  set_ip_checksum(frame);
  set_icmp_checksum(frame);
  frame.resize(std::max<size_t>(frame.size(), 60));
  return frame;
}

Bytes reply_to(const Bytes& request) {
  return make_echo_reply(request, kOurMac).value_or(Bytes{});
}

TEST(IcmpEcho, AnswersPayloadsOfEvenOddAndNoLength) {
  for (const size_t payload : {0U, 1U, 17U, 18U, 56U, 57U, 1472U}) {
    EXPECT_EQ(reply_to(make_request(payload)), expected_reply(payload)) << payload;
  }
}

TEST(IcmpEcho, PaddingOfTheRequestIsNoPayload) {
  Bytes request = make_request(4);
  request.resize(60, 0xa5);
  EXPECT_EQ(reply_to(request), expected_reply(4));
}

TEST(IcmpEcho, AnswersFromOurMacWhateverTheRequestWasSentTo) {
  constexpr MacAddress kVirtualRouter{{{0x00, 0x00, 0x5e, 0x00, 0x01, 0x0a}}};
  const auto reply = make_echo_reply(make_request(4), kVirtualRouter);
  ASSERT_TRUE(reply);
  EXPECT_TRUE(std::equal(reply->begin() + 6, reply->begin() + 12, kVirtualRouter.octets.addr_bytes));
}

TEST(IcmpEcho, LeavesOptionsOut) {
  const Bytes record_route = {7, 7, 4, 0, 0, 0, 0, 0};
  const Bytes padding = {1, 1, 1, 0};
  const Bytes end_hides_the_rest = {0, 131, 3, 4};
  for (const Bytes& options : {record_route, padding, end_hides_the_rest}) {
    EXPECT_EQ(reply_to(make_request(33, options)), expected_reply(33));
  }
}

TEST(IcmpEcho, DoesNotAnswerSourceRoutedRequestsOrBrokenOptions) {
  const Bytes loose = {131, 7, 4, 192, 0, 2, 9, 0};
  const Bytes strict_after_padding = {1, 137, 7, 4, 192, 0, 2, 9};
  const Bytes length_missing = {1, 1, 1, 7};
  const Bytes length_zero = {7, 0, 0, 0};
  const Bytes length_too_long = {7, 5, 4, 0};
  for (const Bytes& options : {loose, strict_after_padding, length_missing, length_zero, length_too_long}) {
    EXPECT_FALSE(make_echo_reply(make_request(8, options), kOurMac)) << int{options[0]};
  }
}

TEST(IcmpEcho, DoesNotAnswerAnyTruncation) {
  for (const Bytes& whole : {make_request(24), make_request(5, {7, 7, 4, 0, 0, 0, 0, 0})}) {
    for (size_t length = 0; length < whole.size(); ++length) {
      const Bytes cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length));
      EXPECT_FALSE(make_echo_reply(cut, kOurMac)) << length;
    }
  }
}

TEST(IcmpEcho, DoesNotAnswerWhatAnyFlippedBitBrokeInIpOrIcmp) {
  const Bytes sound = make_request(9);
  for (size_t bit = kIp * 8; bit < sound.size() * 8; ++bit) {
    Bytes broken = sound;
    broken[bit / 8] = static_cast<uint8_t>(broken[bit / 8] ^ (1U << (bit % 8)));
    EXPECT_FALSE(make_echo_reply(broken, kOurMac)) << "bit " << bit;
  }
}

struct Unanswerable {
  const char* what;
  std::function<void(Bytes&)> make;
};

class IcmpEchoUnanswerable : public testing::TestWithParam<Unanswerable> {};

TEST_P(IcmpEchoUnanswerable, GetsNoAnswerThoughItsChecksumsAreRight) {
  Bytes request = make_request(8);
  ASSERT_TRUE(make_echo_reply(request, kOurMac));
  GetParam().make(request);
  set_ip_checksum(request);
  set_icmp_checksum(request);
  EXPECT_FALSE(make_echo_reply(request, kOurMac)) << GetParam().what;
}

std::function<void(Bytes&)> put(size_t offset, uint8_t value) {
  return [=](Bytes& frame) { frame[offset] = value; };
}

std::function<void(Bytes&)> fill(size_t offset, size_t count, uint8_t value) {
  return [=](Bytes& frame) { std::fill_n(&frame[offset], count, value); };
}

INSTANTIATE_TEST_SUITE_P(
    All, IcmpEchoUnanswerable,
    testing::Values(
        Unanswerable{"EtherType ARP", put(13, 0x06)}, Unanswerable{"VLAN tag", put(12, 0x81)},
        Unanswerable{"sent to a broadcast MAC", fill(0, 6, 0xff)},
        Unanswerable{"sent to a multicast MAC", put(0, 0x01)},
        Unanswerable{"sent from a group MAC", put(6, 0x03)},
        Unanswerable{"sent from the zero MAC", fill(6, 6, 0)}, Unanswerable{"IP version 6", put(kIp, 0x65)},
        Unanswerable{"longer than the frame", put(kIp + 3, 37)},
        Unanswerable{"too short for ICMP", put(kIp + 3, 27)},
        Unanswerable{"first fragment", put(kIp + 6, 0x20)}, Unanswerable{"last fragment", put(kIp + 7, 1)},
        Unanswerable{"is UDP", put(kIp + 9, 17)}, Unanswerable{"from 0.0.0.0", fill(kIp + 12, 4, 0)},
        Unanswerable{"from 127.51.100.7", put(kIp + 12, 127)},
        Unanswerable{"from multicast", put(kIp + 12, 224)}, Unanswerable{"from class E", put(kIp + 12, 240)},
        Unanswerable{"from broadcast", fill(kIp + 12, 4, 255)},
        Unanswerable{"to multicast", put(kIp + 16, 224)},
        Unanswerable{"to broadcast", fill(kIp + 16, 4, 255)}, Unanswerable{"is an echo reply", put(kIcmp, 0)},
        Unanswerable{"is an error", put(kIcmp, 3)}, Unanswerable{"has a code", put(kIcmp + 1, 1)}));

TEST(IcmpEcho, DoesNotAnswerAnIpHeaderShorterThanItsMinimum) {
  Bytes request = make_request(8);
  request[kIp] = 0x44;
  set_ip_checksum(request);
  EXPECT_FALSE(make_echo_reply(request, kOurMac));
}

}  // namespace
}  // namespace turnout::icmp_echo_test
