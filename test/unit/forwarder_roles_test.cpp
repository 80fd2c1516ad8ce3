// Who answers what: addresses that answer echo requests, VIPs that reject, and ports whose kernel listens.
#include <gtest/gtest.h>

#include "test/support/forwarder_rig.h"
#include "test/support/frame_changes.h"
#include "test/support/frames6.h"

namespace turnout::forwarder_roles_test {
namespace {

FrameFields to_own(uint16_t port = 22) {
  FrameFields fields;
  fields.destination = "192.0.2.2";
  fields.destination_port = port;
  return fields;
}
FrameFields6 to_own6(uint16_t port = 22) {
  FrameFields6 fields;
  fields.destination = "2001:db8::2";
  fields.destination_port = port;
  return fields;
}
FrameFields to_vip(uint16_t port) {
  FrameFields fields;
  fields.destination_port = port;
  return fields;
}
FrameFields6 to_vip6(uint16_t port) {
  FrameFields6 fields;
  fields.destination_port = port;
  return fields;
}
void expect_punted(ForwarderRig& rig, const Bytes& frame, PuntKind kind) {
  const Fate fate = rig.send(frame);
  EXPECT_EQ(fate.kind, Fate::punted) << hex(frame);
  EXPECT_EQ(fate.punt, kind) << hex(frame);
  EXPECT_EQ(fate.frame, frame) << "as it came";
}
void expect_dropped(ForwarderRig& rig, const Bytes& frame, DropReason reason) {
  const Fate fate = rig.send(frame);
  EXPECT_EQ(fate.kind, Fate::dropped) << hex(frame);
  EXPECT_EQ(fate.reason, reason) << hex(frame);
}

TEST(ForwarderRoles, AVipThatDoesNotAnswerEchoRequestsDropsThem) {
  SnapshotRecipe recipe;
  recipe.vip_role = AddressRole::kVip;
  ForwarderRig rig(64, recipe);
  expect_dropped(rig, icmp_frame({}, 8), DropReason::echo_off);
  expect_dropped(rig, icmp6_frame({}, 128, 0, payload(8)), DropReason::echo_off);
  expect_punted(rig, icmp_frame(to_own(), 8), PuntKind::icmp_echo);
  expect_punted(rig, icmp6_frame(to_own6(), 128, 0, payload(8)), PuntKind::icmp_echo);
  recipe.vip_role |= AddressRole::kReject;
  rig.recipe = recipe;
  rig.apply();
  expect_dropped(rig, icmp_frame({}, 8), DropReason::echo_off);
}

TEST(ForwarderRoles, AVipThatRejectsHasControlAnswerWhatNoServiceHas) {
  SnapshotRecipe recipe;
  recipe.vip_role |= AddressRole::kReject;
  ForwarderRig rig(64, recipe);
  expect_punted(rig, tcp_frame(to_vip(81), kSyn), PuntKind::unmatched);
  expect_punted(rig, udp_frame(to_vip(54)), PuntKind::unmatched);
  expect_punted(rig, ip_frame({}, 47, payload(8)), PuntKind::unmatched);
  expect_punted(rig, tcp6_frame(to_vip6(81), kSyn), PuntKind::unmatched);
  expect_punted(rig, udp6_frame(to_vip6(54)), PuntKind::unmatched);
  expect_punted(rig, sctp6_frame(to_vip6(81), {sctp_chunk(1)}), PuntKind::unmatched);
  EXPECT_EQ(rig.send(tcp_frame({}, kSyn)).kind, Fate::transmitted);
  expect_dropped(rig, icmp_frame({}, 13), DropReason::icmp_unsupported);
  expect_dropped(rig, tcp_frame(to_own(), kSyn), DropReason::own_address_unserved);
}

TEST(ForwarderRoles, AVipThatRejectsIsAskedOnceForAFragmentedDatagram) {
  SnapshotRecipe recipe;
  recipe.vip_role |= AddressRole::kReject;
  ForwarderRig rig(64, recipe);
  const std::vector<Bytes> pieces = fragmented(udp_frame(to_vip(54), payload(2000)), 7, 800);
  const std::vector<Fate> fates = rig.burst(pieces);
  EXPECT_EQ(fates[0].punt, PuntKind::unmatched);
  EXPECT_EQ(fates[1].reason, DropReason::fragment);
  EXPECT_EQ(fates[2].reason, DropReason::fragment);
}

TEST(ForwarderRoles, AServiceWithoutServersIsNotRejected) {
  SnapshotRecipe recipe;
  recipe.vip_role |= AddressRole::kReject;
  recipe.maglev.clear();
  ForwarderRig rig(64, recipe);
  expect_dropped(rig, tcp_frame({}, kSyn), DropReason::no_server);
  expect_dropped(rig, tcp6_frame({}, kSyn), DropReason::no_server);
}

TEST(ForwarderRoles, TheKernelTakesWhatIsForTheDirectorItself) {
  SnapshotRecipe recipe;
  recipe.has_kernel = true;
  ForwarderRig rig(64, recipe);
  expect_punted(rig, tcp_frame(to_own(), kSyn), PuntKind::kernel);
  expect_punted(rig, udp_frame(to_own()), PuntKind::kernel);
  expect_punted(rig, ip_frame(to_own(), 89, payload(8)), PuntKind::kernel);
  expect_punted(rig, tcp6_frame(to_own6(), kSyn), PuntKind::kernel);
  expect_punted(rig, udp6_frame(to_own6()), PuntKind::kernel);
  const FrameFields reply = turned_round(to_own());
  expect_punted(rig, icmp_error(to_own(), 3, ip_packet_of(tcp_frame(reply, kAck))), PuntKind::kernel);
  const FrameFields6 reply6 = turned_round(to_own6());
  expect_punted(rig, icmp6_error(to_own6(), 2, ip_packet_of(tcp6_frame(reply6, kAck))), PuntKind::kernel);
}

TEST(ForwarderRoles, WhatMayAnswerAHealthCheckIsForControlWithOrWithoutAKernel) {
  for (const bool has_kernel : {false, true}) {
    SnapshotRecipe recipe;
    recipe.has_kernel = has_kernel;
    ForwarderRig rig(64, recipe);
    expect_punted(rig, tcp_frame(to_own(kFirstHealthPort), kSyn | kAck), PuntKind::health);
    expect_punted(rig, tcp_frame(to_own(65535), kRst), PuntKind::health);
    expect_punted(rig, udp_frame(to_own(kFirstHealthPort)), PuntKind::health);
    expect_punted(rig, tcp6_frame(to_own6(kFirstHealthPort), kSyn | kAck), PuntKind::health);
    for (const uint8_t type : {uint8_t{0}, uint8_t{3}, uint8_t{11}, uint8_t{13}})
      expect_punted(rig, icmp_frame(to_own(), type), PuntKind::health);
    expect_punted(rig, icmp6_frame(to_own6(), 129, 0, payload(8)), PuntKind::health);
    const FrameFields check = turned_round(to_own(kFirstHealthPort));
    expect_punted(rig, icmp_error(to_own(), 3, ip_packet_of(tcp_frame(check, kSyn))), PuntKind::health);
    const Fate below = rig.send(tcp_frame(to_own(uint16_t{kFirstHealthPort - 1}), kSyn | kAck));
    EXPECT_EQ(below.kind, has_kernel ? Fate::punted : Fate::dropped);
  }
}

TEST(ForwarderRoles, TheKernelTakesFragmentsInAnyOrder) {
  SnapshotRecipe recipe;
  recipe.has_kernel = true;
  ForwarderRig rig(64, recipe);
  std::vector<Bytes> pieces = fragmented(udp_frame(to_own(), payload(2000)), 7, 800);
  const std::vector<Bytes> more = fragmented6(udp6_frame(to_own6(), payload(2000)), 7, 800);
  pieces.insert(pieces.end(), more.begin(), more.end());
  std::reverse(pieces.begin(), pieces.end());
  for (const Bytes& piece : pieces) expect_punted(rig, piece, PuntKind::kernel);
  EXPECT_FALSE(rig.forwarder.holds_fragments());
}

TEST(ForwarderRoles, PingsAreAnsweredByControlWhetherThereIsAKernelOrNot) {
  SnapshotRecipe recipe;
  recipe.has_kernel = true;
  ForwarderRig rig(64, recipe);
  expect_punted(rig, icmp_frame(to_own(), 8), PuntKind::icmp_echo);
  expect_punted(rig, icmp6_frame(to_own6(), 128, 0, payload(8)), PuntKind::icmp_echo);
}

TEST(ForwarderRoles, TheKernelTakesNothingThatIsForAVipOrForOthers) {
  SnapshotRecipe recipe;
  recipe.has_kernel = true;
  ForwarderRig rig(64, recipe);
  expect_dropped(rig, tcp_frame(to_vip(81), kSyn), DropReason::no_service);
  expect_dropped(rig, icmp_frame({}, 13), DropReason::icmp_unsupported);
  FrameFields elsewhere;
  elsewhere.destination = "192.0.2.77";
  expect_dropped(rig, tcp_frame(elsewhere, kSyn), DropReason::not_our_address);
}

TEST(ForwarderRoles, AnotherPortHasNoKernel) {
  SnapshotRecipe recipe;
  recipe.has_kernel = true;
  ForwarderRig rig(64, recipe);
  rig.ingress = 1;
  expect_dropped(rig, tcp_frame(to_own(), kSyn), DropReason::own_address_unserved);
  for (const Bytes& piece : fragmented(udp_frame(to_own(), payload(2000)), 7, 800))
    expect_dropped(rig, piece, DropReason::own_address_unserved);
}

}  // namespace
}  // namespace turnout::forwarder_roles_test
