#include "control/kernel_interface.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>

#include "control/eal.h"
#include "control/interface_setup.h"
#include "control/log.h"

namespace turnout {
namespace {

constexpr const char* kTunDevice = "/dev/net/tun";
constexpr int kFramesATurn = 32;  // others wait for the control thread too
constexpr size_t kLongestHeader = sizeof(rte_ether_hdr) + sizeof(rte_vlan_hdr);

TokenBucket::Time now() {
  return std::chrono::duration_cast<TokenBucket::Time>(std::chrono::steady_clock::now().time_since_epoch());
}

[[noreturn]] void fail(const PortConfig& port, const std::string& reason, const std::string& remedy) {
  throw StartError("port '" + port.name + "': can't make the kernel interface '" + port.kernel_interface +
                   "': " + reason + ": " + remedy);
}

/// As the kernel takes it for an interface (dev_valid_name), but for "%", which it would replace by a number.
void check_name(const PortConfig& port) {
  const std::string& name = port.kernel_interface;
  const char* remedy = "set kernel_interface to another name";
  if (name.size() >= IFNAMSIZ) {
    fail(port, "a name has at most " + std::to_string(IFNAMSIZ - 1) + " characters", remedy);
  }
  if (name.empty() || name == "." || name == ".." || name.find_first_of("/:% \t\n\v\f\r") != name.npos) {
    fail(port, "that can't be the name of an interface", remedy);
  }
}

int open_tap(const PortConfig& port) {
  check_name(port);
  const int tap = ::open(kTunDevice, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (tap < 0) {
    fail(port, std::string(kTunDevice) + ": " + std::generic_category().message(errno),
         errno == EACCES || errno == EPERM ? "run turnoutd as root, or remove kernel_interface"
                                           : "load the kernel's module (`modprobe tun`)");
  }
  ifreq request{};
  port.kernel_interface.copy(request.ifr_name, IFNAMSIZ - 1);
  // Exclusive: a TAP of that name that is there already would be taken over, whoever uses it.
  request.ifr_flags = static_cast<short>(IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL);
  if (::ioctl(tap, TUNSETIFF, &request) == 0) return tap;
  const int error = errno;
  ::close(tap);
  if (error == EBUSY) {
    fail(port, "there is an interface of that name",
         "set kernel_interface to another name, or remove the interface (`ip link delete " +
             port.kernel_interface + "`)");
  }
  fail(port, std::generic_category().message(error),
       error == EPERM ? "run turnoutd as root or with CAP_NET_ADMIN, or remove kernel_interface"
                      : "set kernel_interface to another name");
}

/// The sysctls are not worth a refusal: in a container they may be read-only.
void set_ipv6(const PortConfig& port, InterfaceSetup& setup) {
  const bool wanted =
      std::ranges::any_of(port.addresses, [](const InterfaceAddress& own) { return own.address.is_v6(); });
  try {
    if (wanted) {
      setup.set_ipv6("disable_ipv6", "0");   // whatever new interfaces get
      setup.set_ipv6("addr_gen_mode", "0");  // EUI-64: the link-local address that the director answers for
    } else {
      setup.set_ipv6("disable_ipv6", "1");
    }
  } catch (const std::system_error& error) {
    log_warning("port '" + port.name + "': kernel interface '" + port.kernel_interface +
                "': " + error.what());
  }
}

void set_up(const PortConfig& port, const MacAddress& mac, uint16_t mtu) {
  try {
    InterfaceSetup setup(port.kernel_interface);
    setup.set_mac(mac);
    setup.set_mtu(mtu);
    set_ipv6(port, setup);
    for (const InterfaceAddress& own : port.addresses) setup.add_address(own);
    setup.set_up();
  } catch (const std::system_error& error) {
    fail(port, std::string("the kernel refuses ") + error.what(),
         "check the port's addresses and mtu, and that the kernel has IPv6 if it has such addresses");
  }
}

}  // namespace

KernelInterface::KernelInterface(boost::asio::io_context& io, const PortConfig& port, const MacAddress& mac,
                                 uint16_t mtu, FromKernel from_kernel)
    : name_(port.kernel_interface),
      from_kernel_(std::move(from_kernel)),
      tap_(io, open_tap(port)),
      buffer_(mtu + kLongestHeader + 1) {  // one more than the longest frame: what fills it is too long
  set_up(port, mac, mtu);
  await();
}

void KernelInterface::write(std::span<const uint8_t> frame) {
  const bool taken = to_limit_.take(now()) && ::write(tap_.native_handle(), frame.data(), frame.size()) >= 0;
  ++(taken ? counters_.to_kernel : counters_.lost);
}

void KernelInterface::await() {
  tap_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                  [this](const boost::system::error_code& error) {
                    if (!error) read();
                  });
}

void KernelInterface::read() {
  for (int frames = 0; frames < kFramesATurn && read_one(); ++frames) {
  }
  if (tap_.is_open()) await();
}

/// False if there is nothing to read.
bool KernelInterface::read_one() {
  const ssize_t length = ::read(tap_.native_handle(), buffer_.data(), buffer_.size());
  if (length < 0) {
    if (errno == EAGAIN || errno == EINTR) return false;
    // Somebody deleted it. What can be read is an error from now on, at once and again and again.
    log_error("kernel interface '" + name_ + "' is gone (" + std::generic_category().message(errno) +
              "): restart turnoutd to have it again");
    tap_.close();
    return false;
  }
  const auto size = static_cast<size_t>(length);
  if (size < buffer_.size() && from_limit_.take(now())) {
    ++counters_.from_kernel;
    from_kernel_({buffer_.data(), size});
  } else {
    ++counters_.lost;
  }
  return true;
}

}  // namespace turnout
