// A real TAP, in a network namespace of the test's own that vanishes with it. Needs root.
#include "control/kernel_interface.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <memory>
#include <set>

#include "control/arp.h"
#include "control/eal.h"
#include "test/support/test_config.h"

namespace turnout::kernel_interface_test {
namespace {

using namespace std::chrono_literals;
using Bytes = std::vector<uint8_t>;

const MacAddress kPortMac = mac("02:00:00:00:01:00");
const MacAddress kPeerMac = mac("02:00:00:00:00:c1");

PortConfig port_with(const std::string& name, const std::vector<std::string>& addresses) {
  PortConfig port;
  port.name = "lan";
  port.kernel_interface = name;
  for (const std::string& text : addresses) port.addresses.push_back(parse_interface_address(text).value());
  return port;
}

class KernelInterfaceTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root, to make interfaces";
    home_ = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    ASSERT_GE(home_, 0);
    ASSERT_EQ(unshare(CLONE_NEWNET), 0) << "no network namespace of its own";
    socket_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  }
  void TearDown() override {
    tap_.reset();
    if (socket_ >= 0) close(socket_);
    if (home_ >= 0) {
      EXPECT_EQ(setns(home_, CLONE_NEWNET), 0);
      close(home_);
    }
  }

  KernelInterface& make(const std::vector<std::string>& addresses, uint16_t mtu = 1500) {
    tap_ = std::make_unique<KernelInterface>(io_, port_with("lk-tap0", addresses), kPortMac, mtu,
                                             [this](std::span<const uint8_t> frame) {
                                               from_kernel_.push_back({frame.begin(), frame.end()});
                                             });
    return *tap_;
  }
  std::string refusal(const std::string& name) {
    try {
      const KernelInterface never(io_, port_with(name, {}), kPortMac, 1500, [](std::span<const uint8_t>) {});
    } catch (const StartError& error) {
      return error.what();
    }
    return "";
  }

  ifreq ask(unsigned long question) const {
    ifreq request{};
    std::strcpy(request.ifr_name, "lk-tap0");
    EXPECT_EQ(ioctl(socket_, question, &request), 0);
    return request;
  }
  static bool exists() { return if_nametoindex("lk-tap0") != 0; }

  /// "address" → prefix length, as the kernel has them.
  static std::set<std::string> addresses() {
    std::set<std::string> all;
    ifaddrs* list = nullptr;
    EXPECT_EQ(getifaddrs(&list), 0);
    for (const ifaddrs* at = list; at; at = at->ifa_next) {
      if (std::string("lk-tap0") != at->ifa_name || !at->ifa_addr) continue;
      char text[INET6_ADDRSTRLEN] = "";
      int bits = 0;
      const auto count = [&bits](const void* mask, size_t size) {
        for (size_t i = 0; i < size; ++i) bits += __builtin_popcount(static_cast<const uint8_t*>(mask)[i]);
      };
      if (at->ifa_addr->sa_family == AF_INET) {
        inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in*>(at->ifa_addr)->sin_addr, text, sizeof text);
        count(&reinterpret_cast<sockaddr_in*>(at->ifa_netmask)->sin_addr, 4);
      } else if (at->ifa_addr->sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &reinterpret_cast<sockaddr_in6*>(at->ifa_addr)->sin6_addr, text, sizeof text);
        count(&reinterpret_cast<sockaddr_in6*>(at->ifa_netmask)->sin6_addr, 16);
      } else {
        continue;
      }
      all.insert(std::string(text) + "/" + std::to_string(bits));
    }
    freeifaddrs(list);
    return all;
  }

  /// Lets the interface work until `done`, at most for two seconds.
  template <typename Done>
  bool run_until(Done&& done) {
    for (const auto end = std::chrono::steady_clock::now() + 2s; !done();) {
      if (std::chrono::steady_clock::now() > end) return false;
      io_.run_for(10ms);
      io_.restart();
    }
    return true;
  }
  bool was_sent(const Bytes& frame) const {
    return std::find(from_kernel_.begin(), from_kernel_.end(), frame) != from_kernel_.end();
  }

  boost::asio::io_context io_;
  std::vector<Bytes> from_kernel_;
  std::unique_ptr<KernelInterface> tap_;

 private:
  int home_ = -1;
  int socket_ = -1;
};

