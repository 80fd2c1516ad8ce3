#include "control/traffic_rates.h"

#include <gtest/gtest.h>

#include "test/support/test_config.h"

namespace turnout::traffic_rates_test {
namespace {

using namespace std::chrono_literals;

constexpr auto kPeriod = RateEstimator::kPeriod;

struct RatesOfServices : testing::Test {
  Registry registry;
  Statistics statistics{2};
  uint64_t snapshot = 0;
  TrafficRates::Time now = 12'001ms;  // the first turns are just over: each comes once in a period from here
  TrafficRates rates{statistics, registry, now};

  void apply(const std::vector<ServiceConfig>& services) {
    registry.update(config_with(services), ++snapshot);
  }
  void reclaim() {
    for (const auto& released : registry.reclaim(snapshot)) {
      rates.forget(released);
      statistics.settle(released);
    }
  }
  void count(uint32_t slot, uint64_t packets, unsigned worker = 0) {
    statistics.worker(worker).traffic(slot).packets.add(packets);
    statistics.worker(worker).traffic(slot).bytes.add(packets * 100);
    statistics.worker(worker).server(slot).connections.add(packets / 10);
  }
  void pass(TrafficRates::Time time, TrafficRates::Time step = 1ms) {
    for (const auto end = now + time; now < end;) rates.tick(now += step);
  }
  uint32_t slot(int server, uint16_t port = 80) const {
    return registry.service(web(port)).servers.at(ip("192.0.2." + std::to_string(server))).slot;
  }
  Rates of_server(int server, uint16_t port = 80) const { return rates.server(slot(server, port)); }
  Rates of_service(uint16_t port = 80) const { return rates.service(registry.service(web(port)).index); }
};

TEST_F(RatesOfServices, AreEstimatedOncePerPeriod) {
  apply({service(web(), {11, 12})});
  pass(kPeriod);
  EXPECT_EQ(of_server(11), Rates{});
  count(slot(11), 1000, 0);
  count(slot(12), 200, 0);
  count(slot(12), 200, 1);
  pass(kPeriod);
  EXPECT_EQ(of_server(11), (Rates{.connections = 12, .packets = 125, .bytes = 12'500}));
  EXPECT_EQ(of_server(12), (Rates{.connections = 5, .packets = 50, .bytes = 5'000}));
  pass(kPeriod);
  EXPECT_EQ(of_server(11).packets, 94u) << "a quarter less: nothing was counted";
}

TEST_F(RatesOfServices, OfAServiceAreThoseOfAllItsServers) {
  apply({service(web(80), {11, 12}), service(web(81), {13})});
  count(slot(11), 1000);
  count(slot(12), 3000);
  count(slot(13, 81), 500);
  pass(kPeriod);
  EXPECT_EQ(of_service(80).packets, 500u);
  EXPECT_EQ(of_service(81), (Rates{.connections = 6, .packets = 62, .bytes = 6'250}));
  EXPECT_EQ(rates.total().packets, 562u);
}

TEST_F(RatesOfServices, AreTheSameHoweverOftenTheTickComes) {
  apply({service(web(), {11})});
  count(slot(11), 1000);
  pass(kPeriod * 3, 50ms);
  EXPECT_EQ(of_server(11).packets, 70u);
  EXPECT_EQ(of_service().packets, 70u);
}

TEST_F(RatesOfServices, AfterALongPauseAreSampledOnce) {
  apply({service(web(), {11})});
  count(slot(11), 1000);
  rates.tick(now += 1h);
  EXPECT_EQ(of_server(11).packets, 125u);
}

TEST_F(RatesOfServices, OfANewServiceBeginAtZero) {
  apply({service(web(80), {11})});
  pass(kPeriod);
  apply({service(web(80), {11}), service(web(81), {11})});
  EXPECT_EQ(of_service(81), Rates{});
  EXPECT_EQ(of_server(11, 81), Rates{});
  count(slot(11, 81), 1000);
  pass(kPeriod);
  EXPECT_EQ(of_service(81).packets, 125u);
  EXPECT_EQ(of_service(80), Rates{});
}

TEST_F(RatesOfServices, OfAServiceThatIsRemovedAreForgotten) {
  apply({service(web(80), {11})});
  count(slot(11), 10'000);
  pass(kPeriod);
  const uint16_t index = registry.service(web(80)).index;
  ASSERT_EQ(rates.service(index).packets, 1250u);
  apply({});
  reclaim();
  EXPECT_EQ(rates.service(index), Rates{});
  apply({service(web(81), {12})});
  ASSERT_EQ(registry.service(web(81)).index, index);
  pass(kPeriod);
  EXPECT_EQ(of_service(81), Rates{});
}

TEST_F(RatesOfServices, LeaveNothingToTheNextServerOfASlot) {
  apply({service(web(), {11, 12})});
  const uint32_t reused = slot(12);
  count(reused, 1000);
  pass(kPeriod);
  count(reused, 500);
  apply({service(web(), {11})});
  reclaim();
  apply({service(web(), {11, 13})});
  ASSERT_EQ(slot(13), reused);
  EXPECT_EQ(of_server(13), Rates{});
  pass(kPeriod);
  EXPECT_EQ(of_server(13), Rates{}) << "what the one before counted last isn't its";
  EXPECT_EQ(of_service().packets, 156u) << "but the service's: 94, and an eighth of 500";
  count(reused, 800);
  pass(kPeriod);
  EXPECT_EQ(of_server(13).packets, 100u);
}

TEST_F(RatesOfServices, AreZeroedAndBeginAnew) {
  apply({service(web(80), {11, 12}), service(web(81), {11})});
  count(slot(11), 1000);
  count(slot(11, 81), 1000);
  pass(kPeriod);
  count(slot(11), 4000);
  rates.zero(registry.service(web(80)));
  EXPECT_EQ(of_service(80), Rates{});
  EXPECT_EQ(of_server(11, 80), Rates{});
  EXPECT_EQ(of_service(81).packets, 125u);
  EXPECT_EQ(rates.total().packets, 250u);
  pass(kPeriod);
  EXPECT_EQ(of_service(80), Rates{}) << "what was counted before isn't part of them";
  EXPECT_EQ(of_server(11, 80), Rates{});
  EXPECT_EQ(rates.total().packets, 687u) << "but of the total: 187.5, and an eighth of 4000";
  rates.zero_total();
  EXPECT_EQ(rates.total(), Rates{});
}

TEST_F(RatesOfServices, ReachEveryServerOfVeryMany) {
  constexpr size_t kMany = 140'000;  // more than there are turns in a period for one block each
  ServiceConfig many = service(web(), {});
  for (size_t i = 0; i < kMany; ++i)
    many.real_servers.push_back({boost::asio::ip::address_v4(static_cast<uint32_t>(0x0A000000 + i)), 1, {}});
  apply({many});
  for (size_t i = 0; i < kMany; ++i) count(static_cast<uint32_t>(i), 16);
  pass(kPeriod);
  size_t sampled = 0;
  for (size_t i = 0; i < kMany; ++i) sampled += rates.server(static_cast<uint32_t>(i)).packets == 2;
  EXPECT_EQ(sampled, kMany);
  EXPECT_EQ(of_service().packets, kMany * 2);
}

}  // namespace
}  // namespace turnout::traffic_rates_test
