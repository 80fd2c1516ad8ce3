// The file that a capture's copies make, octet by octet as draft-ietf-opsawg-pcapng draws it.
#include <ctime>

#include <rte_cycles.h>

#include "test/packet/capture_lab.h"

namespace turnout::capture_stream_test {
namespace {

constexpr uint32_t kSection = 0x0A0D0D0A, kInterface = 1, kStatistics = 5, kPacket = 6;
constexpr size_t kPacketHeader = 20;  // of an enhanced packet block, before the frame
constexpr uint64_t kEnough = 1'000'000;

/// The options from `at` on, to their end: code and value. Fails the test if they have none.
std::vector<std::pair<uint16_t, std::string>> options_of(const PcapngBlock& block, size_t at) {
  std::vector<std::pair<uint16_t, std::string>> options;
  while (at + 4 <= block.body.size()) {
    const uint32_t head = block.word(at);
    const auto code = static_cast<uint16_t>(head);
    const size_t size = head >> 16;
    if (code == 0) {
      EXPECT_EQ(at + 4, block.body.size()) << "something follows the end";
      return options;
    }
    options.emplace_back(code, std::string(block.body.begin() + static_cast<std::ptrdiff_t>(at + 4),
                                           block.body.begin() + static_cast<std::ptrdiff_t>(at + 4 + size)));
    at += 4 + (size + 3) / 4 * 4;
  }
  ADD_FAILURE() << "options without an end";
  return options;
}

class CaptureStreamTest : public testing::Test {
 protected:
  CaptureStreamTest() {
    rig.settle();
    lab.start();
  }
  CaptureStream make_stream(uint64_t most = kEnough) {
    const WorkerQueues queues = TestPorts::instance().queues();
    return {{queues.transmit[kFront].device, queues.transmit[kBack].device},
            "capture-test",
            CaptureLab::kSnaplen,
            most,
            "a test"};
  }
  /// Has a copy made of the frame, with what became of it.
  rte_mbuf* copy_of(const Bytes& frame) {
    rig.pass(kFront, frame);
    const std::vector<rte_mbuf*> copies = lab.take_copies();
    EXPECT_EQ(copies.size(), 1u);
    return copies.at(0);
  }
  static uint64_t now() {
    timespec time{};
    clock_gettime(CLOCK_REALTIME, &time);
    return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
  }

