// A real TUN and the kernel's TCP, in a network namespace of the test's own that vanishes with it; the test
// plays the real server. Needs root.
#include "control/probe_tunnel.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

#include <boost/asio/write.hpp>
#include <chrono>
#include <cstdlib>
#include <set>

#include "control/http_prober.h"
#include "test/support/tcp_segments.h"

namespace turnout::probe_tunnel_test {
namespace {

using namespace std::chrono_literals;

const MacAddress kDirector = mac("02:00:00:00:01:00");
const MacAddress kServer = mac("02:00:00:00:00:11");

ProbeTarget target_of(const std::string& vip, const std::string& source) {
  ProbeTarget target;
  target.service = {ip(vip), Protocol::tcp, 80};
  target.server = ip("192.0.2.11");
  target.port = 1;
  target.source = ip(source);
  target.mac = kServer;
  return target;
}
const ProbeTarget kTarget4 = target_of("192.0.2.100", "192.0.2.2");
const ProbeTarget kTarget6 = target_of("2001:db8::100", "2001:db8::2");

struct Sent {
  size_t port;
  Octets frame;
  TcpPacket packet() const { return parse_tcp(frame).value(); }
  uint8_t flags() const { return packet().ip.content[13]; }
};

class ProbeTunnelTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root, to make interfaces";
    home_ = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    ASSERT_GE(home_, 0);
    ASSERT_EQ(unshare(CLONE_NEWNET), 0) << "no network namespace of its own";
    make_tunnel({1500, 9000});
  }
  void TearDown() override {
    for (const auto& connection : connections_) connection->close();
    tunnel_.reset();
    if (home_ < 0) return;
    EXPECT_EQ(setns(home_, CLONE_NEWNET), 0);
    close(home_);
  }

  std::unique_ptr<ProbeTunnel> tunnel_with(const std::vector<uint16_t>& mtus) {
    std::vector<ProbeTunnel::Port> ports;
    for (const uint16_t mtu : mtus) ports.push_back({mac("02:00:00:00:ff:00"), mtu});
    ports[1].mac = kDirector;
    return std::make_unique<ProbeTunnel>(io_, ports, [this](size_t port, std::span<const uint8_t> frame) {
      sent_.push_back({port, {frame.begin(), frame.end()}});
      return true;
    });
  }
  void make_tunnel(const std::vector<uint16_t>& mtus) { tunnel_ = tunnel_with(mtus); }

  /// What connecting came to is in outcome_, an ICMP error in unreachable_.
  ProbeConnection& connect(const ProbeTarget& target) {
    connections_.push_back(tunnel_->open(
        target, 80, [this](const ProbeResult& result) { unreachable_.push_back(result.reason); }));
    connections_.back()->socket.async_connect(
        connections_.back()->to, [this](const boost::system::error_code& error) { outcome_ = error; });
    return *connections_.back();
  }

  /// Lets the kernel work until `done`.
  template <typename Done>
  bool run_until(Done&& done) {
    for (const auto end = std::chrono::steady_clock::now() + 10s; !done();) {
      if (std::chrono::steady_clock::now() > end) return false;
      io_.restart();
      io_.run_for(5ms);
    }
    return true;
  }
  /// The next that the kernel sends with just these flags.
  Sent next(uint8_t flags) {
    Sent found;
    EXPECT_TRUE(run_until([&] {
      for (; seen_ < sent_.size(); ++seen_) {
        if (sent_[seen_].flags() != flags) continue;
        found = sent_[seen_++];
        return true;
      }
      return false;
    })) << "none with flags "
        << int{flags};
    return found;
  }

  /// The real server's answer.
  static Segment answer_to(const Sent& sent, uint8_t flags) {
    const TcpPacket packet = sent.packet();
    rte_tcp_hdr tcp;
    std::memcpy(&tcp, packet.ip.content.data(), sizeof tcp);
    const bool is_syn = (tcp.tcp_flags & RTE_TCP_SYN_FLAG) != 0;
    return {{kServer, kDirector, packet.ip.destination, packet.ip.source},
            packet.ports.destination,
            packet.ports.source,
            flags,
            is_syn ? 5000 : rte_be_to_cpu_32(tcp.recv_ack),
            packet.sequence + (is_syn ? 1 : 0)};
  }
  bool hand_in(const Octets& frame) { return tunnel_->on_frame(1, frame); }

  static constexpr uint8_t kSynAck = RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG;
  static constexpr uint8_t kRstAck = RTE_TCP_RST_FLAG | RTE_TCP_ACK_FLAG;