TEST_F(KernelInterfaceTest, HasThePortsMacMtuAndAddressesAndIsUp) {
  EXPECT_EQ(make({"192.0.2.2/24", "198.51.100.2/28"}, 9000).name(), "lk-tap0");
  EXPECT_EQ(std::memcmp(ask(SIOCGIFHWADDR).ifr_hwaddr.sa_data, kPortMac.octets.addr_bytes, 6), 0);
  EXPECT_EQ(ask(SIOCGIFMTU).ifr_mtu, 9000);
  EXPECT_TRUE(ask(SIOCGIFFLAGS).ifr_flags & IFF_UP);
  EXPECT_TRUE(ask(SIOCGIFFLAGS).ifr_flags & IFF_RUNNING);
  EXPECT_EQ(addresses(), (std::set<std::string>{"192.0.2.2/24", "198.51.100.2/28"})) << "and no IPv6";
}

TEST_F(KernelInterfaceTest, HasIpv6AddressesAtOnceAndTheLinkLocalOfItsMac) {
  make({"192.0.2.2/24", "2001:db8:1::2/64"});
  EXPECT_EQ(addresses(), (std::set<std::string>{"192.0.2.2/24", "2001:db8:1::2/64", "fe80::ff:fe00:100/64"}));
  const int udp = socket(AF_INET6, SOCK_DGRAM, 0);
  sockaddr_in6 own{};
  own.sin6_family = AF_INET6;
  inet_pton(AF_INET6, "2001:db8:1::2", &own.sin6_addr);
  EXPECT_EQ(bind(udp, reinterpret_cast<sockaddr*>(&own), sizeof own), 0) << "not in use yet";
  close(udp);
}

TEST_F(KernelInterfaceTest, WhatTheKernelSendsComesOut) {
  make({"192.0.2.2/24"});
  const int udp = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(9);
  inet_pton(AF_INET, "192.0.2.7", &peer.sin_addr);
  EXPECT_EQ(sendto(udp, "x", 1, 0, reinterpret_cast<sockaddr*>(&peer), sizeof peer), 1);
  close(udp);
  const ArpFrame padded = make_arp_request(kPortMac, to_be32(ip("192.0.2.2")), to_be32(ip("192.0.2.7")));
  const Bytes request(padded.begin(), padded.begin() + 42);
  EXPECT_TRUE(run_until([&] { return was_sent(request); })) << "it asks who has 192.0.2.7";
  EXPECT_EQ(tap_->counters().from_kernel, from_kernel_.size());
}

TEST_F(KernelInterfaceTest, TheKernelGetsWhatIsWritten) {
  make({"192.0.2.2/24"});
  const int listener = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(0x88b5));  // for experiments
  sockaddr_ll at{};
  at.sll_family = AF_PACKET;
  at.sll_protocol = htons(0x88b5);
  at.sll_ifindex = static_cast<int>(if_nametoindex("lk-tap0"));
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
  Bytes frame(60, 0x5a);
  std::copy_n(kPortMac.octets.addr_bytes, 6, frame.begin());
  std::copy_n(kPeerMac.octets.addr_bytes, 6, frame.begin() + 6);
  frame[12] = 0x88;
  frame[13] = 0xb5;
  tap_->write(frame);
  Bytes got(100);
  pollfd waiting{listener, POLLIN, 0};
  EXPECT_EQ(poll(&waiting, 1, 2000), 1);
  EXPECT_EQ(recv(listener, got.data(), got.size(), 0), 60);
  got.resize(60);
  EXPECT_EQ(got, frame);
  EXPECT_EQ(tap_->counters().to_kernel, 1u);
  close(listener);
}

