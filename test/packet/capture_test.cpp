// What a capture sees of the packets that the worker handles, and that they fare no differently for it.
#include "test/packet/capture_lab.h"
#include "test/support/frame_changes.h"

namespace turnout::capture_test {
namespace {

std::string web_and_names() {
  return service(kWeb, server(11)) + "," + service(kNames, server(12), "mh", true);
}

Bytes who_has_vip() {
  return arp_frame(kBroadcastMac, {.sender_mac = kRouterMac, .sender_ip = "192.0.2.9", .target_ip = kWeb});
}

TEST(Capture, ShowsAForwardedPacketAsItLeft) {
  Rig rig(config_with(web_and_names()));
  rig.settle();
  CaptureLab lab(rig);
  lab.start();
  const std::vector<Sent> sent = rig.pass(kFront, data_of(7));
  const std::vector<Captured> seen = lab.take();
  ASSERT_EQ(seen.size(), 1u);
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(seen[0].frame, sent[0].frame);
  EXPECT_EQ(seen[0].note.length, data_of(7).size());
  EXPECT_EQ(seen[0].note.port, kFront);
  EXPECT_EQ(seen[0].note.egress, kBack);
  EXPECT_EQ(seen[0].comment,
            "transmitted: to real server 198.51.100.11; service tcp 192.0.2.100:80; came by port front; left "
            "by port "
            "back");
}

TEST(Capture, ShowsADroppedPacketAsItCameAndWhy) {
  Rig rig(config_with(web_and_names()));
  rig.settle();
  CaptureLab lab(rig);
  lab.start();
  const Bytes lost = tcp_frame(from_client(1, kWeb, 81), kSyn), tag = tagged(syn_of(2), 77);
  rig.pass(kFront, lost);
  rig.pass(kFront, tag);
  const std::vector<Captured> seen = lab.take();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].frame, lost);
  EXPECT_EQ(
      seen[0].comment,
      "dropped: no_service: it is for a VIP, but no virtual service has that protocol and port; came by port "
      "front");
  EXPECT_EQ(seen[1].frame, tag);
  EXPECT_TRUE(seen[1].comment.starts_with("dropped: unknown_vlan: ")) << seen[1].comment;
  EXPECT_NE(seen[1].comment.find("; service tcp 192.0.2.100:80"), std::string::npos) << seen[1].comment;
}

TEST(Capture, ShowsPuntsAndWhatControlSends) {
  Rig rig(config_with(web_and_names()));
  rig.settle();
  CaptureLab lab(rig);
  lab.start();
  rig.pass(kFront, who_has_vip());
  const std::vector<Sent> answer = rig.answers();
  ASSERT_EQ(answer.size(), 1u);
  const std::vector<Captured> seen = lab.take();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].frame, who_has_vip());
  EXPECT_EQ(seen[0].comment, "punted: arp: ARP for all to hear; came by port front");
  EXPECT_EQ(seen[1].frame, answer[0].frame);
  EXPECT_EQ(seen[1].comment,
            "originated: a frame of the director's own, or of its kernel interface; left by port front");
}

TEST(Capture, HasEachPacketOfAMixedBurstOnceWithItsOwnServer) {
  Rig rig(config_with(service(kWeb, server(11) + "," + server(12) + "," + server(13), "rr")));
  rig.settle();
  CaptureLab lab(rig);
  lab.start();
  constexpr unsigned kCount = 200;
  for (unsigned i = 0; i < kCount; ++i) {
    rig.put(kFront, i % 3 == 0   ? tcp_frame(from_client(i, kWeb, 81), kSyn)
                    : i % 7 == 0 ? who_has_vip()
                                 : syn_of(i));
    if (i % 50 == 49) rig.poll_all();
  }
  rig.poll_all();
  const std::vector<Captured> seen = lab.take();
  EXPECT_EQ(seen.size(), kCount);
  EXPECT_EQ(lab.tap->matched(), kCount);
  EXPECT_EQ(lab.tap->missed(), 0u);
  std::vector<Bytes> left;
  for (const Captured& packet : seen) {
    if (packet.note.fate != CaptureFate::transmitted) continue;
    left.push_back(packet.frame);
    const unsigned number = packet.frame[5];  // of its MAC address
    EXPECT_NE(packet.comment.find("real server " + server_ip(number) + ";"), std::string::npos)
        << packet.comment;
  }
  std::vector<Bytes> sent;
  for (const Sent& each : rig.take()) sent.push_back(each.frame);
  EXPECT_EQ(left, sent) << "in the order in which they left";
}