  boost::asio::io_context io_;
  std::vector<Sent> sent_;
  size_t seen_ = 0;
  std::unique_ptr<ProbeTunnel> tunnel_;
  std::vector<std::unique_ptr<ProbeConnection>> connections_;
  std::optional<boost::system::error_code> outcome_;
  std::vector<std::string> unreachable_;

 private:
  int home_ = -1;
};

TEST_F(ProbeTunnelTest, NothingIsAskedOfTheKernelBeforeTheFirstCheck) {
  EXPECT_EQ(if_nametoindex("turnout-health"), 0u);
  connect(kTarget4);
  EXPECT_NE(if_nametoindex("turnout-health"), 0u);
}

TEST_F(ProbeTunnelTest, TheSynGoesToTheVipOnThatRealServer) {
  for (const ProbeTarget& target : {kTarget4, kTarget6}) {
    connect(target);
    const Sent syn = next(RTE_TCP_SYN_FLAG);
    EXPECT_EQ(syn.port, 1u);
    EXPECT_GE(syn.frame.size(), 60u);
    const TcpPacket packet = syn.packet();
    EXPECT_EQ(packet.ip.destination_mac, kServer);
    EXPECT_EQ(packet.ip.source_mac, kDirector);
    EXPECT_EQ(packet.ip.source, target.source);
    EXPECT_EQ(packet.ip.destination, target.service.vip);
    EXPECT_EQ(packet.ip.hop_limit, kProbeTimeToLive);
    EXPECT_GE(packet.ports.source, ProbeTunnel::kFirstPort);
    EXPECT_EQ(packet.ports.destination, 80);
    EXPECT_TRUE(has_right_checksums(unpadded(syn.frame)));
  }
}

TEST_F(ProbeTunnelTest, ASynAckConnectsAndDataGoBothWays) {
  for (const ProbeTarget& target : {kTarget4, kTarget6}) {
    outcome_.reset();
    ProbeConnection& connection = connect(target);
    EXPECT_TRUE(hand_in(make_segment(answer_to(next(RTE_TCP_SYN_FLAG), kSynAck))));
    ASSERT_TRUE(run_until([&] { return outcome_.has_value(); }));
    EXPECT_FALSE(*outcome_) << outcome_->message();

    boost::asio::write(connection.socket, boost::asio::buffer("question", 8));
    const Sent question = next(RTE_TCP_PSH_FLAG | RTE_TCP_ACK_FLAG);
    EXPECT_TRUE(has_right_checksums(question.frame));
    Segment answer = answer_to(question, RTE_TCP_PSH_FLAG | RTE_TCP_ACK_FLAG);
    answer.acknowledged += 8;
    answer.text = "answer";
    EXPECT_TRUE(hand_in(make_segment(answer)));
    std::string text(6, ' ');
    bool read = false;
    connection.socket.async_read_some(boost::asio::buffer(text), [&](auto, size_t) { read = true; });
    EXPECT_TRUE(run_until([&] { return read; }));
    EXPECT_EQ(text, "answer");
    EXPECT_EQ(connection.loss(), Loss::on_return) << "as something came back";
  }
}

TEST_F(ProbeTunnelTest, ARstRefuses) {
  for (const ProbeTarget& target : {kTarget4, kTarget6}) {
    outcome_.reset();
    connect(target);
    EXPECT_TRUE(hand_in(make_segment(answer_to(next(RTE_TCP_SYN_FLAG), kRstAck))));
    ASSERT_TRUE(run_until([&] { return outcome_.has_value(); }));
    EXPECT_EQ(*outcome_, boost::asio::error::connection_refused);
  }
}

TEST_F(ProbeTunnelTest, AConnectionEndsWithRst) {
  ProbeConnection& connection = connect(kTarget4);
  hand_in(make_segment(answer_to(next(RTE_TCP_SYN_FLAG), kSynAck)));
  ASSERT_TRUE(run_until([&] { return outcome_.has_value(); }));
  connection.close();
  const Sent rst = next(kRstAck);
  EXPECT_EQ(rst.packet().ip.destination_mac, kServer);
  EXPECT_EQ(rst.packet().ip.destination, ip("192.0.2.100"));
}

TEST_F(ProbeTunnelTest, ASynAckThatIsLateIsAnsweredWithRst) {
  ProbeConnection& connection = connect(kTarget4);
  const Sent syn = next(RTE_TCP_SYN_FLAG);
  connection.close();
  EXPECT_TRUE(hand_in(make_segment(answer_to(syn, kSynAck))));
  EXPECT_EQ(next(RTE_TCP_RST_FLAG).packet().ip.destination_mac, kServer);
}

