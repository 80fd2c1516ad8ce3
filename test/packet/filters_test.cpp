// Filters of clients: the tables of DPDK's FIB, what the forwarder does with what they say, and the counters
// that rules keep. They need EAL, so they are among the packet tests.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "control/filter_book.h"
#include "control/snapshot_filters.h"
#include "test/support/forwarder_rig.h"
#include "test/support/frame_changes.h"

namespace turnout {
namespace {

const char* const kClient = "203.0.113.7";  // whom the rig's IPv4 frames come from
const char* const kClient6 = "2001:db8:c::7";

FilterListConfig list(const std::string& name, FilterAction action,
                      const std::vector<std::string>& prefixes) {
  FilterListConfig made{.name = name, .action = action, .prefixes = {}, .file = {}};
  for (const std::string& text : prefixes) {
    const bool whole = text.find('/') == std::string::npos;
    const bool is_v6 = text.find(':') != std::string::npos;
    made.prefixes.push_back(*parse_interface_address(whole ? text + (is_v6 ? "/128" : "/32") : text));
  }
  return made;
}
FilterListConfig deny(const std::vector<std::string>& prefixes) {
  return list("deny", FilterAction::deny, prefixes);
}
FilterListConfig allow(const std::vector<std::string>& prefixes) {
  return list("allow", FilterAction::allow, prefixes);
}

/// A forwarder whose services, VIPs or both have a filter.
class Filters : public testing::Test {
 protected:
  void put_all(std::vector<FilterConfig> configs) {
    const auto plan = load_and_plan(configs);
    ASSERT_TRUE(plan.value) << plan.errors.front().to_string();
    book_.put_in_force(*plan.value);
    rig_.snapshot.filters = book_.tables();
    rig_.snapshot.service_filters.resize(rig_.snapshot.services.size());
  }
  void put(FilterConfig config) {
    config.name = "edge";
    put_all({config});
    for (ServiceFilters& filters : rig_.snapshot.service_filters) filters.own = 1;
  }
  void set_policy(const VipConfig& vip, uint16_t icmp_service = kTcpService) {
    rig_.recipe.vip_role = AddressRole::kVip | AddressRole::kEcho;
    Snapshot made = rig_.recipe.make();
    const uint32_t at = add_policy(vip, icmp_service, book_, made);
    rig_.recipe.vip_role |= at << AddressRole::kPolicyShift;
    auto policies = made.vip_policies;
    auto filters = rig_.snapshot.filters;
    auto service_filters = rig_.snapshot.service_filters;
    rig_.snapshot = rig_.recipe.make();
    rig_.snapshot.vip_policies = policies;
    rig_.snapshot.filters = filters;
    rig_.snapshot.service_filters = service_filters;
  }
  uint64_t packets_of(const std::string& prefix) {
    for (const FilterBook::Filter& filter : book_.filters()) {
      for (const FilterBook::List& each : filter.lists) {
        for (const FilterBook::Rule& rule : each.rules) {
          if (rule.prefix == prefix) return rig_.counters.rule(rule.number).read();
        }
      }
    }
    ADD_FAILURE() << "no rule " << prefix;
    return 0;
  }
  void expect_dropped(const Bytes& frame, DropReason reason = DropReason::filtered) {
    const auto fate = rig_.send(frame);
    EXPECT_EQ(fate.kind, Fate::dropped);
    EXPECT_EQ(fate.reason, reason) << name_of(fate.reason);
  }

