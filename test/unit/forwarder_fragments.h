// Datagrams in pieces, and the forwarder that they go through.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "test/support/forwarder_rig.h"
#include "test/support/frame_changes.h"
#include "test/support/frames6.h"

namespace turnout {

inline constexpr size_t kPiece = 800;

/// A datagram of `flow` to the UDP service, in pieces.
inline std::vector<Bytes> datagram(uint16_t flow, uint16_t id, size_t size = 3000) {
  FrameFields fields;
  fields.source_port = static_cast<uint16_t>(1024 + flow);
  fields.destination_port = 53;
  return fragmented(udp_frame(fields, payload(size)), id, kPiece);
}
inline std::vector<Bytes> datagram6(uint16_t flow, uint32_t id, size_t size = 3000) {
  FrameFields6 fields;
  fields.source_port = static_cast<uint16_t>(1024 + flow);
  fields.destination_port = 53;
  return fragmented6(udp6_frame(fields, payload(size)), id, kPiece);
}
/// Turns, so that the Maglev table says something else for most flows.
struct ForwarderFragments : testing::Test {
  static SnapshotRecipe round_robin() {
    SnapshotRecipe recipe;
    recipe.turns = {0, 1, 2};
    return recipe;
  }
  ForwarderRig rig{1024, round_robin()};

  static void expect_at(uint32_t server, const Fate& fate, const Bytes& frame) {
    ASSERT_EQ(fate.kind, Fate::transmitted) << hex(frame);
    EXPECT_EQ(fate.frame,
              redirected(frame, "02:00:00:00:02:0" + std::to_string(server), "02:00:00:00:01:00"));
  }
  /// Sends the frames one by one, and expects each to go to `server` at once.
  void expect_all_at(uint32_t server, const std::vector<Bytes>& frames) {
    for (const Bytes& frame : frames) expect_at(server, rig.send(frame), frame);
  }
  void expect_held(const Bytes& frame) { EXPECT_EQ(rig.send(frame).kind, Fate::held) << hex(frame); }
  void expect_dropped(const Bytes& frame, DropReason reason = DropReason::fragment) {
    const Fate fate = rig.send(frame);
    EXPECT_EQ(fate.kind, Fate::dropped) << hex(frame);
    EXPECT_EQ(fate.reason, reason);
  }
  ~ForwarderFragments() override {
    rig.forwarder.release_fragments();
    for (const Fate& fate : rig.released()) EXPECT_NE(fate.kind, Fate::nothing);
    EXPECT_FALSE(rig.forwarder.holds_fragments()) << "nothing leaks";
  }
};

}  // namespace turnout