  Rig rig{config_with(service(kWeb, server(11)))};
  CaptureLab lab{rig};
};

TEST_F(CaptureStreamTest, BeginsWithTheSectionAndItsInterfaces) {
  CaptureStream stream = make_stream();
  const std::string file = stream.take();
  EXPECT_EQ(file.size(), stream.bytes());
  const std::vector<PcapngBlock> blocks = blocks_of(file);
  ASSERT_GE(blocks.size(), 3u);
  EXPECT_EQ(blocks[0].type, kSection);
  EXPECT_EQ(blocks[0].word(0), 0x1A2B3C4Du);
  const auto options = options_of(blocks[0], 16);
  EXPECT_EQ(options.front(), (std::pair<uint16_t, std::string>{1, "a test"}));
  for (size_t i = 1; i < blocks.size(); ++i) EXPECT_EQ(blocks[i].type, kInterface);
  EXPECT_EQ(stream.take(), "") << "nothing new";
}

TEST_F(CaptureStreamTest, APacketHasItsCommentItsTimeAndItsLength) {
  for (const std::string& comment :
       {std::string("x"), std::string("dropped: no_service: why"), std::string(511, 'c')}) {
    CaptureStream stream = make_stream();
    stream.take();
    const uint64_t before = now();
    rte_mbuf* copy = copy_of(data_of(3));
    const uint64_t after = now();
    ASSERT_TRUE(stream.add(*copy, comment));
    const std::vector<PcapngBlock> blocks = blocks_of(stream.take());
    ASSERT_EQ(blocks.size(), 1u);
    const PcapngBlock& block = blocks[0];
    EXPECT_EQ(block.type, kPacket);
    const uint64_t time = uint64_t{block.word(4)} << 32 | block.word(8);
    constexpr uint64_t kCloseEnough = 50'000'000;  // what a busy machine takes between two clocks
    EXPECT_GE(time + kCloseEnough, before);
    EXPECT_LE(time, after + kCloseEnough);
    const uint32_t size = block.word(12);
    EXPECT_EQ(size, copy->data_len);
    EXPECT_EQ(block.word(16), CaptureNote::of(*copy).length);
    const auto* data = rte_pktmbuf_mtod(copy, const uint8_t*);
    EXPECT_TRUE(std::equal(data, data + size, block.body.begin() + kPacketHeader));
    const auto options = options_of(block, kPacketHeader + (size + 3) / 4 * 4);
    ASSERT_EQ(options.size(), 3u);
    EXPECT_EQ(options[0], (std::pair<uint16_t, std::string>{2, {"\2\0\0\0", 4}})) << "outbound";
    EXPECT_EQ(options[1].first, 6) << "the queue";
    EXPECT_EQ(options[2], (std::pair<uint16_t, std::string>{1, comment}));
    rte_pktmbuf_free(copy);
  }
}

TEST_F(CaptureStreamTest, TimesGoBackWhereWorkersPacketsCameOutOfOrder) {
  CaptureStream stream = make_stream();
  stream.take();
  rte_mbuf* copy = copy_of(syn_of(1));
  const uint64_t tsc = CaptureNote::of(*copy).tsc, hz = rte_get_tsc_hz();
  std::vector<uint64_t> times;
  for (const uint64_t age : {uint64_t{0}, 5 * hz, hz / 2, 3 * hz}) {
    CaptureNote::of(*copy).tsc = tsc - age;
    ASSERT_TRUE(stream.add(*copy, ""));
  }
  for (const PcapngBlock& block : blocks_of(stream.take()))
    times.push_back(uint64_t{block.word(4)} << 32 | block.word(8));
  ASSERT_EQ(times.size(), 4u);
  const auto seconds = [&](size_t i) { return static_cast<double>(times[0] - times[i]) / 1e9; };
  EXPECT_NEAR(seconds(1), 5, 0.05);
  EXPECT_NEAR(seconds(2), 0.5, 0.05);
  EXPECT_NEAR(seconds(3), 3, 0.05);
  rte_pktmbuf_free(copy);
}

TEST_F(CaptureStreamTest, ALongCommentIsCutBetweenCharacters) {
  CaptureStream stream = make_stream();
  stream.take();
  std::string comment(CaptureStream::kMostComment - 1, 'a');
  comment += "éé";  // two octets each
  rte_mbuf* copy = copy_of(syn_of(1));
  ASSERT_TRUE(stream.add(*copy, comment));
  const std::vector<PcapngBlock> blocks = blocks_of(stream.take());
  const size_t size = copy->data_len;
  EXPECT_EQ(options_of(blocks.at(0), kPacketHeader + (size + 3) / 4 * 4).back().second,
            std::string(CaptureStream::kMostComment - 1, 'a'));
  rte_pktmbuf_free(copy);
}

TEST_F(CaptureStreamTest, IsNeverLongerThanItMayBe) {
  for (const uint64_t most : {4096u, 5000u, 20'000u}) {
    CaptureStream stream = make_stream(most);
    rte_mbuf* copy = copy_of(syn_of(1));
    std::string file;
    unsigned packets = 0;
    for (; stream.add(*copy, "a comment"); ++packets) {
      ASSERT_LT(packets, 1000u);
      if (packets % 5 == 0) file += stream.take();
    }
    EXPECT_FALSE(stream.add(*copy, "a comment")) << "nor later";
    stream.finish({}, std::string(1000, 'z'));
    file += stream.take();
    EXPECT_EQ(file.size(), stream.bytes());
    EXPECT_LE(file.size(), most);
    EXPECT_GT(file.size() + 1000, most);
    unsigned found = 0;
    for (const PcapngBlock& block : blocks_of(file)) found += block.type == kPacket;
    EXPECT_EQ(found, packets);
    rte_pktmbuf_free(copy);
  }
}

TEST_F(CaptureStreamTest, EndsWithWhatItsInterfacesHadAndMissed) {
  CaptureStream stream = make_stream();
  stream.take();
  CaptureStream::Counts counts;
  counts.captured[kFront] = 5;
  counts.missed[kFront] = 2;
  counts.captured[kBack] = 11;
  stream.finish(counts, "ended: its time is up");
  const std::vector<PcapngBlock> blocks = blocks_of(stream.take());
  ASSERT_EQ(blocks.size(), 2u);
  const std::string words[2][2] = {{{"\7\0\0\0\0\0\0\0", 8}, {"\2\0\0\0\0\0\0\0", 8}},
                                   {{"\13\0\0\0\0\0\0\0", 8}, {"\0\0\0\0\0\0\0\0", 8}}};
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(blocks[i].type, kStatistics);
    std::vector<std::pair<uint16_t, std::string>> expected;
    if (i == 0) expected.emplace_back(1, "ended: its time is up");
    expected.emplace_back(4, words[i][0]);
    expected.emplace_back(5, words[i][1]);
    EXPECT_EQ(options_of(blocks[i], 12), expected);
  }
}

TEST_F(CaptureStreamTest, LosesNoBufferHoweverManyPacketsItWrites) {
  CaptureStream stream = make_stream(UINT32_MAX);
  rte_mbuf* copy = copy_of(syn_of(1));
  for (unsigned i = 0; i < 5000; ++i) ASSERT_TRUE(stream.add(*copy, "again")) << i;
  stream.take();
  EXPECT_EQ(rte_mempool_in_use_count(rte_mempool_lookup("capture-test")), 0u);
  rte_pktmbuf_free(copy);
}

}  // namespace
}  // namespace turnout::capture_stream_test
