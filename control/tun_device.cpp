#include "control/tun_device.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <thread>

#include <rte_byteorder.h>
#include <rte_ether.h>

#include "control/interface_setup.h"
#include "control/log.h"
#include "control/probe_connection.h"

namespace turnout {
namespace {

constexpr const char* kTunFile = "/dev/net/tun";
constexpr const char* kNeedsRights =
    "run turnoutd as root or with CAP_NET_ADMIN, or use health checks of type tcp";
constexpr int kQueueLength = 2000;  // packets: all checks there can be may begin at once
constexpr int kPacketsATurn = 32;   // others wait for the control thread too
constexpr int kTries = 20;          // milliseconds at most
constexpr size_t kHeadroom = sizeof(rte_ether_hdr);

[[noreturn]] void fail(const std::string& reason, const std::string& remedy) {
  throw ProbeFailure("no interface for health checks: " + reason, remedy);
}

std::string in_words(int error) {
  return std::generic_category().message(error);
}

/// Returns an error as in errno, or 0 and the name that it got.
int name_it(int tun, const std::string& wanted, std::string& name) {
  ifreq request{};
  wanted.copy(request.ifr_name, IFNAMSIZ - 1);
  // Exclusive: a TUN of that name that is there already would be taken over, whoever uses it.
  request.ifr_flags = static_cast<short>(IFF_TUN | IFF_NO_PI | IFF_TUN_EXCL);
  if (::ioctl(tun, TUNSETIFF, &request) != 0) return errno;
  name = request.ifr_name;
  return 0;
}

int open_tun(const std::vector<std::string>& names, std::string& name) {
  const int tun = ::open(kTunFile, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (tun < 0) {
    const int error = errno;
    fail(std::string(kTunFile) + ": " + in_words(error),
         error == EACCES || error == EPERM ? kNeedsRights : "load the kernel's module (`modprobe tun`)");
  }
  int error = EBUSY;
  for (auto wanted = names.begin(); wanted != names.end() && error == EBUSY; ++wanted) {
    error = name_it(tun, *wanted, name);
  }
  if (error == 0) return tun;
  ::close(tun);
  fail(names.back() + ": " + in_words(error),
       error == EPERM ? kNeedsRights : "remove interfaces of such names (`ip link`)");
}

/// False, and a warning, if the kernel refuses: in a container sysctls may be read-only, and a kernel may
/// have no IPv6.
template <typename Setting>
bool may_set(const std::string& name, Setting&& setting) {
  try {
    setting();
    return true;
  } catch (const std::system_error& error) {
    log_warning("interface '" + name + "' for health checks: the kernel refuses " + error.what());
    return false;
  }
}

/// The kernel leaves it to a worker of its own to put an IPv6 address into use: the answer to a SYN that is
/// sent before is lost.
void wait_for(const Ipv6Octets& own) {
  for (int tries = 0; tries < kTries && !InterfaceSetup::takes_packets_to(own); ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void set_sysctls(const std::string& name, InterfaceSetup& setup) {
  // Loose, as the higher of this and what holds for all interfaces counts: another turnoutd's interface may
  // have the same addresses.
  may_set(name, [&setup] { setup.set_ipv4("rp_filter", "2"); });
  may_set(name, [&setup] {
    setup.set_ipv6("disable_ipv6", "0");   // whatever new interfaces get
    setup.set_ipv6("addr_gen_mode", "1");  // no link-local address, and nothing sent for one
  });
}

void set_up(const std::string& name, const TunDevice::Setup& wanted) {
  try {
    InterfaceSetup setup(name);
    setup.set_mtu(wanted.mtu);
    setup.set_queue_length(kQueueLength);
    set_sysctls(name, setup);
    std::vector<Ipv6Octets> awaited;
    for (const InterfaceAddress& own : wanted.addresses) {
      if (own.address.is_v4()) {
        setup.add_address(own);
      } else if (may_set(name, [&setup, &own] { setup.add_address(own); })) {
        awaited.push_back(to_octets16(own.address));
      }
    }
    setup.set_up();
    for (const Ipv6Octets& own : awaited) wait_for(own);
  } catch (const std::system_error& error) {
    fail("the kernel refuses '" + name + "' " + error.what(), kNeedsRights);
  }
}

}  // namespace

TunDevice::TunDevice(boost::asio::io_context& io, const Setup& setup, FromKernel from_kernel)
    : from_kernel_(std::move(from_kernel)),
      tun_(io, open_tun(setup.names, name_)),
      buffer_(kHeadroom + setup.mtu + 1) {  // one more than the longest packet: what fills it is too long
  set_up(name_, setup);
  await();
}

bool TunDevice::write(std::span<const uint8_t> packet) {
  return is_open() && ::write(tun_.native_handle(), packet.data(), packet.size()) >= 0;
}

void TunDevice::await() {
  tun_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                  [this, alive = std::weak_ptr(alive_)](const boost::system::error_code& error) {
                    if (!error && !alive.expired()) read();
                  });
}

void TunDevice::read() {
  for (int packets = 0; packets < kPacketsATurn && read_one(); ++packets) {
  }
  if (tun_.is_open()) await();
}

/// False if there is nothing to read.
bool TunDevice::read_one() {
  const ssize_t length = ::read(tun_.native_handle(), buffer_.data() + kHeadroom, buffer_.size() - kHeadroom);
  if (length < 0) {
    if (errno == EAGAIN || errno == EINTR) return false;
    // Somebody deleted it. What can be read is an error from now on, at once and again and again.
    log_error("interface '" + name_ + "' for health checks is gone (" + in_words(errno) +
              "): the next check makes a new one");
    boost::system::error_code ignored;
    tun_.close(ignored);
    return false;
  }
  const size_t size = kHeadroom + static_cast<size_t>(length);
  if (length == 0 || size == buffer_.size()) return true;
  constexpr uint8_t kVersion4 = 4;
  rte_ether_hdr ethernet{};
  ethernet.ether_type =
      buffer_[kHeadroom] >> 4 == kVersion4 ? RTE_BE16(RTE_ETHER_TYPE_IPV4) : RTE_BE16(RTE_ETHER_TYPE_IPV6);
  std::memcpy(buffer_.data(), &ethernet, sizeof ethernet);
  from_kernel_({buffer_.data(), size});
  return true;
}

}  // namespace turnout
