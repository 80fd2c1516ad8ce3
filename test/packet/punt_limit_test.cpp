// More of one kind than control is to be given costs the other kinds nothing.
#include "test/packet/stories.h"

namespace turnout {
namespace {

Bytes who_has_vip() {
  return arp_frame(kBroadcastMac, {.sender_mac = kRouterMac, .sender_ip = "192.0.2.9", .target_ip = kWeb});
}

TEST(PuntLimit, AFloodOfOneKindLeavesTheOthersTheirShare) {
  Rig rig(config_with(service(kWeb, server(11))));
  rig.settle();
  const uint64_t punted = rig.punts(PuntKind::arp);
  constexpr unsigned kFlood = 19'200, kAtOnce = 960;  // more at once than a pause saves up for
  size_t pings = 0, answered = 0;
  for (unsigned i = 0; i < kFlood; ++i) {
    rig.put(kFront, who_has_vip());
    if (i % 400 == 0) {
      rig.put(kFront, icmp_frame({}, 8));
      ++pings;
    }
    if (i % kAtOnce != kAtOnce - 1) continue;
    rig.poll_all();
    for (size_t sent = 1; sent > 0; answered += sent) sent = rig.answers().size();
  }
  EXPECT_GT(rig.drops(DropReason::punt_limited), 0u) << "this machine is too slow for a flood";
  EXPECT_EQ(rig.punts(PuntKind::arp) - punted + rig.drops(DropReason::punt_limited), kFlood);
  EXPECT_EQ(rig.punts(PuntKind::icmp_echo), pings);
  EXPECT_GE(answered, pings);
  EXPECT_EQ(rig.pass(kFront, syn_of(1)), std::vector{at_server(syn_of(1), server_mac(11))});
}

}  // namespace
}  // namespace turnout