TEST_F(ProbeTunnelTest, WhatIsNoAnswerIsLeftToOthers) {
  connect(kTarget4);
  const Segment good = answer_to(next(RTE_TCP_SYN_FLAG), kSynAck);
  Segment other = good;
  other.route.source = ip("192.0.2.101");
  EXPECT_FALSE(hand_in(make_segment(other))) << "another VIP";
  other = good;
  other.route.destination = ip("192.0.2.3");
  EXPECT_FALSE(hand_in(make_segment(other))) << "another address of the director's";
  other = good;
  other.source_port = 81;
  EXPECT_FALSE(hand_in(make_segment(other))) << "another service";
  other = good;
  other.destination_port =
      static_cast<uint16_t>(good.destination_port == 65535 ? 65000 : good.destination_port + 1);
  EXPECT_FALSE(hand_in(make_segment(other))) << "a port that no check has";
  other.destination_port = 64999;
  EXPECT_FALSE(hand_in(make_segment(other)));
  other = good;
  other.route.source = ip("2001:db8::100");
  other.route.destination = ip("2001:db8::2");
  EXPECT_FALSE(hand_in(make_segment(other))) << "the other family";
  EXPECT_FALSE(hand_in({})) << "nothing";
  const Octets frame = make_segment(good);
  for (size_t size = 0; size < 54; ++size) {
    EXPECT_FALSE(hand_in(Octets(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size))));
  }
  io_.restart();
  io_.poll();
  EXPECT_FALSE(outcome_);
  EXPECT_TRUE(hand_in(frame));
}

TEST_F(ProbeTunnelTest, AnIcmpErrorAboutTheSynIsTold) {
  connect(kTarget4);
  const Sent syn = next(RTE_TCP_SYN_FLAG);
  EXPECT_TRUE(hand_in(make_icmp_error(ip("192.0.2.11"), 3, 3, syn.frame)));
  EXPECT_EQ(unreachable_, std::vector<std::string>{"ICMP port unreachable from 192.0.2.11"});
  connect(kTarget6);
  EXPECT_TRUE(hand_in(make_icmp_error(ip("2001:db8::11"), 1, 4, next(RTE_TCP_SYN_FLAG).frame)));
  EXPECT_EQ(unreachable_.back(), "ICMP port unreachable from 2001:db8::11");
}

TEST_F(ProbeTunnelTest, AnIcmpErrorThatIsGuessedIsNotBelieved) {
  const ProbeConnection& connection = connect(kTarget4);
  const Sent syn = next(RTE_TCP_SYN_FLAG);
  Segment guessed;
  guessed.route = {kDirector, kServer, ip("192.0.2.2"), ip("192.0.2.100")};
  guessed.source_port = connection.socket.local_endpoint().port();
  guessed.destination_port = 80;
  guessed.sequence = syn.packet().sequence + 1;
  EXPECT_TRUE(hand_in(make_icmp_error(ip("192.0.2.11"), 3, 3, make_segment(guessed))));
  EXPECT_TRUE(unreachable_.empty()) << "another sequence number";
  guessed.route.destination = ip("192.0.2.101");
  EXPECT_FALSE(hand_in(make_icmp_error(ip("192.0.2.11"), 3, 3, make_segment(guessed)))) << "another VIP";
}

TEST_F(ProbeTunnelTest, AfterItIsClosedNobodyIsTold) {
  ProbeConnection& connection = connect(kTarget4);
  const Sent syn = next(RTE_TCP_SYN_FLAG);
  connection.close();
  EXPECT_TRUE(hand_in(make_icmp_error(ip("192.0.2.11"), 3, 3, syn.frame)));
  EXPECT_TRUE(unreachable_.empty());
}

TEST_F(ProbeTunnelTest, EachPortIsUsedOnceBeforeOneIsUsedAgain) {
  std::set<uint16_t> used;
  for (size_t i = 0; i < ProbeTunnel::kPorts; ++i) {
    const auto connection = tunnel_->open(kTarget4, 80, {});
    used.insert(connection->socket.local_endpoint().port());
    connection->close();
  }
  EXPECT_EQ(used.size(), ProbeTunnel::kPorts);
  EXPECT_EQ(*used.begin(), ProbeTunnel::kFirstPort);
}

TEST_F(ProbeTunnelTest, WhenAllPortsAreTakenThatIsSaid) {
  for (size_t i = 0; i < tunnel_->most(); ++i) connections_.push_back(tunnel_->open(kTarget4, 80, {}));
  EXPECT_THROW(tunnel_->open(kTarget4, 80, {}), ProbeFailure);
  connections_.front()->close();
  connections_.push_back(tunnel_->open(kTarget4, 80, {}));
}