/// Clients 5, 6, 255 and 256, of 203.0.113.6 and .7, among 300 others in bursts as they come.
TEST(Capture, OfSomeClientsHasTheirPacketsWithTheirServersAndNoOthers) {
  Rig rig(config_with(service(kWeb, server(11) + "," + server(12) + "," + server(13), "rr")));
  rig.settle();
  CaptureLab lab(rig);
  for (const unsigned client : {5u, 6u}) {
    const Bytes frame = syn_of(client);
    const auto length = static_cast<uint32_t>(frame.size());
    lab.filter.clients.push_back({view_of({frame.data(), length, length}).client, 128});
  }
  lab.start();
  for (unsigned i = 0; i < 300; ++i) {
    rig.put(kFront, i % 3 == 0 ? tcp_frame(from_client(i, kWeb, 81), kSyn) : syn_of(i));
    if (i % 50 == 49) rig.poll_all();
  }
  std::vector<Bytes> sent;
  for (const Sent& each : rig.take()) {
    const uint8_t client = each.frame[29];
    if (client == 6 || client == 7) sent.push_back(each.frame);
  }
  ASSERT_EQ(sent.size(), 2u) << "of 255 and 6 nothing is forwarded: no service has their port";
  std::vector<Bytes> left;
  unsigned dropped = 0;
  for (const Captured& packet : lab.take()) {
    dropped += packet.note.fate == CaptureFate::dropped;
    if (packet.note.fate != CaptureFate::transmitted) continue;
    left.push_back(packet.frame);
    EXPECT_NE(packet.comment.find("real server " + server_ip(packet.frame[5]) + ";"), std::string::npos)
        << packet.comment;
  }
  EXPECT_EQ(left, sent);
  EXPECT_EQ(dropped, 2u);
  EXPECT_EQ(lab.tap->matched(), 4u);
}

TEST(Capture, APacketThatTheQueueDidNotTakeWasDropped) {
  Rig rig(config_with(web_and_names()));
  rig.settle();
  constexpr unsigned kFew = 10, kTooMany = 20;
  const auto send = [&](unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      rig.put(kFront, query_of(i));
      if (i % kBurst == kBurst - 1) rig.poll_all();
    }
    rig.poll_all();
  };
  send(TestPorts::kQueueRoom - kFew);
  CaptureLab lab(rig);
  lab.start();
  send(kFew + kTooMany);
  EXPECT_EQ(rig.drops(DropReason::transmit_full), kTooMany);
  unsigned transmitted = 0, dropped = 0;
  for (const Captured& packet : lab.take()) {
    transmitted += packet.note.fate == CaptureFate::transmitted;
    dropped += packet.note.fate == CaptureFate::dropped;
    if (packet.note.fate != CaptureFate::dropped) continue;
    EXPECT_EQ(packet.note.detail, static_cast<uint8_t>(DropReason::transmit_full));
    EXPECT_NE(packet.comment.find("service udp 192.0.2.101:53"), std::string::npos) << packet.comment;
    EXPECT_NE(packet.note.server, kNobody);
  }
  EXPECT_EQ(transmitted, kFew);
  EXPECT_EQ(dropped, kTooMany);
  EXPECT_EQ(lab.tap->matched(), kFew + kTooMany);
  rig.take();
}

TEST(Capture, APuntThatControlIsNotGivenWasDropped) {
  Rig rig(config_with(web_and_names()));
  rig.settle();
  CaptureLab lab(rig);
  lab.filter.reasons.reset();
  lab.filter.reasons.set(static_cast<size_t>(DropReason::punt_limited));
  lab.filter.reasons.set(static_cast<size_t>(DropReason::punt_full));
  lab.start();
  uint64_t punted = 0, dropped = 0;
  const uint64_t before = rig.punts(PuntKind::arp);
  for (unsigned i = 0; i < 20'000; ++i) {
    rig.put(kFront, who_has_vip());
    if (i % kBurst != kBurst - 1) continue;
    rig.poll_all();
    for (const Captured& packet : lab.take()) ++(packet.note.fate == CaptureFate::punted ? punted : dropped);
  }
  rig.poll_all();
  for (const Captured& packet : lab.take()) ++(packet.note.fate == CaptureFate::punted ? punted : dropped);
  EXPECT_EQ(punted, rig.punts(PuntKind::arp) - before);
  EXPECT_EQ(dropped, rig.drops(DropReason::punt_limited) + rig.drops(DropReason::punt_full));
  EXPECT_GT(dropped, 0u);
  while (!rig.answers().empty()) lab.take();
}

TEST(Capture, WithoutBuffersMissesPacketsAndHoldsNoneUp) {
  Rig rig(config_with(web_and_names()));
  rig.settle();
  constexpr uint32_t kCopies = 511;
  CaptureLab lab(rig, kCopies);
  lab.start();
  constexpr unsigned kCount = 700;
  for (unsigned i = 0; i < kCount; ++i)
    ASSERT_EQ(rig.pass(kFront, syn_of(i)), std::vector{at_server(syn_of(i), server_mac(11))});
  const size_t copied = lab.take().size();
  EXPECT_LE(copied, kCopies);
  EXPECT_GT(copied, kCopies / 2);
  EXPECT_EQ(lab.tap->matched(), kCount);
  EXPECT_EQ(copied + lab.tap->missed(), kCount);
  EXPECT_EQ(lab.tap->missed(kBack), lab.tap->missed());
  rig.pass(kFront, syn_of(1));
  EXPECT_EQ(lab.take().size(), 1u) << "there is room again";
}

