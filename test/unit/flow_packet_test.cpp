#include "dataplane/flow_packet.h"

#include <gtest/gtest.h>

#include <vector>

namespace turnout::flow_packet_test {
namespace {

using Flows = std::array<FlowPacket, kBurst>;

std::vector<const FlowPacket*> all_of(const FlowList& list) {
  std::vector<const FlowPacket*> all;
  for (const FlowPacket& flow : list) all.push_back(&flow);
  return all;
}

TEST(FlowPacket, HasOneKeyForEitherTable) {
  FlowPacket flow;
  flow.set_key(make_connection_key(1, 2, 3));
  EXPECT_EQ(flow.key<ConnectionKey>(), make_connection_key(1, 2, 3));
  const WideKey wide = make_connection_key(Address6{1, 2}, 3, 4);
  flow.set_key(wide);
  EXPECT_EQ(flow.key<WideKey>(), wide);
}

TEST(FlowList, IsInOrderAndHoldsAWholeBurst) {
  Flows flows;
  FlowList list;
  EXPECT_TRUE(list.empty());
  std::vector<const FlowPacket*> wanted;
  for (FlowPacket& flow : flows) {
    list.add(flow);
    wanted.push_back(&flow);
  }
  EXPECT_EQ(all_of(list), wanted);
  EXPECT_EQ(list.size(), kBurst);
  list.clear();
  EXPECT_TRUE(list.empty());
}

TEST(FlowList, IsFilledBehindWhatItHas) {
  Flows flows;
  FlowList list;
  list.add(flows[5]);
  {
    FlowFilling filling(list);
    filling.add(flows[1]);
    filling.add(flows[9]);
  }
  EXPECT_EQ(all_of(list), (std::vector<const FlowPacket*>{&flows[5], &flows[1], &flows[9]}));
}

TEST(FlowList, AsksEachOnceWhetherItLeavesAndKeepsTheOthersInOrder) {
  Flows flows;
  FlowList list;
  for (size_t i = 0; i < 6; ++i) list.add(flows[i]);
  std::vector<const FlowPacket*> asked;
  list.drop_if([&](FlowPacket& flow) {
    asked.push_back(&flow);
    return &flow == &flows[0] || &flow == &flows[3] || &flow == &flows[5];
  });
  EXPECT_EQ(asked, (std::vector<const FlowPacket*>{&flows[0], &flows[1], &flows[2], &flows[3], &flows[4],
                                                   &flows[5]}));
  EXPECT_EQ(all_of(list), (std::vector<const FlowPacket*>{&flows[1], &flows[2], &flows[4]}));
  list.drop_if([](FlowPacket&) { return true; });
  EXPECT_TRUE(list.empty());
}

/// What is fetched there is good for nothing, but it is somebody's.
TEST(FlowList, KnowsAPacketAheadOfEachEvenOfTheLast) {
  Flows flows;
  FlowList list(flows[7]);
  for (FlowPacket& flow : flows) list.add(flow);
  size_t place = 0;
  for (auto at = list.begin(); at != list.end(); ++at, ++place) {
    const size_t ahead = static_cast<size_t>(&at.ahead() - flows.data());
    ASSERT_LT(ahead, flows.size()) << "of place " << place;
    EXPECT_TRUE(ahead > place || ahead == 7) << "of place " << place;
  }
  EXPECT_EQ(place, kBurst);
}

}  // namespace
}  // namespace turnout::flow_packet_test