TEST_F(ProbeTunnelTest, APortThatAnotherProgramHasIsPassedOver) {
  boost::asio::ip::tcp::acceptor other(io_, {boost::asio::ip::tcp::v4(), 65123}, false);
  for (size_t i = 0; i + 1 < tunnel_->most(); ++i) {
    connections_.push_back(tunnel_->open(kTarget4, 80, {}));
    EXPECT_NE(connections_.back()->socket.local_endpoint().port(), 65123);
  }
  EXPECT_THROW(tunnel_->open(kTarget4, 80, {}), ProbeFailure);
}

TEST_F(ProbeTunnelTest, TheLoneliestMtuHoldsForAll) {
  make_tunnel({1400, 9000});
  connect(kTarget4);
  const Sent syn = next(RTE_TCP_SYN_FLAG);
  const auto content = syn.packet().ip.content;
  EXPECT_EQ((std::vector<int>{content[20], content[21]}), (std::vector<int>{2, 4})) << "the option MSS";
  EXPECT_EQ(content[22] << 8 | content[23], 1360);
}

TEST_F(ProbeTunnelTest, TwoInOneNamespaceEachHaveTheirOwn) {
  ASSERT_EQ(std::system("sysctl -qw net.ipv4.conf.all.rp_filter=1"), 0);
  connect(kTarget4);
  next(RTE_TCP_SYN_FLAG);
  const auto first = std::move(tunnel_);
  make_tunnel({1500, 1500});
  ProbeTarget target = kTarget4;
  target.source = ip("192.0.2.3");
  connect(target);
  EXPECT_NE(if_nametoindex("turnout-hc0"), 0u);
  const Sent syn = next(RTE_TCP_SYN_FLAG);
  EXPECT_EQ(syn.packet().ip.source, ip("192.0.2.3"));
  EXPECT_TRUE(hand_in(make_segment(answer_to(syn, kSynAck))));
  ASSERT_TRUE(run_until([&] { return outcome_.has_value(); }));
  EXPECT_FALSE(*outcome_);
  for (const auto& connection : connections_) connection->close();
}

TEST_F(ProbeTunnelTest, IsMadeAnewIfItWasDeleted) {
  connect(kTarget4);
  next(RTE_TCP_SYN_FLAG);
  ASSERT_EQ(std::system("ip link delete turnout-health"), 0);
  EXPECT_TRUE(run_until([&] {
    connections_.push_back(nullptr);
    try {
      connections_.back() = tunnel_->open(kTarget4, 80, {});
    } catch (const ProbeFailure&) {
      connections_.pop_back();
    }
    return if_nametoindex("turnout-health") != 0;
  }));
  connect(kTarget4);
  next(RTE_TCP_SYN_FLAG);
}

TEST_F(ProbeTunnelTest, WithoutIpv6InTheKernelIpv4Goes) {
  make_tunnel({1500, 1000});  // too short for IPv6
  connect(kTarget4);
  next(RTE_TCP_SYN_FLAG);
  try {
    connect(kTarget6);
    FAIL() << "not refused";
  } catch (const ProbeFailure& failure) {
    EXPECT_NE(std::string(failure.what()).find("turnout-health"), std::string::npos) << failure.what();
    EXPECT_NE(failure.hint.find("IPv6"), std::string::npos);
  }
}

TEST_F(ProbeTunnelTest, NothingIsLeftAtTheEnd) {
  connect(kTarget4).close();
  tunnel_.reset();
  EXPECT_EQ(if_nametoindex("turnout-health"), 0u);
  io_.restart();
  io_.poll();
}

TEST_F(ProbeTunnelTest, ADroppingFilterOfTheHostIsToldFromASilentServer) {
  HttpProber prober(io_, *tunnel_);
  HealthConfig health;
  health.type = HealthType::http;
  health.timings.timeout = 200ms;
  const auto reason = [&] {
    std::optional<ProbeResult> result;
    prober.start(kTarget4, health, [&](const ProbeResult& found) { result = found; });
    EXPECT_TRUE(run_until([&] { return result.has_value(); }));
    return result ? result->reason : "";
  };
  EXPECT_EQ(reason(), "no answer to SYN");
  const std::string table =
      "nft 'add table ip t; add chain ip t out { type filter hook output priority 0; }; "
      "add rule ip t out oifname turnout-health drop'";
  ASSERT_EQ(std::system(table.c_str()), 0);
  EXPECT_EQ(reason(), "no SYN was sent");
}

}  // namespace
}  // namespace turnout::probe_tunnel_test