TEST_F(KernelInterfaceTest, TheKernelLearnsFromAReply) {
  make({"192.0.2.2/24"});
  const int udp = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(9);
  inet_pton(AF_INET, "192.0.2.7", &peer.sin_addr);
  EXPECT_EQ(sendto(udp, "x", 1, 0, reinterpret_cast<sockaddr*>(&peer), sizeof peer), 1);
  close(udp);
  ASSERT_TRUE(run_until([&] { return !from_kernel_.empty(); }));
  const auto request = make_arp_request(kPortMac, to_be32(ip("192.0.2.2")), to_be32(ip("192.0.2.7")));
  tap_->write(make_arp_reply(*parse_arp(request), kPeerMac));
  EXPECT_TRUE(run_until([&] {
    return std::any_of(from_kernel_.begin(), from_kernel_.end(), [](const Bytes& frame) {
      return std::equal(frame.begin(), frame.begin() + 6, kPeerMac.octets.addr_bytes);
    });
  })) << "the datagram, to the MAC address it was told";
}

TEST_F(KernelInterfaceTest, WhatTheKernelDoesNotTakeIsCounted) {
  make({"192.0.2.2/24"});
  tap_->write(Bytes(5, 0));  // shorter than an Ethernet header
  EXPECT_EQ(tap_->counters().to_kernel, 0u);
  EXPECT_EQ(tap_->counters().lost, 1u);
}

TEST_F(KernelInterfaceTest, FiftyThousandFramesASecondAtMostGoToTheKernel) {
  make({"192.0.2.2/24"});
  const Bytes frame(60, 0x5a);
  const auto started = std::chrono::steady_clock::now();
  for (unsigned i = 0; i < 3 * KernelInterface::kBurst; ++i) tap_->write(frame);
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - started;
  const auto& counters = tap_->counters();
  EXPECT_EQ(counters.to_kernel + counters.lost, 3u * KernelInterface::kBurst);
  EXPECT_GE(counters.to_kernel, KernelInterface::kBurst);
  EXPECT_LE(static_cast<double>(counters.to_kernel),
            KernelInterface::kBurst + (passed.count() + 0.002) * KernelInterface::kRate);
}

TEST_F(KernelInterfaceTest, IsGoneAtTheEnd) {
  make({"192.0.2.2/24"});
  EXPECT_TRUE(exists());
  tap_.reset();
  EXPECT_FALSE(exists());
  io_.run_for(10ms);
}

TEST_F(KernelInterfaceTest, ThatItWasDeletedIsNoticedOnce) {
  make({"192.0.2.2/24"});
  ASSERT_EQ(std::system("ip link delete lk-tap0"), 0);
  io_.run_for(200ms);
  EXPECT_TRUE(io_.stopped()) << "nothing is waited for any more";
  tap_->write(Bytes(60, 0));
  EXPECT_EQ(tap_->counters().lost, 1u);
}

TEST_F(KernelInterfaceTest, ANameInUseIsRefused) {
  make({"192.0.2.2/24"});
  EXPECT_EQ(refusal("lk-tap0"),
            "port 'lan': can't make the kernel interface 'lk-tap0': there is an interface of that name: set "
            "kernel_interface to another name, or remove the interface (`ip link delete lk-tap0`)");
  EXPECT_NE(refusal("lo").find("there is an interface of that name"), std::string::npos);
  EXPECT_TRUE(exists());
}

TEST_F(KernelInterfaceTest, ANameThatNoInterfaceCanHaveIsRefused) {
  EXPECT_NE(refusal("sixteen-letters1").find("a name has at most 15 characters"), std::string::npos);
  for (const char* name : {"tap%d", "a/b", "a b", "a:1", "..", ""}) {
    EXPECT_NE(refusal(name).find("that can't be the name of an interface"), std::string::npos) << name;
  }
}

TEST_F(KernelInterfaceTest, AnAddressTheKernelRefusesIsNamed) {
  const std::string twice = "192.0.2.2/24";
  try {
    make({twice, twice});
    FAIL() << "not refused";
  } catch (const StartError& error) {
    EXPECT_NE(std::string(error.what()).find("the kernel refuses the address 192.0.2.2/24"),
              std::string::npos)
        << error.what();
  }
  EXPECT_FALSE(exists());
}

}  // namespace
}  // namespace turnout::kernel_interface_test
