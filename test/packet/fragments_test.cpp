// Fragments that wait are in the books when they go on, not when they come.
#include <chrono>
#include <thread>

#include "test/packet/stories.h"
#include "test/support/frame_changes.h"

namespace turnout::fragments_test {
namespace {

std::string names() {
  return service(kNames, server(11) + "," + server(12) + "," + server(13), "rr", true);
}
std::vector<Bytes> datagram(unsigned client, uint16_t id) {
  return fragmented(udp_frame(from_client(client, kNames, 53), payload(2000)), id, 800);
}

TEST(Fragments, AreForwardedWhenTheirFirstComes) {
  Rig rig(config_with(names()));
  rig.settle();
  for (unsigned client = 0; client < 30; ++client) {
    const std::vector<Bytes> frames = datagram(client, static_cast<uint16_t>(client));
    const uint64_t received = rig.totals().received();
    EXPECT_TRUE(rig.pass(kFront, frames[2]).empty());
    EXPECT_TRUE(rig.pass(kFront, frames[1]).empty());
    EXPECT_EQ(rig.totals().received(), received);
    EXPECT_EQ(rig.totals().held, 2u);
    const std::vector<Sent> sent = rig.pass(kFront, frames[0]);
    ASSERT_EQ(sent.size(), 3u);
    const std::string mac = destination({sent[0]});
    EXPECT_EQ(sent,
              (std::vector{at_server(frames[0], mac), at_server(frames[2], mac), at_server(frames[1], mac)}));
    EXPECT_EQ(rig.totals().received(), received + 3);
    EXPECT_EQ(rig.totals().held, 0u);
    EXPECT_EQ(destination(rig.pass(kFront, query_of(client))), mac) << "a whole datagram of the flow";
  }
}

TEST(Fragments, ByBothPortsAreCountedForTheirOwn) {
  Rig rig(config_with(names()));
  rig.settle();
  const std::vector<Bytes> frames = datagram(1, 7);
  Bytes by_back = frames[1];
  by_back[5] = 0x01;  // the back port's MAC address
  rig.pass(kBack, by_back);
  rig.pass(kFront, frames[2]);
  EXPECT_EQ(rig.totals().held, 2u);
  EXPECT_EQ(rig.pass(kFront, frames[0]).size(), 3u);
  EXPECT_EQ(rig.totals().ports[kBack].receive_packets, 1u);
  EXPECT_EQ(rig.totals().ports[kBack].receive_bytes, by_back.size());
  EXPECT_EQ(rig.totals().ports[kFront].receive_packets, 2u);
}

TEST(Fragments, AreDroppedWhenTheirTimeIsOver) {
  Rig rig(config_with(names()), {.ticks_per_second = 5});
  rig.settle();
  const auto begin = std::chrono::steady_clock::now();
  for (uint16_t id = 0; id < 40; ++id) rig.put(kFront, datagram(1, id)[1]);
  rig.poll_all();
  EXPECT_EQ(rig.totals().held, 40u);
  while (rig.totals().held > 0) {
    ASSERT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
    rig.poll();
  }
  EXPECT_GT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(200)) << "more than one tick";
  EXPECT_EQ(rig.drops(DropReason::fragment), 40u);
  EXPECT_TRUE(rig.take().empty());
}

TEST(Fragments, AreInTheBooksWhenTheWorkerEnds) {
  Rig rig(config_with(names()));
  rig.settle();
  for (uint16_t id = 0; id < 300; ++id) {
    rig.put(kFront, datagram(1, static_cast<uint16_t>(id % 100))[1u + id / 100 % 2]);
    rig.poll();
  }
  EXPECT_GT(rig.totals().held, 200u);
}  // where the rig looks at its books and its buffers

}  // namespace
}  // namespace turnout::fragments_test
