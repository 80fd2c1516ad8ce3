// A TUN: an interface of the kernel's on which there is IP and no Ethernet. What the kernel sends on it comes
// to this process, and the other way. Control thread only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "control/address.h"

namespace turnout {

class TunDevice {
 public:
  struct Setup {
    /// The first that no interface has is taken; with "%d" in it, the kernel puts a number there.
    std::vector<std::string> names;
    std::vector<InterfaceAddress> addresses;
    uint16_t mtu = 0;
  };
  /// A packet in a frame: the Ethernet header is there, with the right type; its addresses are to be filled
  /// in.
  using FromKernel = std::function<void(std::span<uint8_t> frame)>;

  /// Makes it and brings it up. Throws ProbeFailure. That the kernel has no IPv6 is no failure, but a warning
  /// if there are such addresses. `from_kernel` is called out of `io`.
  TunDevice(boost::asio::io_context& io, const Setup& setup, FromKernel from_kernel);
  TunDevice(const TunDevice&) = delete;
  TunDevice& operator=(const TunDevice&) = delete;

  /// Hands an IP packet to the kernel. False if it does not take it.
  bool write(std::span<const uint8_t> packet);

  /// False once somebody has deleted it.
  bool is_open() const { return tun_.is_open(); }
  const std::string& name() const { return name_; }

 private:
  void await();
  void read();
  bool read_one();

  std::string name_;
  FromKernel from_kernel_;
  boost::asio::posix::stream_descriptor tun_;  // the interface is there for as long as this is open
  std::vector<uint8_t> buffer_;
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);  // handlers may outlast it
};

}  // namespace turnout
