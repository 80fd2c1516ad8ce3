#include "control/icmp6_echo.h"

#include <gtest/gtest.h>

#include "test/support/frame_changes.h"
#include "test/support/frames.h"
#include "test/support/frames6.h"

namespace turnout::icmp6_echo_test {
namespace {

constexpr MacAddress kOurMac{{{0x02, 0, 0, 0, 0, 0x01}}};
const ExtensionHeader6 kHopByHop{0, {0, 5, 2, 0, 0, 1, 0}};
const ExtensionHeader6 kDestinationOptions{60, {1, 1, 4, 9, 9, 9, 9, 0x1e, 5, 1, 2, 3, 4, 5, 0}};

FrameFields6 asker() {
  return {.to_mac = "02:00:00:00:00:01", .from_mac = "02:00:00:00:00:ee", .traffic_class = 0x29};
}

Bytes request_of(const FrameFields6& fields, const Bytes& data = payload(9)) {
  return icmp6_frame(fields, 128, 0, joined({{0xab, 0xcd, 0x00, 0x05}, data}));
}

/// To a request of asker(), octet for octet.
Bytes expected_reply(const Bytes& data) {
  const FrameFields6 answer{.to_mac = "02:00:00:00:00:ee",
                            .from_mac = "02:00:00:00:00:01",
                            .source = "2001:db8::100",
                            .destination = "2001:db8:c::7",
                            .traffic_class = 0x28,  // the ECN bits are gone
                            .flow_label = 0,
                            .hop_limit = 64};
  return padded(icmp6_frame(answer, 129, 0, joined({{0xab, 0xcd, 0x00, 0x05}, data})));
}

std::string reply_to(const Bytes& request) {
  return hex(make_echo_reply6(request, kOurMac).value_or(Bytes{}));
}

TEST(Icmp6Echo, AnswersPayloadsOfEvenOddAndNoLength) {
  for (const size_t size : {0U, 1U, 17U, 18U, 56U, 57U, 1452U}) {
    EXPECT_EQ(reply_to(request_of(asker(), payload(size))), hex(expected_reply(payload(size)))) << size;
  }
}

/// As scapy makes it.
TEST(Icmp6Echo, AnswersOctetForOctet) {
  const Bytes reply = {
      0x02, 0,    0,    0,    0,    0xee, 0x02, 0,    0,   0,   0,  0x01, 0x86, 0xdd,        //
      0x62, 0x80, 0,    0,    0,    11,   58,   64,                                          //
      0x20, 0x01, 0x0d, 0xb8, 0,    0,    0,    0,    0,   0,   0,  0,    0,    0,    1, 0,  //
      0x20, 0x01, 0x0d, 0xb8, 0,    0x0c, 0,    0,    0,   0,   0,  0,    0,    0,    0, 7,  //
      129,  0,    0xb1, 0xff, 0xab, 0xcd, 0x00, 0x05, 'a', 'b', 'c'};
  EXPECT_EQ(reply_to(request_of(asker(), {'a', 'b', 'c'})), hex(reply));
}

TEST(Icmp6Echo, PaddingOfTheRequestIsNoPayload) {
  Bytes request = request_of(asker(), payload(4));
  request.resize(80, 0xa5);
  EXPECT_EQ(reply_to(request), hex(expected_reply(payload(4))));
}

TEST(Icmp6Echo, TellsWhichStationTheRequestWasFor) {
  const Bytes frame = request_of(asker());
  const auto request = parse_echo_request6(frame);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->destination_mac(), kOurMac);
}

TEST(Icmp6Echo, LeavesExtensionHeadersOut) {
  FrameFields6 fields = asker();
  for (const auto& headers :
       std::vector<std::vector<ExtensionHeader6>>{{kHopByHop},
                                                  {kDestinationOptions},
                                                  {kHopByHop, kDestinationOptions, kDestinationOptions},
                                                  std::vector(8, kDestinationOptions)}) {
    fields.extension_headers = headers;
    EXPECT_EQ(reply_to(request_of(fields)), hex(expected_reply(payload(9)))) << headers.size();
  }
}

TEST(Icmp6Echo, DoesNotAnswerAnyTruncation) {
  FrameFields6 with_options = asker();
  with_options.extension_headers = {kHopByHop, kDestinationOptions};
  for (const Bytes& whole : {request_of(asker()), request_of(with_options)}) {
    for (size_t length = 0; length < whole.size(); ++length) {
      const Bytes cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length));  // of exact size
      EXPECT_FALSE(make_echo_reply6(cut, kOurMac)) << length;
    }
  }
}

TEST(Icmp6Echo, DoesNotAnswerWhatAnyFlippedBitBroke) {
  const Bytes sound = request_of(asker());
  for (size_t at = kIpAt; at < sound.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      Bytes broken = sound;
      broken[at] = static_cast<uint8_t>(broken[at] ^ (1U << bit));
      // Nothing protects the traffic class, the flow label and the hop limit.
      const bool is_free = (at == kIpAt && bit < 4) || (at > kIpAt && at < kIpAt + 4) || at == kIpAt + 7;
      EXPECT_EQ(make_echo_reply6(broken, kOurMac).has_value(), is_free) << at << " bit " << bit;
    }
  }
}

