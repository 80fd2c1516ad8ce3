// The history of the configuration: what it keeps, what it forgets, and the way back.
#include "control/config_history.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <utility>

#include "control/config_json.h"
#include "test/support/test_config.h"

namespace turnout::config_history_test {
namespace {

/// A configuration that changes, and its history, as the director keeps them.
class HistoryTest : public testing::Test {
 protected:
  explicit HistoryTest(const HistoryLimits& limits = {}) : history_(limits) {
    now_ = config_with({service(web(80), {11, 12}), service(web(81), {11}), service(web(82), {13})});
    note({"start", {}}, {});
  }

  /// A new generation.
  template <typename Change>
  void change(Change how) {
    Config before = now_;
    how(now_);
    ++generation_;
    note({"test", {}}, ConfigUndo(std::move(before), now_));
  }
  void change_one(size_t index, uint32_t weight) {
    ServiceConfig before = now_.services[index];
    now_.services[index].real_servers[0].weight = weight;
    ++generation_;
    note({"test", {}}, ConfigUndo(std::move(before)));
  }
  void note(Origin by, ConfigUndo undo) {
    history_.add({generation_, {}, std::move(by), {"a change"}}, std::move(undo));
    documents_[generation_] = to_json(now_);
  }

  Json restored(uint64_t generation) const { return to_json(history_.config_of(generation, now_)); }
  void expect_all_restorable() const {
    for (const ConfigHistory::Entry& entry : history_.entries()) {
      ASSERT_TRUE(history_.is_known(entry.generation)) << entry.generation;
      EXPECT_EQ(restored(entry.generation), documents_.at(entry.generation)) << entry.generation;
    }
  }

  Config now_;
  uint64_t generation_ = 1;
  ConfigHistory history_;
  std::map<uint64_t, Json> documents_;
};

TEST_F(HistoryTest, GoesBackToEveryGenerationExactly) {
  change_one(0, 7);
  change([](Config& config) { config.services.push_back(service(web(83), {14, 15})); });
  change([](Config& config) { config.services.erase(config.services.begin() + 1); });
  change_one(1, 9);
  change([](Config& config) { config.connections.timeouts.udp = 30; });
  change([](Config& config) { config.vips = {{ip("192.0.2.100"), EchoPolicy::no}}; });
  change([](Config& config) { config.services.clear(); });
  change([](Config& config) { config = config_with({service(web(90), {11})}); });
  EXPECT_EQ(history_.entries().size(), 9u);
  expect_all_restorable();
}

TEST_F(HistoryTest, ARollbackIsAGenerationLikeAnyOther) {
  change_one(0, 7);
  change([](Config& config) { config.services.pop_back(); });
  const Config first = history_.config_of(1, now_);
  change([&first](Config& config) { config = first; });
  EXPECT_EQ(restored(4), documents_[1]);
  expect_all_restorable();
}

TEST_F(HistoryTest, AnOrderThatChangedIsPutBackWithTheGenerationBefore) {
  change_one(1, 7);
  Config before = now_;
  std::ranges::reverse(now_.services);
  std::ranges::reverse(now_.services[2].real_servers);
  history_.amend(ConfigUndo(std::move(before), now_));
  documents_[2] = to_json(now_);  // still the same generation
  expect_all_restorable();
  change([](Config& config) { config.services.erase(config.services.begin()); });
  expect_all_restorable();
}

TEST_F(HistoryTest, KeepsTheLatestTwenty) {
  for (uint32_t weight = 2; weight < 60; ++weight) change_one(weight % 3, weight);
  ASSERT_EQ(history_.entries().size(), 20u);
  EXPECT_EQ(history_.entries().front().generation, 40u);
  EXPECT_EQ(history_.entries().back().generation, 59u);
  EXPECT_EQ(history_.find(39), nullptr);
  EXPECT_FALSE(history_.is_known(39));
  EXPECT_FALSE(history_.is_known(60));
  expect_all_restorable();
}

class ShortOfMemory : public HistoryTest {
 protected:
  ShortOfMemory() : HistoryTest({.text = 40, .bytes = 40 * sizeof(ServiceConfig)}) {}
};

TEST_F(ShortOfMemory, SaysHowManySentencesItLeavesOut) {
  std::vector<std::string> sentences(4, "ten octets");
  history_.add({2, {}, {"test", {}}, sentences}, {});
  EXPECT_EQ(history_.entries().back().changes, sentences);
  sentences.resize(7, "ten octets");
  history_.add({3, {}, {"test", {}}, sentences}, {});
  sentences.resize(4);
  sentences.push_back("… and 3 more, too many to be kept");
  EXPECT_EQ(history_.entries().back().changes, sentences);
}

TEST_F(ShortOfMemory, GivesUpTheWayToTheOldestFirst) {
  const auto replace_ten_services = [this](uint16_t port) {
    change([port](Config& config) {
      config.services.clear();
      for (uint16_t i = 0; i < 10; ++i) config.services.push_back(service(web(port + i), {11}));
    });
  };
  for (uint16_t round = 0; round < 10; ++round)
    replace_ten_services(static_cast<uint16_t>(1000 + 10 * round));
  EXPECT_EQ(history_.entries().size(), 11u) << "who changed what stays known";
  EXPECT_TRUE(history_.is_known(11));
  EXPECT_TRUE(history_.is_known(10));
  EXPECT_EQ(restored(10), documents_[10]);
  EXPECT_FALSE(history_.is_known(2));
  bool known_before = false;
  for (uint64_t generation = 1; generation <= 11; ++generation) {
    EXPECT_GE(history_.is_known(generation), known_before) << "nothing newer is forgotten";
    known_before = history_.is_known(generation);
  }
}

TEST_F(ShortOfMemory, AChangeTooLargeToBeUndoneForgetsWhatWasBefore) {
  change([](Config& config) {
    for (uint16_t port = 1000; port < 1100; ++port) config.services.push_back(service(web(port), {11}));
  });
  change_one(0, 5);
  EXPECT_TRUE(history_.is_known(2));
  change([](Config& config) { config.services.clear(); });
  EXPECT_FALSE(history_.is_known(3));
  EXPECT_TRUE(history_.is_known(4));
  change([](Config& config) { config.services.push_back(service(web(), {11})); });
  EXPECT_EQ(restored(4), documents_[4]);
}

}  // namespace
}  // namespace turnout::config_history_test
