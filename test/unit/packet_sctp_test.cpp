// What the parser makes of SCTP.
#include <gtest/gtest.h>

#include <array>
#include <random>

#include "test/support/frame_changes.h"
#include "test/support/frames6.h"
#include "test/support/parsed.h"

namespace turnout::packet_sctp_test {
namespace {

constexpr uint8_t kData = 0, kInit = 1, kSack = 3, kHeartbeat = 4, kAbort = 6, kShutdown = 7,
                  kShutdownAck = 8, kError = 9, kCookieEcho = 10, kCookieAck = 11, kShutdownComplete = 14,
                  kUnknown = 0xC9;

PacketEvent event_of(const std::vector<Bytes>& chunks) {
  const Parsed parsed = parse(sctp_frame({}, chunks));
  EXPECT_EQ(parsed.kind, PacketClass::flow);
  const Parsed parsed6 = parse(sctp6_frame({}, chunks));
  EXPECT_EQ(parsed6.kind, PacketClass::flow6);
  EXPECT_EQ(parsed.fields.event, parsed6.fields.event);
  return parsed.fields.event;
}

TEST(ParseSctp, ReadsPortsAndProtocol) {
  const Parsed parsed = parse(sctp_frame({}, {sctp_chunk(kInit, payload(16))}));
  ASSERT_EQ(parsed.kind, PacketClass::flow);
  EXPECT_EQ(parsed.fields.client_port, RTE_BE16(40000));
  EXPECT_EQ(parsed.fields.destination_port, RTE_BE16(80));
  EXPECT_EQ(parsed.fields.protocol, 132);
  EXPECT_EQ(parsed.fields.ip_bytes, 20 + 12 + 20);
  const Parsed parsed6 = parse(sctp6_frame({}, {sctp_chunk(kInit, payload(16))}));
  ASSERT_EQ(parsed6.kind, PacketClass::flow6);
  EXPECT_EQ(parsed6.fields.client_port, RTE_BE16(40000));
  EXPECT_EQ(parsed6.fields.destination_port, RTE_BE16(80));
  EXPECT_EQ(parsed6.fields.protocol, 132);
}

TEST(ParseSctp, AChunkSaysWhatBecomesOfTheAssociation) {
  EXPECT_EQ(event_of({sctp_chunk(kInit, payload(16))}), PacketEvent::syn);
  for (const uint8_t type : {kData, kSack, kHeartbeat, kError, kCookieEcho, kCookieAck, kUnknown})
    EXPECT_EQ(event_of({sctp_chunk(type, payload(12))}), PacketEvent::ack) << unsigned{type};
  for (const uint8_t type : {kShutdown, kShutdownAck, kShutdownComplete})
    EXPECT_EQ(event_of({sctp_chunk(type)}), PacketEvent::fin) << unsigned{type};
  EXPECT_EQ(event_of({sctp_chunk(kAbort)}), PacketEvent::rst);
}

TEST(ParseSctp, OfSeveralChunksTheStrongestCounts) {
  EXPECT_EQ(event_of({sctp_chunk(kSack, payload(12)), sctp_chunk(kShutdown, payload(4))}), PacketEvent::fin);
  EXPECT_EQ(event_of({sctp_chunk(kError, payload(7)), sctp_chunk(kAbort)}), PacketEvent::rst)
      << "behind padding";
  EXPECT_EQ(event_of({sctp_chunk(kCookieEcho, payload(9)), sctp_chunk(kData, payload(30))}),
            PacketEvent::ack);
  std::vector<Bytes> many(8, sctp_chunk(kHeartbeat));
  many.push_back(sctp_chunk(kAbort));
  EXPECT_EQ(event_of(many), PacketEvent::ack) << "so many are not looked at";
}

TEST(ParseSctp, AChunkWhoseLengthCanNotBeEndsTheLook) {
  for (const uint8_t length : std::to_array<uint8_t>({0, 3, 9, 200})) {
    Bytes broken = sctp_chunk(kSack);
    broken[3] = length;
    EXPECT_EQ(event_of({broken, sctp_chunk(kAbort)}), PacketEvent::ack) << unsigned{length};
  }
}

TEST(ParseSctp, WithoutAChunkItIsNone) {
  EXPECT_EQ(verdict(sctp_frame({}, {})), "bad_transport_header");
  EXPECT_EQ(verdict(sctp_frame({}, {Bytes(3)})), "bad_transport_header");
  EXPECT_EQ(verdict(sctp6_frame({}, {})), "bad_transport_header");
  const Bytes whole = sctp_frame({}, {sctp_chunk(kAbort)});
  for (size_t size = kTransportAt; size < whole.size(); ++size)
    EXPECT_EQ(verdict(cut_to(whole, size)), "truncated") << size;
}

TEST(ParseSctp, AFirstFragmentIsReadAsFarAsItGoes) {
  FrameFields fields;
  fields.fragment = 0;
  const std::vector<Bytes> pieces = fragmented(sctp_frame(fields, {sctp_chunk(kData, payload(300))}), 7, 96);
  EXPECT_EQ(verdict(pieces.front()), "first_fragment");
  EXPECT_EQ(parse(pieces.front()).fields.event, PacketEvent::ack);
  EXPECT_EQ(verdict(pieces.back()), "later_fragment");
}

TEST(ParseSctp, AnErrorAboutAnAssociationIsOfItsFlow) {
  const Bytes reply = sctp_frame(turned_round(FrameFields{}), {sctp_chunk(kData, payload(20))});
  const Parsed parsed = parse(icmp_error({}, 3, ip_packet_of(reply, 28)));
  ASSERT_EQ(parsed.kind, PacketClass::flow);
  EXPECT_EQ(parsed.fields.event, PacketEvent::icmp_error);
  EXPECT_EQ(parsed.fields.protocol, 132);
  EXPECT_EQ(parsed.fields.destination_port, RTE_BE16(80));
}

TEST(ParseSctp, ReadsNothingPastTheFrame) {
  std::mt19937 random(9);
  const Bytes whole =
      sctp_frame({}, {sctp_chunk(kSack, payload(12)), sctp_chunk(kData, payload(20)), sctp_chunk(kShutdown)});
  for (unsigned i = 0; i < 100'000; ++i) {
    Bytes frame = whole;
    for (auto changes = random() % 4; changes > 0; --changes)
      frame[kTransportAt + random() % (frame.size() - kTransportAt)] = static_cast<uint8_t>(random());
    parse(cut_to(std::move(frame), kTransportAt + random() % (whole.size() - kTransportAt + 1)));
  }
}

}  // namespace
}  // namespace turnout::packet_sctp_test
