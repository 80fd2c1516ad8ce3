// Gives the kernel what is for a port's own addresses: a TAP with the port's MAC address, MTU and addresses,
// so that a routing daemon, sshd or a probe can use the port that DPDK took from the kernel. Control thread
// only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "control/config.h"
#include "control/token_bucket.h"

namespace turnout {

class KernelInterface {
 public:
  using FromKernel = std::function<void(std::span<const uint8_t> frame)>;

  struct Counters {
    uint64_t to_kernel = 0;
    uint64_t from_kernel = 0;
    uint64_t lost = 0;  // over the limit, in either direction, or not taken by the kernel
  };

  /// Frames a second in each direction, and at once: what is sent to the director itself must not keep the
  /// control thread from its work.
  static constexpr uint32_t kRate = 50000;
  static constexpr uint32_t kBurst = 5000;

  /// Makes the interface that `port.kernel_interface` names, with `port.addresses`, and brings it up. Throws
  /// StartError. `from_kernel` is called for each frame that the kernel sends on it, out of `io`.
  KernelInterface(boost::asio::io_context& io, const PortConfig& port, const MacAddress& mac, uint16_t mtu,
                  FromKernel from_kernel);
  KernelInterface(const KernelInterface&) = delete;
  KernelInterface& operator=(const KernelInterface&) = delete;

  /// Hands an untagged frame to the kernel.
  void write(std::span<const uint8_t> frame);

  const std::string& name() const { return name_; }
  const Counters& counters() const { return counters_; }

 private:
  void await();
  void read();
  bool read_one();

  std::string name_;
  FromKernel from_kernel_;
  boost::asio::posix::stream_descriptor tap_;  // the interface is there for as long as this is open
  std::vector<uint8_t> buffer_;
  TokenBucket to_limit_{kRate, kBurst};
  TokenBucket from_limit_{kRate, kBurst};
  Counters counters_;
};

}  // namespace turnout
