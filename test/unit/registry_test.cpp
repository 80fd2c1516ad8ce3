#include "control/registry.h"

#include <gtest/gtest.h>

#include <set>

#include "dataplane/connection.h"
#include "test/support/test_config.h"

namespace turnout::registry_test {
namespace {

const Registry::Server& number_of(const Registry& registry, int server, uint16_t port = 80) {
  return registry.service(web(port)).servers.at(ip("192.0.2." + std::to_string(server)));
}

TEST(Registry, NumbersServicesFromOneAndServersFromZero) {
  Registry registry;
  registry.update(config_with({service(web(80), {11, 12}), service(web(81), {11})}), 1);
  EXPECT_EQ(registry.service(web(80)).index, 1) << "0 is never a service";
  EXPECT_EQ(registry.service(web(81)).index, 2);
  EXPECT_EQ(registry.indexes_used(), 3u);
  EXPECT_EQ(registry.slots_used(), 3u);
  const std::set<uint32_t> slots{number_of(registry, 11).slot, number_of(registry, 12).slot,
                                 number_of(registry, 11, 81).slot};
  EXPECT_EQ(slots, (std::set<uint32_t>{0, 1, 2})) << "a server of two services has two";
  EXPECT_EQ(number_of(registry, 11).generation, 1);
}

TEST(Registry, KnowsWhoseANumberIs) {
  Registry registry;
  ServiceConfig group = service(ServiceKey{.vip = ip("0.0.0.0"), .group = "web"}, {11, 12});
  group.members = {web(80), web(443)};
  registry.update(config_with({group, service(web(81), {13})}), 1);
  const Registry::Service& numbers = registry.service(group.key);
  EXPECT_EQ(registry.key(numbers.index), group.key);
  EXPECT_EQ(registry.key(numbers.index_of(web(443))), web(443));
  EXPECT_EQ(registry.key(registry.service(web(81)).index), web(81));
  const Registry::Holder& holder = registry.holder(numbers.servers.at(ip("192.0.2.12")).slot);
  EXPECT_EQ(holder.service, numbers.index);
  EXPECT_EQ(holder.server, ip("192.0.2.12"));
}

TEST(Registry, AReusedNumberIsItsNewOwners) {
  Registry registry;
  registry.update(config_with({service(web(80), {11})}), 1);
  registry.update(config_with({}), 2);
  registry.reclaim(2);
  registry.update(config_with({service(web(81), {12})}), 3);
  const Registry::Service& numbers = registry.service(web(81));
  ASSERT_EQ(numbers.index, 1);
  EXPECT_EQ(registry.key(1), web(81));
  EXPECT_EQ(registry.holder(numbers.servers.at(ip("192.0.2.12")).slot).server, ip("192.0.2.12"));
}

TEST(Registry, WhatStaysKeepsItsNumbers) {
  Registry registry;
  registry.update(config_with({service(web(80), {11, 12}), service(web(81), {13})}), 1);
  const auto before = number_of(registry, 12);
  registry.update(config_with({service(web(82), {20, 21, 22}), service(web(80), {14, 12})}), 2);
  EXPECT_EQ(number_of(registry, 12).slot, before.slot);
  EXPECT_EQ(number_of(registry, 12).generation, before.generation);
  EXPECT_EQ(registry.service(web(80)).index, 1);
  EXPECT_EQ(registry.services().size(), 2u);
}

TEST(Registry, OneServiceIsRenumberedAndTheOthersStay) {
  Registry registry;
  registry.update(config_with({service(web(80), {11, 12}), service(web(81), {11})}), 1);
  const auto stays = number_of(registry, 12), others = number_of(registry, 11, 81);
  const uint32_t given_up = number_of(registry, 11).slot;
  registry.update(service(web(80), {12, 13}), 2);
  EXPECT_EQ(registry.service(web(80)).index, 1);
  EXPECT_EQ(registry.service(web(80)).servers.size(), 2u);
  EXPECT_EQ(number_of(registry, 12).slot, stays.slot);
  EXPECT_EQ(number_of(registry, 12).generation, stays.generation);
  EXPECT_EQ(number_of(registry, 13).slot, 3u);
  EXPECT_EQ(number_of(registry, 11, 81).slot, others.slot);
  EXPECT_EQ(registry.released_slots(1), std::vector<uint32_t>{given_up});
  EXPECT_TRUE(registry.reclaim(1).empty());
  EXPECT_EQ(registry.reclaim(2).size(), 1u);
}

TEST(Registry, ANumberThatWasGivenUpIsNotUsedBeforeItIsReclaimed) {
  Registry registry;
  registry.update(config_with({service(web(), {11, 12})}), 1);
  const uint32_t slot = number_of(registry, 12).slot;
  registry.update(config_with({service(web(), {11})}), 2);
  EXPECT_EQ(registry.released_slots(1), std::vector<uint32_t>{slot});
  EXPECT_TRUE(registry.reclaim(1).empty()) << "a worker still has the snapshot with that server";
  registry.update(config_with({service(web(), {11, 13})}), 3);
  EXPECT_NE(number_of(registry, 13).slot, slot);

  const auto freed = registry.reclaim(2);
  ASSERT_EQ(freed.size(), 1u);
  EXPECT_EQ(freed[0].slot, slot);
  EXPECT_EQ(freed[0].service, 1);
  EXPECT_TRUE(registry.released_slots(1).empty());
  registry.update(config_with({service(web(), {11, 13, 14})}), 4);
  EXPECT_EQ(number_of(registry, 14).slot, slot);
  EXPECT_EQ(number_of(registry, 14).generation, 2)
      << "so that connections of the server before are known as such";
}

TEST(Registry, AServerThatComesBackAtOnceIsANewOne) {
  Registry registry;
  registry.update(config_with({service(web(), {11, 12})}), 1);
  const auto before = number_of(registry, 12);
  registry.update(config_with({service(web(), {11})}), 2);
  registry.update(config_with({service(web(), {11, 12})}), 3);
  EXPECT_NE(number_of(registry, 12).slot, before.slot);
}

TEST(Registry, AServiceThatIsRemovedGivesUpItsIndexAfterItsServers) {
  Registry registry;
  registry.update(config_with({service(web(80), {11}), service(web(81), {12})}), 1);
  registry.update(config_with({service(web(80), {11})}), 2);
  registry.update(config_with({service(web(80), {11}), service(web(82), {12})}), 3);
  EXPECT_EQ(registry.service(web(82)).index, 3) << "index 2 may still be in use";
  const auto freed = registry.reclaim(2);
  ASSERT_EQ(freed.size(), 2u);
  EXPECT_NE(freed[0].slot, Registry::kNoSlot);
  EXPECT_EQ(freed[1].slot, Registry::kNoSlot);
  EXPECT_EQ(freed[1].service, 2);
  registry.update(config_with({service(web(80), {11}), service(web(82), {12}), service(web(83), {13})}), 4);
  EXPECT_EQ(registry.service(web(83)).index, 2);
}

TEST(Registry, GenerationsGoAroundWithoutEverBeingZero) {
  Registry registry;
  std::set<uint16_t> seen;
  uint64_t snapshot = 0;
  for (unsigned i = 0; i < 2 * ConnectionValue::kGenerationMask + 10; ++i) {
    registry.update(config_with({service(web(), {11})}), ++snapshot);
    const auto number = number_of(registry, 11);
    ASSERT_EQ(number.slot, 0u);
    ASSERT_NE(number.generation, 0) << "that of a slot in nobody's hands";
    ASSERT_LE(number.generation, ConnectionValue::kGenerationMask);
    seen.insert(number.generation);
    registry.update(config_with({service(web(), {})}), ++snapshot);
    registry.reclaim(snapshot);
  }
  EXPECT_EQ(seen.size(), ConnectionValue::kGenerationMask);
}

TEST(Registry, HandsOutTheSlotThatWasFreeTheLongest) {
  Registry registry;
  registry.update(config_with({service(web(), {11, 12, 13})}), 1);
  const uint32_t first = number_of(registry, 12).slot, second = number_of(registry, 11).slot;
  registry.update(config_with({service(web(), {11, 13})}), 2);
  registry.update(config_with({service(web(), {13})}), 3);
  registry.reclaim(3);
  registry.update(config_with({service(web(), {13, 21})}), 4);
  EXPECT_EQ(number_of(registry, 21).slot, first);
  registry.update(config_with({service(web(), {13, 21, 22})}), 5);
  EXPECT_EQ(number_of(registry, 22).slot, second);
}

/// `number` services of one server each, on ports from 1 and addresses from `vip`.
Config many_services(uint32_t number, const std::string& vip) {
  std::vector<ServiceConfig> services;
  for (uint32_t i = 0; i < number; ++i) {
    services.push_back(service({ip(vip), Protocol::tcp, static_cast<uint16_t>(i + 1)}, {11}));
  }
  return config_with(services);
}

TEST(Registry, SaysWhenThereAreNoNumbersLeftUntilSomeAreReclaimed) {
  Registry registry;
  const Config first = many_services(40'000, "192.0.2.100"), second = many_services(40'000, "192.0.2.101");
  ASSERT_TRUE(registry.fits(first));
  registry.update(first, 1);
  EXPECT_TRUE(registry.fits(first)) << "what is there already needs no new number";
  EXPECT_FALSE(registry.fits(second)) << "the first 40,000 are in use while the second come";
  registry.update(config_with({}), 2);
  EXPECT_FALSE(registry.fits(second)) << "and until no worker has them any more";
  registry.reclaim(2);
  EXPECT_TRUE(registry.fits(second));
  EXPECT_TRUE(registry.fits(many_services(65'535, "192.0.2.102"))) << "65,535 indexes and 0";
}

}  // namespace
}  // namespace turnout::registry_test