struct Unanswerable {
  const char* what;
  void (*make)(FrameFields6&);
};

TEST(Icmp6Echo, DoesNotAnswerWhatItMustNotThoughItsChecksumIsRight) {
  const Unanswerable all[] = {
      {"sent to a broadcast MAC", [](FrameFields6& f) { f.to_mac = kBroadcastMac; }},
      {"sent to a multicast MAC", [](FrameFields6& f) { f.to_mac = "33:33:00:00:00:01"; }},
      {"sent from a group MAC", [](FrameFields6& f) { f.from_mac = "03:00:00:00:00:01"; }},
      {"sent from the zero MAC", [](FrameFields6& f) { f.from_mac = kNoMac; }},
      {"to a group", [](FrameFields6& f) { f.destination = "ff02::1"; }},
      {"to ::", [](FrameFields6& f) { f.destination = "::"; }},
      {"to ::1", [](FrameFields6& f) { f.destination = "::1"; }},
      {"from a group", [](FrameFields6& f) { f.source = "ff02::1"; }},
      {"from ::", [](FrameFields6& f) { f.source = "::"; }},
      {"from ::1", [](FrameFields6& f) { f.source = "::1"; }},
      {"from an IPv4-mapped address", [](FrameFields6& f) { f.source = "::ffff:192.0.2.1"; }},
      {"first fragment",
       [](FrameFields6& f) {
         f.extension_headers = {{44, {0, 0, 1, 0, 0, 0, 9}}};
       }},
      {"last fragment",
       [](FrameFields6& f) {
         f.extension_headers = {{44, {0, 0, 8, 0, 0, 0, 9}}};
       }},
      {"atomic fragment",
       [](FrameFields6& f) {
         f.extension_headers = {{44, {0, 0, 0, 0, 0, 0, 9}}};
       }},
      {"routing header",
       [](FrameFields6& f) {
         f.extension_headers = {{43, {0, 0, 0, 0, 0, 0, 0}}};
       }},
      {"nine extension headers",
       [](FrameFields6& f) { f.extension_headers = std::vector(9, kDestinationOptions); }},
      {"hop-by-hop options second",
       [](FrameFields6& f) {
         f.extension_headers = {kDestinationOptions, kHopByHop};
       }},
      {"extension header past the end",
       [](FrameFields6& f) {
         f.extension_headers = {{60, {3, 1, 4, 0, 0, 0, 0}}};
       }},
      {"option past the end",
       [](FrameFields6& f) {
         f.extension_headers = {{60, {0, 1, 5, 0, 0, 0, 0}}};
       }},
      {"option without a length",
       [](FrameFields6& f) {
         f.extension_headers = {{60, {0, 1, 3, 0, 0, 0, 1}}};
       }},
      {"option that says to discard",
       [](FrameFields6& f) {
         f.extension_headers = {{60, {0, 0x41, 4, 0, 0, 0, 0}}};
       }},
      {"jumbo payload",
       [](FrameFields6& f) {
         f.extension_headers = {{0, {0, 0xc2, 4, 0, 1, 0, 0}}};
       }},
  };
  for (const auto& [what, make] : all) {
    FrameFields6 fields = asker();
    ASSERT_TRUE(make_echo_reply6(request_of(fields), kOurMac));
    make(fields);
    EXPECT_FALSE(make_echo_reply6(request_of(fields), kOurMac)) << what;
  }
}

TEST(Icmp6Echo, DoesNotAnswerOtherMessages) {
  for (const uint8_t type : Bytes{1, 2, 3, 4, 127, 129, 130, 135}) {
    EXPECT_FALSE(make_echo_reply6(icmp6_frame(asker(), type, 0, payload(8)), kOurMac)) << int{type};
  }
  EXPECT_FALSE(make_echo_reply6(icmp6_frame(asker(), 128, 1, payload(8)), kOurMac));
  EXPECT_FALSE(make_echo_reply6(icmp6_frame(asker(), 128, 0, payload(3)), kOurMac));
  EXPECT_FALSE(make_echo_reply6(udp6_frame(asker(), payload(8)), kOurMac));
  EXPECT_FALSE(make_echo_reply6(tagged(request_of(asker()), 5), kOurMac));
}

TEST(Icmp6Echo, DoesNotAnswerALengthBeyondTheFrame) {
  Bytes request = request_of(asker());
  request[kIpAt + 5] = static_cast<uint8_t>(request[kIpAt + 5] + 1);
  EXPECT_FALSE(make_echo_reply6(request, kOurMac));
}

}  // namespace
}  // namespace turnout::icmp6_echo_test