TEST(Capture, IsOverForTheWorkerWhenTheSnapshotSaysSo) {
  Rig rig(config_with(web_and_names()));
  rig.settle();
  CaptureLab lab(rig);
  lab.start();
  EXPECT_NE(rig.director().snapshot().capture, nullptr);
  rig.pass(kFront, syn_of(1));
  lab.stop();
  EXPECT_EQ(rig.director().snapshot().capture, nullptr);
  rig.pass(kFront, syn_of(2));
  EXPECT_EQ(lab.take().size(), 1u);
  EXPECT_EQ(lab.tap->matched(), 1u);
}

TEST(Capture, GoesOnThroughChangesOfTheConfiguration) {
  Config config = config_with(web_and_names());
  Rig rig(config);
  rig.settle();
  CaptureLab lab(rig);
  lab.start();
  ServiceConfig changed = config.services[0];
  changed.real_servers[0].weight = 5;
  rig.replace(changed);
  rig.pass(kFront, syn_of(1));
  config.services.pop_back();
  rig.apply(config);
  rig.pass(kFront, syn_of(2));
  EXPECT_EQ(lab.take().size(), 2u);
}

void want_service(Rig& rig, size_t number, CaptureFilter& filter) {
  const ServiceKey& key = rig.director().config().services[number].key;
  const Registry::Service& service = rig.director().registry().service(key);
  filter.by_service = true;
  filter.services = {service.index};
  for (const auto& [address, server] : service.servers) filter.service_slots.push_back(server.slot);
  std::ranges::sort(filter.service_slots);
}

/// SYNs, queries, answers that were too big, packets for no service: in bursts as they come.
void send_of_all_kinds(Rig& rig) {
  for (unsigned i = 0; i < 240; ++i) {
    const Bytes answer = ip_packet_of(tcp_frame(
        {.source = kWeb, .destination = from_client(i).source, .source_port = 80, .destination_port = 20000},
        kAck));
    const Bytes kinds[] = {syn_of(i), query_of(i), tcp_frame(from_client(i, kWeb, 81), kSyn),
                           icmp_error({.source = "198.51.100.99", .destination = kWeb}, 3, answer)};
    rig.put(kFront, kinds[i % std::size(kinds)]);
    if (i % 60 == 59) rig.poll_all();
  }
}

TEST(Capture, OfAServiceHasItsPacketsAndNoneOfAnotherWithTheSameServers) {
  const std::string servers = server(11) + "," + server(12);
  const Config config =
      config_with(service(kWeb, servers, "rr") + "," + service(kNames, servers, "rr", true));
  std::array<std::vector<Bytes>, 2> expected;
  {
    Rig rig(config);
    rig.settle();
    CaptureLab lab(rig);
    lab.start();
    send_of_all_kinds(rig);
    constexpr std::array kKeys{"; service tcp 192.0.2.100:80", "; service udp 192.0.2.101:53"};
    for (const Captured& packet : lab.take()) {
      for (size_t i = 0; i < kKeys.size(); ++i) {
        if (packet.comment.find(kKeys.at(i)) != std::string::npos) expected.at(i).push_back(packet.frame);
      }
    }
    rig.take();
  }
  for (size_t i = 0; i < expected.size(); ++i) {
    Rig rig(config);
    rig.settle();
    CaptureLab lab(rig);
    want_service(rig, i, lab.filter);
    lab.start();
    send_of_all_kinds(rig);
    std::vector<Bytes> seen;
    for (const Captured& packet : lab.take()) seen.push_back(packet.frame);
    EXPECT_EQ(seen, expected.at(i));
    EXPECT_EQ(seen.size(), i == 0 ? 120u : 60u);
    rig.take();
  }
}

TEST(Capture, LaterFragmentsAreOfTheServiceThatTheirServerIsOf) {
  Rig rig(config_with(web_and_names()));
  rig.settle();
  CaptureLab lab(rig);
  want_service(rig, 1, lab.filter);
  lab.start();
  const std::vector<Bytes> pieces = fragmented(udp_frame(from_client(3, kNames, 53), payload(2000)), 9, 800);
  rig.pass(kFront, pieces[2]);  // waits for the first, and is captured when it goes on
  EXPECT_TRUE(lab.take().empty());
  rig.pass(kFront, pieces[0]);
  rig.pass(kFront, pieces[1]);
  rig.pass(kFront, syn_of(1));
  const std::vector<Captured> seen = lab.take();
  ASSERT_EQ(seen.size(), 3u);
  for (const Captured& packet : seen)
    EXPECT_NE(packet.comment.find("service udp 192.0.2.101:53"), std::string::npos) << packet.comment;
}

TEST(Capture, CopiesAFrameThatLiesInTwoBuffersAndCutsItToItsSnaplen) {
  Rig rig(config_with(web_and_names()));
  rig.settle();
  CaptureLab lab(rig, 1023, 100);
  lab.start();
  const Bytes frame = tcp_frame(from_client(1), kAck, payload(1000));
  const std::vector<Sent> sent = rig.pass(kFront, frame, {.split_at = 70});
  const std::vector<Captured> seen = lab.take();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].frame, cut_to(sent.at(0).frame, 100));
  EXPECT_EQ(seen[0].note.length, frame.size());
}

}  // namespace
}  // namespace turnout::capture_test
