#include "control/address.h"

#include <gtest/gtest.h>

#include <cstring>

using namespace turnout;

namespace address_test {
namespace {

TEST(Address, ParsesBothFamilies) {
  EXPECT_EQ(parse_address("192.0.2.1")->to_string(), "192.0.2.1");
  EXPECT_EQ(parse_address("2001:db8::1")->to_string(), "2001:db8::1");
}

TEST(Address, RefusesWhatIsNotExactlyAnAddress) {
  using std::string_literals::operator""s;
  for (const std::string& text :
       {""s, "192.0.2"s, "192.0.2.256"s, "192.0.2.1 "s, " 192.0.2.1"s, "192.0.2.1/24"s, "192.0.2.01"s,
        "0xc0.0.2.1"s, "fe80::1%lo"s, "localhost"s, "[::1]"s, "192.0.2.1\0x"s, std::string(100000, '1')}) {
    EXPECT_FALSE(parse_address(text)) << text.substr(0, 40);
  }
}

TEST(Address, IsInNetworkByteOrderInPackets) {
  const rte_be32_t address = to_be32(*parse_address("192.0.2.17"));
  const uint8_t octets[] = {192, 0, 2, 17};
  EXPECT_EQ(std::memcmp(&address, octets, sizeof octets), 0);
  EXPECT_EQ(from_be32(address), *parse_address("192.0.2.17"));
}

TEST(Address, OfIpv6IsSixteenOctetsInPackets) {
  const Ipv6Octets octets = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12, 0xab, 0xcd};
  EXPECT_EQ(to_octets16(*parse_address("2001:db8::12:abcd")), octets);
  EXPECT_EQ(from_octets16(octets), *parse_address("2001:db8::12:abcd"));
}

TEST(InterfaceAddress, KeepsItsHostBits) {
  const auto own = parse_interface_address("192.0.2.2/24");
  ASSERT_TRUE(own);
  EXPECT_EQ(own->address, *parse_address("192.0.2.2"));
  EXPECT_EQ(own->prefix_length, 24);
  EXPECT_EQ(own->to_string(), "192.0.2.2/24");
}

TEST(InterfaceAddress, RefusesWhatIsMalformed) {
  for (const auto text :
       {"", "/", "192.0.2.2", "192.0.2.2/", "192.0.2.2/33", "192.0.2.2/-1", "192.0.2.2/024", "192.0.2.2/ 24",
        "192.0.2.2/24/8", "192.0.2.2/24x", "/24", "::1/129", "192.0.2.2/99999999999999999999"}) {
    EXPECT_FALSE(parse_interface_address(text)) << text;
  }
}

struct Membership {
  const char* subnet;
  const char* address;
  bool contained;
};

TEST(InterfaceAddress, ContainsItsSubnet) {
  for (const auto& [subnet, address, contained] : {
           Membership{"192.0.2.2/24", "192.0.2.0", true},
           {"192.0.2.2/24", "192.0.2.255", true},
           {"192.0.2.2/24", "192.0.3.1", false},
           {"192.0.2.2/24", "192.0.1.255", false},
           {"10.1.2.3/20", "10.1.15.255", true},
           {"10.1.2.3/20", "10.1.16.0", false},
           {"192.0.2.2/32", "192.0.2.2", true},
           {"192.0.2.2/32", "192.0.2.3", false},
           {"192.0.2.2/31", "192.0.2.3", true},
           {"192.0.2.2/31", "192.0.2.4", false},
           {"192.0.2.2/0", "8.8.8.8", true},
           {"192.0.2.2/0", "::1", false},
           {"2001:db8::1/63", "2001:db8:0:1::9", true},
           {"2001:db8::1/63", "2001:db8:0:2::9", false},
           {"2001:db8::1/128", "2001:db8::2", false},
       }) {
    EXPECT_EQ(parse_interface_address(subnet)->contains(*parse_address(address)), contained)
        << subnet << " " << address;
  }
}

TEST(MacAddress, IsReadAndWritten) {
  const auto mac = parse_mac("02:00:5E:00:00:af");
  ASSERT_TRUE(mac);
  EXPECT_EQ(mac->octets.addr_bytes[0], 0x02);
  EXPECT_EQ(mac->octets.addr_bytes[5], 0xaf);
  EXPECT_EQ(mac->to_string(), "02:00:5e:00:00:af");
  EXPECT_EQ(*mac, *parse_mac("02:00:5e:00:00:af"));
  EXPECT_FALSE(*mac == *parse_mac("02:00:5e:00:00:ae"));
}

TEST(MacAddress, RefusesWhatIsMalformed) {
  for (const auto text : {"", "02:00:00:00:00", "02:00:00:00:00:1", "02:00:00:00:00:12:", "02-00-00-00-00-12",
                          "02:00:00:00:00:1g", "0x:00:00:00:00:12", "-2:00:00:00:00:12", "020000000012",
                          "2:0:0:0:0:12", "02:00:00:00:00: 2"}) {
    EXPECT_FALSE(parse_mac(text)) << text;
  }
}

TEST(MacAddress, KnowsUnicast) {
  EXPECT_TRUE(parse_mac("02:00:00:00:00:12")->is_unicast());
  EXPECT_FALSE(parse_mac("00:00:00:00:00:00")->is_unicast());
  EXPECT_FALSE(parse_mac("ff:ff:ff:ff:ff:ff")->is_unicast());
  EXPECT_FALSE(parse_mac("01:00:5e:00:00:01")->is_unicast());
}

}  // namespace
}  // namespace address_test