  Statistics statistics_{1};
  FilterBook book_{statistics_};
  ForwarderRig rig_;
};

TEST_F(Filters, TheLongestPrefixCountsWhateverListHasIt) {
  put({.name = {}, .lists = {deny({"203.0.113.0/24", "2001:db8:c::/48"}), allow({"203.0.113.0/28"})}});
  EXPECT_LT(rig_.tcp(1, kSyn), 3u);
  FrameFields other;
  other.source = "203.0.113.77";
  expect_dropped(tcp_frame(other, kSyn));
  expect_dropped(ForwarderRig::tcp6_of(1, kSyn));
  other.source = "198.51.100.1";
  EXPECT_EQ(rig_.send(tcp_frame(other, kSyn)).kind, Fate::transmitted) << "in no list: the default";
  EXPECT_EQ(packets_of("203.0.113.0/28"), 1u);
  EXPECT_EQ(packets_of("203.0.113.0/24"), 1u);
  EXPECT_EQ(packets_of("2001:db8:c::/48"), 1u);
  EXPECT_EQ(rig_.counters.rule(book_.filters()[0].otherwise).read(), 1u);
}

TEST_F(Filters, WhereTheDefaultIsToDenyOnlyTheListedGetIn) {
  put({.name = {}, .lists = {allow({kClient})}, .otherwise = FilterAction::deny});
  rig_.tcp(1, kSyn);
  expect_dropped(ForwarderRig::tcp6_of(1, kSyn));
  put({.name = {}, .lists = {allow({kClient6})}, .otherwise = FilterAction::deny});
  rig_.tcp6(1, kSyn);
  expect_dropped(ForwarderRig::tcp_of(1, kSyn));
}

TEST_F(Filters, AConnectionThatIsOpenEndsWithTheNextPacket) {
  rig_.tcp(1, kSyn);
  rig_.tcp(1, kAck);
  put({.name = {}, .lists = {deny({kClient})}});
  expect_dropped(ForwarderRig::tcp_of(1, kAck));
  put({.name = {}, .lists = {}});
  rig_.tcp(1, kAck);
}

TEST_F(Filters, InABurstEachPacketGetsItsOwnFateAndOrderStays) {
  put({.name = {}, .lists = {deny({"203.0.113.64/26"})}});
  std::vector<Bytes> frames;
  for (unsigned i = 0; i < kBurst; ++i) {
    FrameFields fields;
    fields.source = i % 3 == 0 ? "203.0.113.65" : "203.0.113.7";
    fields.source_port = static_cast<uint16_t>(2000 + i);
    frames.push_back(i % 2 == 0 ? tcp_frame(fields, kSyn)
                                : ForwarderRig::tcp6_of(static_cast<uint16_t>(i), kSyn));
  }
  const auto fates = rig_.burst(frames);
  for (unsigned i = 0; i < kBurst; ++i)
    EXPECT_EQ(fates[i].kind, i % 6 == 0 ? Fate::dropped : Fate::transmitted) << i;
}

TEST_F(Filters, BothTheVipsAndTheServicesFilterHaveToBePassed) {
  put_all(
      {{.name = "vip", .lists = {deny({"203.0.113.7"})}}, {.name = "own", .lists = {deny({"203.0.113.8"})}}});
  rig_.snapshot.service_filters[kTcpService] = {1, 2};
  FrameFields from;
  for (const auto& [source, passes] :
       {std::pair{"203.0.113.7", false}, {"203.0.113.8", false}, {"203.0.113.9", true}}) {
    from.source = source;
    EXPECT_EQ(rig_.send(tcp_frame(from, kSyn)).kind, passes ? Fate::transmitted : Fate::dropped) << source;
  }
  from.destination_port = 53;
  from.source = "203.0.113.7";
  EXPECT_EQ(rig_.send(udp_frame(from, payload(4))).kind, Fate::transmitted) << "a service without a filter";
}

TEST_F(Filters, TheVipsFilterIsForAllThatIsSentToIt) {
  put({.name = {}, .lists = {deny({kClient})}});
  VipConfig vip;
  vip.filter = "edge";
  set_policy(vip);
  expect_dropped(icmp_frame({}, 8));
  FrameFields nobody;
  nobody.destination_port = 4444;
  expect_dropped(tcp_frame(nobody, kSyn));
  FrameFields friendly;
  friendly.source = "198.51.100.1";
  EXPECT_EQ(rig_.send(icmp_frame(friendly, 8)).punt, PuntKind::icmp_echo);
  friendly.destination_port = 4444;
  expect_dropped(tcp_frame(friendly, kSyn), DropReason::no_service);
}

TEST_F(Filters, WhoIsToBeToldIsPunted) {
  put({.name = {}, .lists = {deny({kClient})}, .denied = DeniedPolicy::reject});
  const auto fate = rig_.send(ForwarderRig::tcp_of(1, kSyn));
  EXPECT_EQ(fate.kind, Fate::punted);
  EXPECT_EQ(fate.punt, PuntKind::filtered);
}

TEST_F(Filters, FragmentsOfADeniedDatagramGoTheWayOfTheFirst) {
  put({.name = {}, .lists = {deny({kClient})}});
  FrameFields fields;
  fields.destination_port = 53;
  const auto pieces = fragmented(udp_frame(fields, payload(2000)), 7, 800);
  expect_dropped(pieces[0]);
  for (size_t i = 1; i < pieces.size(); ++i) expect_dropped(pieces[i], DropReason::fragment);
}

TEST_F(Filters, OfAFloodTheFirstSecondFourthAndEighthAreTold) {
  put({.name = {}, .lists = {deny({"203.0.113.0/24"})}});
  for (int i = 0; i < 10; ++i) expect_dropped(ForwarderRig::tcp_of(1, kSyn));
  std::vector<uint32_t> told;
  Denial denial;
  while (rig_.counters.denials.take(denial)) {
    told.push_back(denial.nth);
    EXPECT_EQ(denial.filter, 1);
    EXPECT_EQ(denial.service, kTcpService);
    EXPECT_EQ(denial.rule, book_.filters()[0].lists[0].rules[0].number);
    EXPECT_EQ(denial.fields.client, RTE_BE32(0xCB007107));
    EXPECT_EQ(rte_be_to_cpu_16(denial.fields.destination_port), 80);
    EXPECT_EQ(denial.fields.event, PacketEvent::syn);
  }
  EXPECT_EQ(told, (std::vector<uint32_t>{1, 2, 4, 8}));
  ++rig_.now;
  expect_dropped(ForwarderRig::tcp_of(1, kSyn));
  ASSERT_TRUE(rig_.counters.denials.take(denial));
  EXPECT_EQ(denial.nth, 1u) << "each second counts anew";
}

TEST_F(Filters, IcmpIsForwardedWhereTheVipSaysSo) {
  VipConfig vip;
  vip.icmp.forward = {8, 13};  // echo and timestamp requests
  set_policy(vip);
  const auto echo = rig_.send(icmp_frame({}, 8));
  EXPECT_EQ(echo.kind, Fate::transmitted);
  EXPECT_EQ(rig_.send(icmp_frame({}, 13)).server(), echo.server()) << "a client has one server";
  EXPECT_EQ(rig_.send(icmp_frame({}, 8)).server(), echo.server());
  expect_dropped(icmp_frame({}, 17), DropReason::icmp_unsupported);
  rig_.recipe.maglev = {};
  set_policy(vip);
  expect_dropped(icmp_frame({}, 8), DropReason::no_server);
}

TEST_F(Filters, IcmpErrorsAreDroppedWhereTheVipSaysSo) {
  rig_.tcp(1, kSyn);
  FrameFields reply;  // the packet that the error is about, which the VIP sent
  std::swap(reply.source, reply.destination);
  reply.source_port = 80;
  reply.destination_port = 1025;
  FrameFields router;
  router.source = "198.51.100.254";
  const Bytes unreachable = icmp_error(router, 3, ip_packet_of(tcp_frame(reply, kAck)));
  const Bytes exceeded = icmp_error(router, 11, ip_packet_of(tcp_frame(reply, kAck)));
  EXPECT_EQ(rig_.send(unreachable).kind, Fate::transmitted);
  VipConfig vip;
  vip.icmp.drop = {11};
  set_policy(vip);
  EXPECT_EQ(rig_.send(unreachable).kind, Fate::transmitted);
  expect_dropped(exceeded, DropReason::icmp_filtered);
}

// The tables.

uint32_t bits_kept(uint32_t address, unsigned length) {
  return length == 0 ? 0 : address & ~uint32_t{0} << (32 - length);
}

/// Random prefixes of lengths as blocklists have them, with many inside one another.
std::vector<Prefix4> random_prefixes4(size_t count, std::mt19937& random) {
  std::vector<Prefix4> made;
  while (made.size() < count) {
    const auto length = static_cast<uint8_t>(8 + random() % 25);
    const uint32_t near = 0x0A000000 | (random() & 0x00FFFFFF);
    made.push_back({bits_kept(random() % 2 == 0 ? near : static_cast<uint32_t>(random()), length), length});
    std::ranges::sort(made);
    made.erase(std::unique(made.begin(), made.end()), made.end());
  }
  return made;
}

/// The class that a walk over all of them finds.
uint64_t longest_of(const std::vector<Prefix4>& prefixes, uint32_t client) {
  uint64_t best = 0;
  for (size_t i = 0; i < prefixes.size(); ++i) {
    const bool holds = bits_kept(client, prefixes[i].length) == prefixes[i].address;
    if (holds && (best == 0 || prefixes[i].length > prefixes[best - 1].length)) best = i + 1;
  }
  return best;
}

class Tables : public testing::TestWithParam<size_t> {};

TEST_P(Tables, FindWhatALookAtEachPrefixFinds) {
  std::mt19937 random(17);
  const std::vector<Prefix4> prefixes = random_prefixes4(GetParam(), random);
  const ClientClasses classes(prefixes, {});
  for (int round = 0; round < 100; ++round) {
    std::array<uint32_t, kBurst> clients;
    for (uint32_t& client : clients)
      client = random() % 2 == 0 ? prefixes[random() % prefixes.size()].address | (random() & 0xFF)
                                 : static_cast<uint32_t>(random());
    const std::array<uint32_t, kBurst> asked = clients;
    std::array<uint64_t, kBurst> found;
    classes.find4(clients.data(), found.data(), kBurst);
    for (size_t i = 0; i < kBurst; ++i)
      ASSERT_EQ(found[i], longest_of(prefixes, asked[i])) << std::hex << asked[i];
  }
}

TEST_P(Tables, FindIPv6ClientsWhateverTheLength) {
  std::mt19937 random(18);
  std::vector<Prefix6> prefixes;
  for (size_t i = 0; i < GetParam(); ++i) {
    Prefix6 prefix;
    prefix.length = static_cast<uint8_t>(32 + random() % 97);
    for (size_t octet = 0; octet < 16; ++octet)
      prefix.address[octet] = static_cast<uint8_t>(octet < 4 ? octet + 32 : random());
    for (size_t bit = prefix.length; bit < 128; ++bit)
      prefix.address[bit / 8] = static_cast<uint8_t>(prefix.address[bit / 8] & ~(0x80u >> bit % 8));
    prefixes.push_back(prefix);
  }
  std::ranges::sort(prefixes);
  prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
  const ClientClasses classes({}, prefixes);
  for (size_t i = 0; i < prefixes.size(); ++i) {
    uint8_t client[1][16];
    std::ranges::copy(prefixes[i].address, client[0]);
    uint64_t found = 0;
    classes.find6(client, &found, 1);
    ASSERT_GT(found, 0u);
    EXPECT_EQ(prefixes[found - 1].address, prefixes[i].address);
    EXPECT_GE(prefixes[found - 1].length, prefixes[i].length);
  }
  uint8_t stranger[1][16] = {{0xfc}};
  uint64_t found = 1;
  classes.find6(stranger, &found, 1);
  EXPECT_EQ(found, 0u);
}

INSTANTIATE_TEST_SUITE_P(OfAllSizes, Tables, testing::Values(1, 60, 65, 2000));

TEST_F(Filters, AHundredThousandPrefixesComeFromAFile) {
  const auto file = std::filesystem::temp_directory_path() / ("turnout-prefixes-" + std::to_string(getpid()));
  {
    std::ofstream out(file);
    out << "# a blocklist\r\n\r\n";
    for (unsigned i = 0; i < 100'000; ++i)
      out << "10." << (i >> 16) << '.' << ((i >> 8) & 0xFF) << '.' << (i & 0xFF) << " ; each alone\r\n";
    out << kClient << "\n2001:db8:c::/48";
  }
  FilterListConfig from_file = deny({});
  from_file.file = file;
  put({.name = {}, .lists = {from_file}});
  std::filesystem::remove(file);
  EXPECT_EQ(book_.filters()[0].lists[0].rules.size(), 100'002u);
  expect_dropped(ForwarderRig::tcp_of(1, kSyn));
  expect_dropped(ForwarderRig::tcp6_of(1, kSyn));
  FrameFields listed;
  listed.source = "10.1.134.159";  // the last of them
  expect_dropped(tcp_frame(listed, kSyn));
  listed.source = "10.1.134.160";
  EXPECT_EQ(rig_.send(tcp_frame(listed, kSyn)).kind, Fate::transmitted);
}

// Counters.

TEST_F(Filters, ARuleKeepsItsCounterForAsLongAsItsListHasIt) {
  put({.name = {}, .lists = {deny({"203.0.113.0/24", "198.51.100.0/24"})}});
  const uint32_t kept = book_.filters()[0].lists[0].rules[1].number;
  EXPECT_EQ(book_.filters()[0].lists[0].rules[1].prefix, "203.0.113.0/24");
  const uint32_t gone = book_.filters()[0].lists[0].rules[0].number;
  statistics_.worker(0).rule(gone).add(7);
  rig_.snapshot.filters.reset();
  put({.name = {}, .lists = {deny({"192.0.2.0/28", "203.0.113.0/24"})}});
  EXPECT_EQ(book_.filters()[0].lists[0].rules[1].number, kept);
  rig_.snapshot.filters.reset();  // no worker has the first tables any more
  put({.name = {}, .lists = {deny({"203.0.113.0/24", "198.51.100.0/24"})}});
  const FilterBook::Rule& again = book_.filters()[0].lists[0].rules[0];
  EXPECT_EQ(again.number, gone) << "a number that nobody uses is given again";
  EXPECT_EQ(book_.packets(again.number), 0u) << "and begins at 0";
  statistics_.worker(0).rule(gone).add(2);
  EXPECT_EQ(book_.packets(again.number), 2u);
}

TEST_F(Filters, ANumberIsNotGivenAgainWhileAWorkerMayUseIt) {
  put({.name = {}, .lists = {deny({"198.51.100.0/24"})}});
  const uint32_t old = book_.filters()[0].lists[0].rules[0].number;
  const auto snapshot_of_a_worker = book_.tables();
  put({.name = {}, .lists = {deny({"203.0.113.0/24"})}});
  put({.name = {}, .lists = {deny({"203.0.113.0/24", "10.0.0.0/8"})}});
  for (const FilterBook::Rule& rule : book_.filters()[0].lists[0].rules) EXPECT_NE(rule.number, old);
}

TEST_F(Filters, OfAPrefixInTwoListsTheFirstListHasIt) {
  put({.name = {}, .lists = {allow({kClient}), deny({kClient, "198.51.100.0/24"})}});
  rig_.tcp(1, kSyn);
  EXPECT_EQ(book_.filters()[0].lists[0].rules.size(), 1u);
  EXPECT_EQ(book_.filters()[0].lists[1].rules.size(), 1u);
  EXPECT_EQ(book_.filters()[0].lists[1].shadowed, 1u);
}

}  // namespace
}  // namespace turnout
