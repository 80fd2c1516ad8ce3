// Neighbours that are said to be elsewhere: followed, or fought over, and never moved by what is only said.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "control/neighbor_findings.h"
#include "test/support/test_config.h"

namespace turnout::neighbor_verification_test {
namespace {

using namespace std::chrono_literals;
using Time = NeighborTable::Time;

const MacAddress kOld = mac("02:00:00:00:00:11"), kNew = mac("02:00:00:00:00:99");
const IpAddress kServer = ip("192.0.2.11");
constexpr size_t kLan = 0;

MacAddress random_mac(uint32_t number) {
  return {{{0x06, 0, static_cast<uint8_t>(number >> 24), static_cast<uint8_t>(number >> 16),
            static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number)}}};
}

/// A table, and the machines on its LAN that have the server's address: each answers what it is asked, when
/// the question has been asked.
class NeighborVerification : public testing::Test {
 protected:
  NeighborVerification() {
    table_.want({{kLan, kServer}}, now_);
    run(1ms);
    EXPECT_EQ(server().mac, kOld);
    asked_ = 0;
    changes_.clear();
  }

  void run(Time span) {
    for (const Time end = now_ + span; now_ < end; now_ += 1ms) {
      table_.advance(now_);
      deliver();
    }
  }
  void deliver() {
    std::vector<MacAddress> answers;
    answers.swap(answers_);
    for (const MacAddress& from : answers) table_.learn(kLan, kServer, from, Evidence::answer, now_);
  }
  void claim(const MacAddress& from) { table_.learn(kLan, kServer, from, Evidence::claim, now_); }
  const Neighbor& server() const { return *table_.find(kLan, kServer); }
  Findings findings() const { return find_neighbor_faults(table_, config_with({}).ports, now_); }

  Time now_ = 1000ms;
  std::set<uint64_t> machines_{kOld.to_number()};
  std::vector<MacAddress> answers_;
  unsigned asked_ = 0;
  std::vector<std::pair<std::optional<MacAddress>, MacAddress>> changes_;
  unsigned contested_ = 0, settled_ = 0;
  NeighborTable table_{{.ask =
                            [this](const Neighbor&, const std::optional<MacAddress>& to) {
                              ++asked_;
                              for (const uint64_t machine : machines_) {
                                if (!to || to->to_number() == machine) answers_.push_back(of_number(machine));
                              }
                            },
                        .changed =
                            [this](const Neighbor& neighbor, std::optional<MacAddress> before) {
                              changes_.push_back({before, *neighbor.mac});
                            },
                        .contested = [this](const Neighbor&) { ++contested_; },
                        .settled = [this](const Neighbor&) { ++settled_; }}};

