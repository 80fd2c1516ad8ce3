#include "control/interface_setup.h"

#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace turnout {
namespace {

[[noreturn]] void fail(const std::string& what, int error = errno) {
  throw std::system_error(error, std::generic_category(), what);
}

/// An open file or socket.
struct Descriptor {
  explicit Descriptor(int opened) : number(opened) {}
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  const int number;
};

ifreq request_for(const std::string& name) {
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  return request;
}

/// A request of rtnetlink's that adds an address (rtnetlink(7)).
class AddressRequest {
 public:
  AddressRequest(unsigned interface, const InterfaceAddress& own) {
    header().nlmsg_len = NLMSG_LENGTH(sizeof(ifaddrmsg));
    header().nlmsg_type = RTM_NEWADDR;
    header().nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
    ifaddrmsg message{};
    message.ifa_family = own.address.is_v4() ? AF_INET : AF_INET6;
    message.ifa_prefixlen = own.prefix_length;
    message.ifa_index = interface;
    std::memcpy(buffer_.data() + NLMSG_HDRLEN, &message, sizeof message);
    if (own.address.is_v4()) {
      add_address(own.address.to_v4().to_bytes());
    } else {
      add_address(own.address.to_v6().to_bytes());
      add(IFA_FLAGS, uint32_t{IFA_F_NODAD});
    }
  }

  const void* data() const { return buffer_.data(); }
  size_t size() const { return reinterpret_cast<const nlmsghdr*>(buffer_.data())->nlmsg_len; }

 private:
  nlmsghdr& header() { return *reinterpret_cast<nlmsghdr*>(buffer_.data()); }

  template <typename Octets>
  void add_address(const Octets& octets) {
    add(IFA_LOCAL, octets);
    add(IFA_ADDRESS, octets);  // the same where there is no peer
  }
  template <typename Value>
  void add(uint16_t type, const Value& value) {
    rtattr attribute{};
    attribute.rta_len = RTA_LENGTH(sizeof value);
    attribute.rta_type = type;
    uint8_t* at = buffer_.data() + NLMSG_ALIGN(header().nlmsg_len);
    std::memcpy(at, &attribute, sizeof attribute);
    std::memcpy(at + RTA_LENGTH(0), &value, sizeof value);
    header().nlmsg_len = static_cast<uint32_t>(NLMSG_ALIGN(header().nlmsg_len) + attribute.rta_len);
  }

  alignas(nlmsghdr) std::array<uint8_t, 256> buffer_{};  // headers, two addresses and flags take 84 at most
};

/// The kernel's answer: 0, or an error as in errno.
int acknowledgement(int netlink) {
  alignas(nlmsghdr) std::array<uint8_t, 1024> answer{};
  const ssize_t length = ::recv(netlink, answer.data(), answer.size(), 0);
  if (length < 0) return errno;
  if (static_cast<size_t>(length) < NLMSG_LENGTH(sizeof(int))) return EPROTO;
  nlmsghdr header;
  std::memcpy(&header, answer.data(), sizeof header);
  if (header.nlmsg_type != NLMSG_ERROR) return EPROTO;
  int error;
  std::memcpy(&error, answer.data() + NLMSG_HDRLEN, sizeof error);
  return -error;
}

/// rtnetlink's question for the route to an address.
struct RouteRequest {
  nlmsghdr header;
  rtmsg message;
  rtattr attribute;
  Ipv6Octets destination;
};

}  // namespace

InterfaceSetup::InterfaceSetup(std::string name)
    : name_(std::move(name)), socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  if (socket_ < 0) fail("no socket to set it up with");
}

InterfaceSetup::~InterfaceSetup() {
  ::close(socket_);
}

void InterfaceSetup::set_mac(const MacAddress& mac) {
  ifreq request = request_for(name_);
  request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
  std::memcpy(request.ifr_hwaddr.sa_data, mac.octets.addr_bytes, sizeof mac.octets.addr_bytes);
  if (::ioctl(socket_, SIOCSIFHWADDR, &request) != 0) fail("the MAC address " + mac.to_string());
}

void InterfaceSetup::set_mtu(uint16_t mtu) {
  ifreq request = request_for(name_);
  request.ifr_mtu = mtu;
  if (::ioctl(socket_, SIOCSIFMTU, &request) != 0) fail("the MTU " + std::to_string(mtu));
}

void InterfaceSetup::set_queue_length(int packets) {
  ifreq request = request_for(name_);
  request.ifr_qlen = packets;
  if (::ioctl(socket_, SIOCSIFTXQLEN, &request) != 0) fail("a queue of " + std::to_string(packets));
}

void InterfaceSetup::add_address(const InterfaceAddress& own) {
  const std::string what = "the address " + own.to_string();
  const Descriptor netlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (netlink.number < 0) fail(what);
  const AddressRequest request(::if_nametoindex(name_.c_str()), own);
  if (::send(netlink.number, request.data(), request.size(), 0) < 0) fail(what);
  if (const int error = acknowledgement(netlink.number); error != 0) fail(what, error);
}

bool InterfaceSetup::takes_packets_to(const Ipv6Octets& address) {
  const Descriptor netlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (netlink.number < 0) fail("the route to its address");
  RouteRequest request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = RTM_GETROUTE;
  request.header.nlmsg_flags = NLM_F_REQUEST;
  request.message.rtm_family = AF_INET6;
  request.message.rtm_dst_len = 128;
  request.attribute.rta_type = RTA_DST;
  request.attribute.rta_len = RTA_LENGTH(sizeof address);
  request.destination = address;
  if (::send(netlink.number, &request, sizeof request, 0) < 0) fail("the route to its address");

  alignas(nlmsghdr) std::array<uint8_t, 4096> answer{};
  const ssize_t length = ::recv(netlink.number, answer.data(), answer.size(), 0);
  if (length < static_cast<ssize_t>(NLMSG_LENGTH(sizeof(rtmsg)))) return false;
  nlmsghdr header;
  rtmsg route;
  std::memcpy(&header, answer.data(), sizeof header);
  std::memcpy(&route, answer.data() + NLMSG_HDRLEN, sizeof route);
  return header.nlmsg_type == RTM_NEWROUTE && route.rtm_type == RTN_LOCAL;
}

void InterfaceSetup::set_up() {
  ifreq request = request_for(name_);
  if (::ioctl(socket_, SIOCGIFFLAGS, &request) != 0) fail("its flags");
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  if (::ioctl(socket_, SIOCSIFFLAGS, &request) != 0) fail("to be up");
}

void InterfaceSetup::set_ipv6(const std::string& key, const std::string& value) {
  set_sysctl("ipv6", key, value);
}

void InterfaceSetup::set_ipv4(const std::string& key, const std::string& value) {
  set_sysctl("ipv4", key, value);
}

void InterfaceSetup::set_sysctl(const std::string& family, const std::string& key, const std::string& value) {
  const std::string path = "/proc/sys/net/" + family + "/conf/" + name_ + "/" + key;
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.number < 0 && errno == ENOENT) return;
  if (file.number < 0 || ::write(file.number, value.data(), value.size()) < 0) fail(path + "=" + value);
}

}  // namespace turnout
