// Four plain packets that are read at once: they must come out as if each had been read by itself, and that
// only if each of them is plain.
#include "dataplane/packet_four.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <random>
#include <vector>

#include "test/support/frame_changes.h"
#include "test/support/frames6.h"
#include "test/support/parsed.h"

namespace turnout::packet_four_test {
namespace {

/// A frame in a buffer that ends where it ends, so that the address sanitizer sees every octet read past it.
struct Packet {
  explicit Packet(const Bytes& frame) : length(frame.size()) {
    std::copy(frame.begin(), frame.end(), data.get());
    mbuf->buf_addr = data.get();
    mbuf->data_len = static_cast<uint16_t>(length);
    mbuf->pkt_len = static_cast<uint32_t>(length);
    mbuf->vlan_tci = 0xFFFF;  // stands beside data_len
  }
  size_t length;
  std::unique_ptr<uint8_t[]> data = std::make_unique<uint8_t[]>(length);
  std::unique_ptr<rte_mbuf> mbuf = std::make_unique<rte_mbuf>();
};

template <PlainPacket kFamily>
struct Four {
  explicit Four(const std::array<Bytes, 4>& frames, uint64_t flags = 0, const Port& port = kPort)
      : packets{Packet(frames[0]), Packet(frames[1]), Packet(frames[2]), Packet(frames[3])} {
    for (const Packet& packet : packets) packet.mbuf->ol_flags = flags;
    read(port);
  }
  void read(const Port& port = kPort) {
    const std::array<rte_mbuf*, 4> mbufs{packets[0].mbuf.get(), packets[1].mbuf.get(), packets[2].mbuf.get(),
                                         packets[3].mbuf.get()};
    for (size_t i = 0; i < mbufs.size(); ++i) flows[i].frame = rte_pktmbuf_mtod(mbufs[i], uint8_t*);
    plain = FourPlainFrames(PlainFrames<kFamily>(port)).parse(mbufs.data(), flows.data(), longest);
  }
  std::array<Packet, 4> packets;
  std::array<FlowPacket, 4> flows;
  packet_detail::FourNumbers longest{};
  bool plain = false;
};

/// True if they were read at once, which they must be if each of them is plain and of the family.
template <PlainPacket kFamily>
bool expect_as_one_by_one(const std::array<Bytes, 4>& frames) {
  const Four<kFamily> four(frames);
  bool all_plain = true;
  std::array<PacketFields, 4> fields;
  for (size_t i = 0; i < frames.size(); ++i) {
    const Packet& packet = four.packets[i];
    all_plain = parse_plain(frame_of(packet.mbuf.get()), kPort, fields[i]) == kFamily && all_plain;
  }
  EXPECT_EQ(four.plain, all_plain) << hex(frames[0]) << '\n'
                                   << hex(frames[1]) << '\n'
                                   << hex(frames[2]) << '\n'
                                   << hex(frames[3]);
  if (!four.plain) return false;
  for (size_t i = 0; i < frames.size(); ++i) {
    expect_same_fields(four.flows[i].fields, fields[i], frames[i]);
    EXPECT_EQ(four.flows[i].fields.kind, fields[i].kind) << hex(frames[i]);
    EXPECT_EQ(four.flows[i].fields.icmp_type, fields[i].icmp_type) << hex(frames[i]);
    EXPECT_EQ(four.longest[i], fields[i].ip_bytes) << hex(frames[i]);
  }
  return true;
}

const std::vector<Bytes> kFrames4{tcp_frame({}, kAck),         tcp_frame({}, kSyn, {}, Bytes(12, 1)),
                                  udp_frame({}, payload(20)),  tcp_frame({}, kFin, payload(900)),
                                  tcp_frame({}, kRst | kAck),  padded(udp_frame({}, payload(14))),
                                  padded(tcp_frame({}, kAck)), tcp_frame({}, 0),
                                  udp_frame({}, payload(1400))};
const std::vector<Bytes> kFrames6{tcp6_frame({}, kAck), tcp6_frame({}, kRst, payload(5)),
                                  tcp6_frame({}, kSyn), udp6_frame({}, payload(100)),
                                  udp6_frame({}, payload(12))};

template <PlainPacket kFamily>
const std::vector<Bytes>& plain_frames() {
  return kFamily == PlainPacket::ipv4 ? kFrames4 : kFrames6;
}

template <PlainPacket kFamily>
struct Family {
  static constexpr PlainPacket value = kFamily;
};
template <typename F>
struct ParseFour : testing::Test {};
using Families = testing::Types<Family<PlainPacket::ipv4>, Family<PlainPacket::ipv6>>;
TYPED_TEST_SUITE(ParseFour, Families);

TYPED_TEST(ParseFour, ReadsFourOfAnyPlainFrames) {
  const std::vector<Bytes>& frames = plain_frames<TypeParam::value>();
  for (size_t i = 0; i < frames.size(); ++i) {
    const auto at = [&](size_t ahead) { return frames[(i + ahead) % frames.size()]; };
    EXPECT_TRUE(expect_as_one_by_one<TypeParam::value>({at(0), at(1), at(2), at(3)}));
  }
}

TYPED_TEST(ParseFour, LeavesThemIfOneIsOfTheOtherFamilyOrNotPlain) {
  FrameFields options, fragment, martian;
  options.ip_options = Bytes(8, 1);
  fragment.fragment = 0x0010;
  martian.source = "127.0.0.1";
  std::vector<Bytes> others{tcp_frame(options, kAck),
                            tcp_frame(fragment, kAck),
                            tcp_frame(martian, kAck),
                            icmp_frame({}, 8),
                            tagged(tcp_frame({}, kAck), 10),
                            redirected(tcp_frame({}, kAck), "02:00:00:00:01:01", "02:00:00:00:00:c1"),
                            cut_to(tcp_frame({}, kAck, payload(100)), 100),
                            cut_to(tcp6_frame({}, kAck, payload(100)), 100)};
  others.push_back(TypeParam::value == PlainPacket::ipv4 ? kFrames6[0] : kFrames4[0]);
  const Bytes& plain = plain_frames<TypeParam::value>()[0];
  for (const Bytes& other : others) {
    for (size_t at = 0; at < 4; ++at) {
      std::array<Bytes, 4> frames{plain, plain, plain, plain};
      frames[at] = other;
      EXPECT_FALSE(expect_as_one_by_one<TypeParam::value>(frames)) << "at " << at;
    }
  }
}

TYPED_TEST(ParseFour, ReadsNothingOnAPortWithAVlan) {
  const Bytes& plain = plain_frames<TypeParam::value>()[0];
  const Four<TypeParam::value> four({plain, plain, plain, plain}, 0, {.mac = kPort.mac, .vlan = 10});
  EXPECT_FALSE(four.plain);
}

TYPED_TEST(ParseFour, ReadsNothingOutOfReach) {
  for (const Bytes& frame : plain_frames<TypeParam::value>()) {
    for (size_t length = 0; length < frame.size(); ++length)
      expect_as_one_by_one<TypeParam::value>({frame, cut_to(frame, length), frame, frame});
  }
}

TYPED_TEST(ParseFour, LeavesFramesOfWhichABufferHoldsOnlyTheBeginning) {
  const Bytes& plain = plain_frames<TypeParam::value>()[0];
  Four<TypeParam::value> four({plain, plain, plain, plain});
  ASSERT_TRUE(four.plain);
  four.packets[2].mbuf->data_len = 40;
  four.read();
  EXPECT_FALSE(four.plain);
}

TYPED_TEST(ParseFour, SaysTheSameWhateverAnOctetIs) {
  for (const Bytes& frame : plain_frames<TypeParam::value>()) {
    for (size_t at = 0; at < std::min<size_t>(frame.size(), 74); ++at) {
      for (unsigned octet = 0; octet < 256; ++octet) {
        Bytes odd = frame;
        odd[at] = static_cast<uint8_t>(octet);
        expect_as_one_by_one<TypeParam::value>({frame, frame, odd, frame});
      }
    }
  }
}

TYPED_TEST(ParseFour, SaysTheSameOfMutatedFrames) {
  std::mt19937 random(5);
  const std::vector<Bytes>& sound = plain_frames<TypeParam::value>();
  unsigned plain = 0, others = 0;
  for (unsigned i = 0; i < 100'000 && !testing::Test::HasFailure(); ++i) {
    std::array<Bytes, 4> frames;
    for (Bytes& frame : frames) frame = sound[random() % sound.size()];
    Bytes& odd = frames[random() % 4];
    for (unsigned changes = random() % 4; changes > 0; --changes)
      odd[random() % std::min<size_t>(odd.size(), 80)] = static_cast<uint8_t>(random());
    if (random() % 4 == 0) odd = cut_to(odd, random() % (odd.size() + 1));
    ++(expect_as_one_by_one<TypeParam::value>(frames) ? plain : others);
  }
  EXPECT_GT(plain, 10'000u) << "the frames are hardly ever plain: nothing was compared";
  EXPECT_GT(others, 10'000u) << "the frames are nearly always plain";
}

TEST(ParseFour4, LeavesThemIfANicFoundAChecksumWrong) {
  const std::array<Bytes, 4> frames{kFrames4[0], kFrames4[1], kFrames4[2], kFrames4[3]};
  EXPECT_FALSE(Four<PlainPacket::ipv4>(frames, RTE_MBUF_F_RX_IP_CKSUM_BAD).plain);
  EXPECT_TRUE(Four<PlainPacket::ipv4>(frames, RTE_MBUF_F_RX_IP_CKSUM_GOOD).plain);
  Four<PlainPacket::ipv4> four(frames, RTE_MBUF_F_RX_IP_CKSUM_GOOD);
  four.packets[3].mbuf->ol_flags = RTE_MBUF_F_RX_IP_CKSUM_BAD;
  four.read();
  EXPECT_FALSE(four.plain);
}

}  // namespace
}  // namespace turnout::packet_four_test
