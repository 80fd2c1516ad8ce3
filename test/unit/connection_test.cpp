#include "dataplane/connection.h"

#include <gtest/gtest.h>

#include <array>

#include "dataplane/connection_table.h"
#include "dataplane/snapshot.h"

namespace turnout::connection_test {
namespace {

using enum ConnectionState;

TEST(ConnectionValue, GivesBackEveryFieldAtItsLimits) {
  for (const uint32_t server : {0u, 1u, 0xABCDEu, (1u << 20) - 1}) {
    for (const uint32_t generation : {0u, 1u, 0x155u, 1023u}) {
      for (const Tick seen : {0u, 1u, 0x2AAAAAu, kTickMask}) {
        for (size_t state = 0; state < kConnectionStates; ++state) {
          const auto as = static_cast<ConnectionState>(state);
          const auto value = ConnectionValue::make(server, generation, as, seen).with_version(0xA5);
          EXPECT_EQ(value.server(), server);
          EXPECT_EQ(value.generation(), generation);
          EXPECT_EQ(value.state(), as);
          EXPECT_EQ(value.seen(), seen);
          EXPECT_EQ(value.version(), 0xA5);
        }
      }
    }
  }
}

TEST(ConnectionValue, HasItsFieldsWhereTheHeaderSaysTheyAre) {
  EXPECT_EQ(ConnectionValue::make(0xABCDE, 0, free, 0).bits(), uint64_t{0xABCDE} << 44);
  EXPECT_EQ(ConnectionValue::make(0, 0x3FF, free, 0).bits(), uint64_t{0x3FF} << 34);
  EXPECT_EQ(ConnectionValue{}.with_version(0xFF).bits(), uint64_t{0xFF} << 26);
  EXPECT_EQ(ConnectionValue::make(0, 0, udp, 0).bits(), uint64_t{7} << 22);
  EXPECT_EQ(ConnectionValue::make(0, 0, free, kTickMask).bits(), uint64_t{0x3FFFFF});
}

TEST(ConnectionValue, ChangesOneFieldAndNoOther) {
  const ConnectionValue full(~uint64_t{0});
  EXPECT_EQ(full.with_state(free).bits(), ~(uint64_t{0xF} << 22));
  EXPECT_EQ(full.with_seen(0).bits(), ~uint64_t{0x3FFFFF});
  EXPECT_EQ(full.with_version(0).bits(), ~(uint64_t{0xFF} << 26));
}

TEST(ConnectionValue, KeepsWhatDoesNotFitOutOfItsNeighbours) {
  const auto value = ConnectionValue::make(7, 1024 + 5, established, kTickMask + 1 + 9);
  EXPECT_EQ(value.server(), 7u);
  EXPECT_EQ(value.generation(), 5u);
  EXPECT_EQ(value.seen(), 9u);
  EXPECT_EQ(value.with_seen(kTickMask + 4).seen(), 3u);
  EXPECT_EQ(value.with_seen(kTickMask + 4).state(), established);
}

TEST(ConnectionKey, HoldsAndGivesBackTheWholeFlow) {
  const ConnectionKey key = make_connection_key(0xDEADBEEF, 0x1234, 0xFEDC);
  EXPECT_EQ(key, 0xFEDC1234DEADBEEFu);
  EXPECT_EQ(client_of(key), 0xDEADBEEFu);
  EXPECT_EQ(client_port_of(key), 0x1234);
  EXPECT_EQ(service_of(key), 0xFEDC);
}

TEST(Tick, AgeCountsOnWhenTheTickWrapsAround) {
  EXPECT_EQ(age_of(10, 10), 0u);
  EXPECT_EQ(age_of(10, 70), 60u);
  EXPECT_EQ(age_of(kTickMask, kTickMask + 1), 1u);
  EXPECT_EQ(age_of(kTickMask - 4, kTickMask + 6), 10u);
  EXPECT_EQ(age_of(5, (7u << kTickBits) + 25), 20u) << "the entry keeps the low bits only";
}

TEST(Tick, AnEntrySeenByAClockThatIsAheadIsNotOld) {
  EXPECT_EQ(age_of(11, 10), 0u);
  EXPECT_EQ(age_of(0, kTickMask), 0u) << "at the wrap too";
  EXPECT_EQ(age_of(1, 0), 0u);
}

TEST(Tick, TheLongestTimeoutIsBelowHalfTheRange) {
  EXPECT_LT(kMaxTimeout, kTickMask / 2);
  EXPECT_EQ(age_of(0, kTickMask / 2), kTickMask / 2);
  EXPECT_EQ(age_of(0, kTickMask / 2 + 1), 0u);
}

TEST(TickClock, CountsWholeSecondsOfItsCounter) {
  constexpr uint64_t kEpoch = 5'000'000, kHz = 1000;
  TickClock clock(kEpoch, kHz);
  EXPECT_EQ(clock.at(kEpoch), 0u);
  EXPECT_EQ(clock.at(kEpoch + 999), 0u);
  EXPECT_EQ(clock.at(kEpoch + 1000), 1u);
  EXPECT_EQ(clock.at(kEpoch + 1999), 1u);
  EXPECT_EQ(clock.at(kEpoch + 12'345'678), 12'345u) << "it may skip any number";
  EXPECT_EQ(clock.at(kEpoch + 12'345'999), 12'345u);
  EXPECT_EQ(clock.at(kEpoch + 12'346'000), 12'346u);
}

// LVS's INPUT_ONLY rows of tcp_states (net/netfilter/ipvs/ip_vs_proto_tcp.c), written out for the states that
// Turnout has: TIME_WAIT is FIN_WAIT, no entry is LVS's NONE. In one place Turnout differs on purpose: LVS
// stays in SYN_RECV after a RST.
struct Row {
  ConnectionState from;
  ConnectionState on_syn, on_fin, on_ack, on_rst;
};
constexpr std::array kTable{
    Row{free, syn_recv, close, established, close},               // NO
    Row{established, established, fin_wait, established, close},  // ES
    Row{syn_recv, syn_recv, fin_wait, established, close},        // SR
    Row{fin_wait, syn_recv, fin_wait, fin_wait, close},           // FW
    Row{close, syn_recv, close, close, close},                    // CL
};

TEST(NextState, IsThatOfLvsForConnectionsOfWhichItSeesOneDirection) {
  for (const Row& row : kTable) {
    SCOPED_TRACE("from state " + std::to_string(static_cast<int>(row.from)));
    EXPECT_EQ(next_state(row.from, PacketEvent::syn), row.on_syn);
    EXPECT_EQ(next_state(row.from, PacketEvent::fin), row.on_fin);
    EXPECT_EQ(next_state(row.from, PacketEvent::ack), row.on_ack);
    EXPECT_EQ(next_state(row.from, PacketEvent::rst), row.on_rst);
  }
}

TEST(NextState, DatagramsHaveOneState) {
  EXPECT_EQ(next_state(free, PacketEvent::datagram), udp);
  EXPECT_EQ(next_state(udp, PacketEvent::datagram), udp);
}

constexpr uint32_t kEpoch = 5 << 11;  // of a server's stamp: what it has above its generation

TEST(ConnectionValue, IsSettledOnlyIfThePacketChangesNeitherStateNorTime) {
  for (size_t state = 0; state < kConnectionStates; ++state) {
    for (size_t number = 0; number < kPacketEvents; ++number) {
      const auto from = static_cast<ConnectionState>(state);
      const auto event = static_cast<PacketEvent>(number);
      const auto value = ConnectionValue::make(5, 6, from, 77).with_version(200);
      EXPECT_FALSE(SettledValues(78, kEpoch).holds(value, event, kEpoch | 6));
      EXPECT_FALSE(SettledValues(76, kEpoch).holds(value, event, kEpoch | 6));
      if (!SettledValues(77, kEpoch).holds(value, event, kEpoch | 6)) continue;
      EXPECT_TRUE(is_live(from)) << "state " << state;
      EXPECT_EQ(next_state(from, event), from) << "state " << state << ", event " << number;
      EXPECT_FALSE(starts_anew(from, event));
      EXPECT_TRUE(SettledValues(77 + kTickMask + 1, kEpoch).holds(value, event, kEpoch | 6))
          << "the tick wraps around";
    }
  }
  EXPECT_FALSE(SettledValues(0, kEpoch).holds(ConnectionValue{}, PacketEvent::syn, kEpoch | 0)) << "no entry";
}

TEST(ConnectionValue, IsSettledForWhatNearlyAllPacketsAre) {
  EXPECT_TRUE(SettledValues(77, kEpoch)
                  .holds(ConnectionValue::make(5, 6, established, 77), PacketEvent::ack, kEpoch | 6));
  EXPECT_TRUE(SettledValues(77, kEpoch)
                  .holds(ConnectionValue::make(5, 6, udp, 77), PacketEvent::datagram, kEpoch | 6));
}

TEST(ConnectionValue, IsNotSettledWithAServerThatItWasNotGivenToOrThatIsNotUsable) {
  constexpr uint32_t kUnusable = 1 << 10, kLastEpoch = ((1u << 19) - 1) << 11;
  const SettledValues settled(77, kEpoch);
  const auto value = ConnectionValue::make(5, 6, established, 77);
  EXPECT_FALSE(settled.holds(value, PacketEvent::ack, kEpoch | 5));
  EXPECT_FALSE(settled.holds(value, PacketEvent::ack, kEpoch | 7));
  EXPECT_FALSE(settled.holds(value, PacketEvent::ack, kEpoch | kUnusable | 6));
  EXPECT_FALSE(settled.holds(value, PacketEvent::ack, 6)) << "a stamp of another epoch";
  EXPECT_FALSE(settled.holds(value, PacketEvent::ack, kLastEpoch | 6));
  EXPECT_FALSE(settled.holds(value, PacketEvent::syn, kEpoch | 6));
  const auto last = ConnectionValue::make(kMaxServers - 1, ConnectionValue::kGenerationMask, established, 77);
  EXPECT_TRUE(settled.holds(last, PacketEvent::ack, kEpoch | ConnectionValue::kGenerationMask));
  EXPECT_FALSE(settled.holds(last, PacketEvent::ack, kEpoch | kUnusable | ConnectionValue::kGenerationMask));
  EXPECT_TRUE(SettledValues(77, kLastEpoch).holds(value, PacketEvent::ack, kLastEpoch | 6));
  EXPECT_FALSE(SettledValues(77, kLastEpoch).holds(value, PacketEvent::ack, kEpoch | 6));
}

TEST(StartsAnew, OnlyForASynOnAConnectionThatIsOver) {
  for (size_t state = 0; state < kConnectionStates; ++state) {
    const auto from = static_cast<ConnectionState>(state);
    EXPECT_EQ(starts_anew(from, PacketEvent::syn), from == fin_wait || from == close) << "state " << state;
    for (const auto event : {PacketEvent::ack, PacketEvent::fin, PacketEvent::rst, PacketEvent::datagram}) {
      EXPECT_FALSE(starts_anew(from, event));
    }
  }
}

TEST(TcpFlags, TheStrongestFlagDecides) {
  constexpr uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kAck = 0x10;
  for (unsigned flags = 0; flags < 256; ++flags) {
    PacketEvent expected = PacketEvent::ack;
    if (flags & kFin) expected = PacketEvent::fin;
    if (flags & kSyn) expected = PacketEvent::syn;
    if (flags & kRst) expected = PacketEvent::rst;
    EXPECT_EQ(event_of_tcp_flags(static_cast<uint8_t>(flags)), expected) << "flags " << flags;
  }
  EXPECT_EQ(event_of_tcp_flags(kSyn | kAck), PacketEvent::syn);
}

TEST(ConnectionStates, AreActiveAndLiveAsLvsCountsThem) {
  for (const auto state : {established, udp}) EXPECT_TRUE(is_active(state));
  for (const auto state : {syn_recv, fin_wait, close}) EXPECT_FALSE(is_active(state));
  for (const auto state : {syn_recv, established, fin_wait, close, udp}) EXPECT_TRUE(is_live(state));
  for (const auto state : {free, claimed, moving}) EXPECT_FALSE(is_live(state));
}

TEST(Timeouts, AreLvssByDefault) {
  const Timeouts timeouts;
  EXPECT_EQ(timeouts.of(established), 900u);
  EXPECT_EQ(timeouts.of(syn_recv), 60u);
  EXPECT_EQ(timeouts.of(fin_wait), 120u);
  EXPECT_EQ(timeouts.of(close), 10u);
  EXPECT_EQ(timeouts.of(udp), 300u);
}

}  // namespace
}  // namespace turnout::connection_test
