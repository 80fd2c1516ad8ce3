#include "control/connection_walk.h"

#include <gtest/gtest.h>

#include <map>

#include "control/connection_filter.h"
#include "control/connection_row.h"
#include "test/support/test_config.h"
#include "test/support/test_table.h"

namespace turnout::connection_walk_test {
namespace {

using Flows = std::map<std::string, unsigned>;  // how often each was met

const auto kValue = ConnectionValue::make(7, 1, ConnectionState::established, 0);

WideKey wide_key(uint64_t number) {
  return make_connection_key(Address6{number, number}, static_cast<uint16_t>(number), 1);
}

struct Walking : testing::Test {
  TestTable table{4096};
  WideTestTable wide_table{1024};
  ConnectionTables tables{*table, *wide_table};

  void open(uint64_t first, uint64_t count) {
    for (uint64_t flow = first; flow < first + count; ++flow) {
      ASSERT_EQ(table.insert(flow_key(flow), kValue).result, InsertedConnection::Result::inserted);
    }
  }
  /// A page of at least `buckets`; true if there is another.
  bool page(uint64_t& position, uint64_t buckets, Flows& met) const {
    ConnectionWalk walk(tables, position);
    for (uint64_t i = 0; i < buckets && !walk.at_end(); ++i) {
      walk.step([&met](const WalkedFlow& flow, ConnectionValue value) {
        EXPECT_EQ(value.server(), 7u);
        ++met[flow.client.to_string() + ' ' + std::to_string(flow.client_port)];
      });
    }
    position = walk.position();
    return !walk.at_end();
  }
};

TEST_F(Walking, MeetsEveryConnectionOnceInPagesOfAnyLength) {
  open(0, 1500);
  for (uint64_t flow = 0; flow < 300; ++flow) wide_table.insert(wide_key(flow), kValue);
  for (const uint64_t buckets : {1u, 7u, 1000u, 100'000u}) {
    Flows met;
    uint64_t position = 0;
    while (page(position, buckets, met)) {
    }
    EXPECT_EQ(met.size(), 1800u);
    EXPECT_TRUE(std::ranges::all_of(met, [](const auto& flow) { return flow.second == 1; }));
    EXPECT_EQ(position, ConnectionWalk::end_of(tables));
  }
}

TEST_F(Walking, TellsAddressAndPortAsPeopleWriteThem) {
  table.insert(make_connection_key(to_be32(ip("198.51.100.7")), rte_cpu_to_be_16(40000), 1), kValue);
  wide_table.insert(make_connection_key(std::bit_cast<Address6>(to_octets16(ip("2001:db8::7"))),
                                        rte_cpu_to_be_16(50000), 1),
                    kValue);
  Flows met;
  uint64_t position = 0;
  page(position, 100'000, met);
  EXPECT_EQ(met, (Flows{{"198.51.100.7 40000", 1}, {"2001:db8::7 50000", 1}}));
}

TEST(WalkedFlow, OfAServiceWithSeveralPortsHasItsDestination) {
  const auto client = mapped_address6(to_be32(ip("198.51.100.7")));
  const WalkedFlow flow =
      flow_of(make_connection_key(client, rte_cpu_to_be_16(40000), 9, rte_cpu_to_be_16(8080)));
  EXPECT_EQ(flow.client, ip("198.51.100.7")) << "not ::ffff:198.51.100.7";
  EXPECT_EQ(flow.client_port, 40000);
  EXPECT_EQ(flow.service, 9);
  EXPECT_EQ(flow.destination_port, 8080);
}

TEST(ExpiresIn, CountsFromTheLastPacketOrToATemplatesEnd) {
  const Timeouts timeouts;
  const auto in_state = [](ConnectionState state) { return ConnectionValue::make(7, 1, state, 1000); };
  EXPECT_EQ(expires_in(in_state(ConnectionState::established), 1000, timeouts), 900);
  EXPECT_EQ(expires_in(in_state(ConnectionState::syn_recv), 1030, timeouts), 30);
  EXPECT_EQ(expires_in(in_state(ConnectionState::syn_recv), 1061, timeouts), -1);
  EXPECT_EQ(expires_in(in_state(ConnectionState::template_new), 640, timeouts), 360);
  EXPECT_EQ(expires_in(in_state(ConnectionState::template_kept), 1001, timeouts), -1);
}

TEST_F(Walking, MeetsWhatStaysOnceWhateverElseComesAndGoes) {
  open(0, 500);
  Flows stays;
  uint64_t position = 0;
  page(position, 100'000, stays);
  Flows met;
  position = 0;
  uint64_t opened = 500;
  while (page(position, 8, met)) {  // there are 1,280 buckets: 160 pages
    open(opened, 4);
    opened += 4;
    if (opened % 40 == 0) {
      table.free_if([&](ConnectionKey key) {
        const uint16_t number = client_port_of(key);
        return number >= 500 && number < opened - 20;
      });
    }
  }
  for (const auto& [flow, times] : stays) EXPECT_EQ(met[flow], 1u) << flow;
}

TEST(ConnectionFilter, WantsWhatAgreesWithAllThatIsSet) {
  const Registry::Holder holder{3, ip("192.0.2.11")};
  const IpAddress client = ip("198.51.100.7");
  const auto wants = [&](const ConnectionFilter& filter) { return filter.wants(client, kValue, holder); };
  EXPECT_TRUE(wants({}));
  EXPECT_TRUE(wants({.service = 3, .server = ip("192.0.2.11"), .client = {}, .state = {}}));
  EXPECT_FALSE(wants({.service = 4, .server = ip("192.0.2.11"), .client = {}, .state = {}}));
  EXPECT_FALSE(wants({.service = 3, .server = ip("192.0.2.12"), .client = {}, .state = {}}));
  const auto subnet = [](const char* text) {
    return ConnectionFilter{
        .service = {}, .server = {}, .client = parse_interface_address(text), .state = {}};
  };
  EXPECT_TRUE(wants(subnet("198.51.100.7/32")));
  EXPECT_TRUE(wants(subnet("198.51.100.0/24")));
  EXPECT_TRUE(wants(subnet("198.51.100.250/24"))) << "host bits don't matter";
  EXPECT_TRUE(wants(subnet("0.0.0.0/0")));
  EXPECT_FALSE(wants(subnet("198.51.100.8/29")));
  EXPECT_FALSE(wants(subnet("::/0"))) << "of another family";
  const auto state = [](const char* wanted) {
    return ConnectionFilter{.service = {}, .server = {}, .client = {}, .state = wanted};
  };
  EXPECT_TRUE(wants(state("ESTABLISHED")));
  EXPECT_FALSE(wants(state("UDP")));
}

}  // namespace
}  // namespace turnout::connection_walk_test
