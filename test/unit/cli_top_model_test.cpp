// `turnoutctl top`: two answers of stats.get as rates.
#include <gtest/gtest.h>

#include "control/cli/top/model.h"
#include "test/support/top_example.h"

namespace turnout::cli::top::cli_top_model_test {
namespace {

TEST(TopModel, RatesAreDifferencesOverTheDaemonsOwnTime) {
  const Model model = compare(stats_before(), stats_after());
  EXPECT_EQ(model.uptime, 7384u);
  EXPECT_EQ(model.generation, 7u);
  EXPECT_EQ(model.received, 1000.0);
  EXPECT_EQ(model.transmitted, 990.0);
  EXPECT_EQ(model.punted, 5.0);
  EXPECT_EQ(model.dropped, 5.0);
  EXPECT_EQ(model.inserted, 50.0);
  EXPECT_EQ(model.expired, 25.0);
  EXPECT_EQ(model.evicted, 0.0);
  EXPECT_EQ(model.stateless, 0.5);
  ASSERT_EQ(model.services.size(), 2u);
  const ServiceRow& web = model.services[0];
  EXPECT_EQ(web.name, "tcp 192.0.2.100:80");
  EXPECT_EQ(web.traffic.connections, 50.0);
  EXPECT_EQ(web.traffic.packets, 985.0);
  EXPECT_EQ(web.traffic.bytes, 123456.0);
  EXPECT_EQ(web.traffic.active, 30u);
  ASSERT_EQ(web.servers.size(), 3u);
  EXPECT_EQ(web.servers[1].name, "192.0.2.12");
  EXPECT_EQ(web.servers[1].traffic.connections, 30.0);
  EXPECT_EQ(web.servers[1].weight, 2u);
  EXPECT_TRUE(web.servers[1].up);
  EXPECT_FALSE(web.servers[2].up);
}

TEST(TopModel, WorkersAreBusyForAPartOfTheTime) {
  const Model model = compare(stats_before(), stats_after());
  ASSERT_EQ(model.workers.size(), 2u);
  EXPECT_EQ(model.workers[0].lcore, "1");
  EXPECT_EQ(model.workers[0].busy, 0.25);
  EXPECT_EQ(model.workers[0].packets, 900.0);
}

TEST(TopModel, DropsAreThoseThatThereWereTheMostFrequentFirst) {
  const Model model = compare(stats_before(), stats_after());
  ASSERT_EQ(model.drops.size(), 3u);
  EXPECT_EQ(model.drops[0].reason, "no_service");
  EXPECT_EQ(model.drops[0].packets, 4.5);
  EXPECT_EQ(model.drops[0].total, 109u);
  EXPECT_EQ(model.drops[1].reason, "bad_ip_header");
  EXPECT_EQ(model.drops[1].packets, 0.5);
  EXPECT_EQ(model.drops[2].reason, "not_ip");
  EXPECT_EQ(model.drops[2].packets, 0.0) << "some time ago";
}

TEST(TopModel, OfOneAnswerThereAreNoRates) {
  const Model model = compare(Json(), stats_after());
  EXPECT_EQ(model.received, std::nullopt);
  EXPECT_EQ(model.services[0].traffic.packets, std::nullopt);
  EXPECT_EQ(model.services[0].traffic.active, 30u);
  EXPECT_EQ(model.workers[0].busy, std::nullopt);
  EXPECT_EQ(model.drops[0].packets, std::nullopt);
  EXPECT_EQ(model.drops[0].total, 109u);
}

TEST(TopModel, ARestartedDaemonIsNotCompared) {
  Json young = stats_after();
  young["uptime"] = 3.5;
  EXPECT_EQ(compare(stats_after(), young).received, std::nullopt);
}

TEST(TopModel, WhatWasSetToZeroCountsFromThere) {
  Json zeroed = stats_after();
  zeroed["services"][0]["packets"] = 20;
  EXPECT_EQ(compare(stats_before(), zeroed).services[0].traffic.packets, 10.0);
}

TEST(TopModel, WhatIsNewHasCountedFromZero) {
  Json before = stats_before();
  before["services"].erase(1);
  before["services"][0]["servers"].erase(0);
  const Model model = compare(before, stats_after());
  EXPECT_EQ(model.services[1].traffic.packets, 50.0);
  EXPECT_EQ(model.services[0].servers[0].traffic.connections, 510.0);
  EXPECT_EQ(model.services[0].servers[1].traffic.connections, 30.0) << "found by its address, not its place";
}

TEST(TopModel, OddAnswersAreNoEnd) {
  EXPECT_EQ(compare(Json(), Json()).services.size(), 0u);
  EXPECT_EQ(compare(Json::parse(R"({"uptime": "long", "services": 5, "drops": [1]})"),
                    Json::parse(R"({"uptime": [], "services": [null, {"servers": {}}], "workers": "x"})"))
                .services.size(),
            2u);
}

}  // namespace
}  // namespace turnout::cli::top::cli_top_model_test