 private:
  static MacAddress of_number(uint64_t number) {
    MacAddress mac;
    for (int i = 5; i >= 0; --i, number >>= 8) mac.octets.addr_bytes[i] = static_cast<uint8_t>(number);
    return mac;
  }
};

TEST_F(NeighborVerification, AChangedNetworkCardIsFollowedWithinASecond) {
  machines_ = {kNew.to_number()};
  claim(kNew);
  EXPECT_EQ(server().mac, kOld) << "not before it was asked";
  run(500ms);
  EXPECT_EQ(server().mac, kNew);
  EXPECT_EQ(server().mac_changes, 1u);
  ASSERT_EQ(changes_.size(), 1u);
  EXPECT_EQ(changes_[0].first, kOld);
  EXPECT_EQ(changes_[0].second, kNew);
  EXPECT_EQ(asked_, 2 * NeighborTable::kVerifyTries);
  EXPECT_FALSE(server().rival);
  EXPECT_TRUE(findings().empty());
}

TEST_F(NeighborVerification, ItIsFollowedWithoutAClaimToo) {
  machines_ = {kNew.to_number()};
  run(40s);
  EXPECT_EQ(server().mac, kNew) << "the refresh asked all when the old MAC kept quiet";
  EXPECT_EQ(changes_.size(), 1u);
}

TEST_F(NeighborVerification, AForgedClaimMovesNothingAndIsAFinding) {
  claim(kNew);
  run(2s);
  EXPECT_EQ(server().mac, kOld);
  EXPECT_TRUE(changes_.empty());
  EXPECT_EQ(contested_, 1u);
  ASSERT_TRUE(server().rival);
  EXPECT_EQ(server().rival->mac, kNew);
  EXPECT_FALSE(server().rival->answers);
  ASSERT_EQ(findings().size(), 1u);
  EXPECT_EQ(findings()[0].code, "neighbor_fight");
  EXPECT_NE(findings()[0].meaning.find(kOld.to_string()), std::string::npos);
  EXPECT_NE(findings()[0].evidence.find(kNew.to_string() + " claimed it 1 times"), std::string::npos);
  EXPECT_NE(findings()[0].evidence.find("does not answer"), std::string::npos);
}

TEST_F(NeighborVerification, AForgedAnswerMovesNothingEither) {
  for (int i = 0; i < 1000; ++i) {
    table_.learn(kLan, kServer, kNew, Evidence::answer, now_);
    run(10ms);
  }
  EXPECT_EQ(server().mac, kOld);
  EXPECT_TRUE(changes_.empty());
}

TEST_F(NeighborVerification, AClaimOfNobodysMovesNothingIfTheServerIsDown) {
  machines_.clear();
  for (int i = 0; i < 100; ++i) {
    claim(kNew);
    run(100ms);
  }
  EXPECT_EQ(server().mac, kOld);
  EXPECT_TRUE(changes_.empty());
  EXPECT_FALSE(server().rival) << "nobody fights for it";
}

TEST_F(NeighborVerification, TwoMachinesWithOneAddressAreAFightUntilOneOfThemIsGone) {
  machines_.insert(kNew.to_number());
  claim(kNew);
  run(90s);
  EXPECT_EQ(server().mac, kOld);
  EXPECT_EQ(server().state, NeighborState::reachable);
  ASSERT_TRUE(server().rival) << "it is asked whether it is still there";
  EXPECT_TRUE(server().rival->answers);
  EXPECT_EQ(contested_, 1u) << "told once";
  EXPECT_NE(findings()[0].evidence.find("answers when it is asked"), std::string::npos);

  machines_ = {kOld.to_number()};
  run(45s);
  EXPECT_TRUE(server().rival);
  run(15s);
  EXPECT_FALSE(server().rival);
  EXPECT_EQ(settled_, 1u);
  EXPECT_TRUE(findings().empty());
}

TEST_F(NeighborVerification, TheRivalIsFollowedWhenTheFirstMachineIsGone) {
  machines_.insert(kNew.to_number());
  claim(kNew);
  run(5s);
  machines_ = {kNew.to_number()};
  run(12s);
  EXPECT_EQ(server().mac, kNew);
  EXPECT_FALSE(server().rival);
}

TEST_F(NeighborVerification, TwoThatAnswerTheFirstQuestionAreAFight) {
  table_.want({}, now_);
  machines_.insert(kNew.to_number());
  table_.want({{kLan, kServer}}, now_);
  run(1s);
  EXPECT_EQ(server().mac, kOld) << "whose answer came first";
  ASSERT_TRUE(server().rival);
  EXPECT_EQ(server().rival->mac, kNew);
}

TEST_F(NeighborVerification, AMillionClaimsFromRandomMacsMoveNothingAndCostFewQuestions) {
  const Time start = now_;
  for (uint32_t i = 0; i < 1'000'000; ++i) {
    table_.learn(kLan, kServer, random_mac(i), i % 3 == 0 ? Evidence::answer : Evidence::claim, now_);
    if (i % 35 == 0) run(1ms);  // as many a second as reach control
  }
  EXPECT_EQ(server().mac, kOld);
  EXPECT_TRUE(changes_.empty());
  EXPECT_EQ(table_.list().size(), 1u);
  const auto seconds = static_cast<unsigned>((now_ - start) / 1s);
  EXPECT_LT(asked_, 10 * (seconds + 1));
  ASSERT_TRUE(server().rival);
  EXPECT_TRUE(server().rival->others);
  EXPECT_EQ(contested_, 1u);
}

TEST_F(NeighborVerification, AChangedNetworkCardIsFoundUnderAFloodOfClaims) {
  machines_ = {kNew.to_number()};
  for (uint32_t i = 0; server().mac == kOld && i < 2'000; ++i) {
    claim(random_mac(i));
    run(1ms);
  }
  EXPECT_EQ(server().mac, kNew) << "it answered the question that was for all to hear";
}

TEST_F(NeighborVerification, WhileAFloodMayHaveDrownedAnAnswerNothingIsDecided) {
  machines_ = {kNew.to_number()};  // the old one's answers are lost
  claim(kNew);
  for (int i = 0; i < 5000; ++i) {
    for (int frame = 0; frame < 15; ++frame) table_.count_unicast();
    run(1ms);
  }
  EXPECT_EQ(server().mac, kOld);
  machines_.insert(kOld.to_number());
  run(1s);
  EXPECT_EQ(server().mac, kOld);
  EXPECT_TRUE(server().rival);
}

TEST_F(NeighborVerification, AFewFramesOfOthersAreNoFlood) {
  machines_ = {kNew.to_number()};
  claim(kNew);
  for (int i = 0; i < 500; ++i) {
    table_.count_unicast();
    run(1ms);
  }
  EXPECT_EQ(server().mac, kNew);
}

TEST_F(NeighborVerification, AnAnswerWithoutAMacCountsForWhoWasAsked) {
  machines_.clear();
  claim(kNew);
  table_.advance(now_);
  table_.confirm(kLan, kServer, kNew, now_);
  table_.confirm(kLan, kServer, mac("02:00:00:00:00:77"), now_);
  run(500ms);
  EXPECT_EQ(server().mac, kNew);
}

TEST_F(NeighborVerification, FindingsNameWhoIsSilentAndAGatewayIsCritical) {
  Config config = config_with({});
  config.ports[0].gateways = {ip("192.0.2.1")};
  machines_.clear();
  table_.want({{kLan, kServer}, {kLan, ip("192.0.2.1")}}, now_);
  run(60s);
  const Findings all = find_neighbor_faults(table_, config.ports, now_);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].code, "neighbor_unresolved");
  EXPECT_EQ(all[0].severity, Severity::critical);
  EXPECT_EQ(all[0].subject, "192.0.2.1");
  EXPECT_NE(all[0].meaning.find("gateway 192.0.2.1"), std::string::npos);
  EXPECT_NE(all[0].evidence.find("port 'lan', no answer"), std::string::npos);
  EXPECT_EQ(all[1].code, "neighbor_stale");
  EXPECT_EQ(all[1].severity, Severity::warning);
  EXPECT_NE(all[1].evidence.find("last heard of 60 s ago"), std::string::npos);
}

}  // namespace
}  // namespace turnout::neighbor_verification_test
