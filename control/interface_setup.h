// A network interface of the kernel, set up by ioctl and rtnetlink: what `ip link` and `ip address` do.
#pragma once

#include <cstdint>
#include <string>

#include "control/address.h"

namespace turnout {

/// Each throws std::system_error if the kernel refuses; what() says what was asked of it.
class InterfaceSetup {
 public:
  /// `name`: of an interface in this thread's network namespace.
  explicit InterfaceSetup(std::string name);
  ~InterfaceSetup();
  InterfaceSetup(const InterfaceSetup&) = delete;
  InterfaceSetup& operator=(const InterfaceSetup&) = delete;

  void set_mac(const MacAddress& mac);
  void set_mtu(uint16_t mtu);
  /// Packets that may wait for who reads them.
  void set_queue_length(int packets);
  /// IPv6 addresses can be used at once, without a search for duplicates (RFC 4862 5.4).
  void add_address(const InterfaceAddress& own);
  void set_up();
  /// A sysctl below net.ipv6.conf.NAME; nothing if the kernel has no IPv6.
  void set_ipv6(const std::string& key, const std::string& value);
  /// Likewise below net.ipv4.conf.NAME.
  void set_ipv4(const std::string& key, const std::string& value);
  /// Does the kernel take what is for this IPv6 address? It does so only a moment after the address was added
  /// and the interface brought up.
  static bool takes_packets_to(const Ipv6Octets& address);

 private:
  void set_sysctl(const std::string& family, const std::string& key, const std::string& value);

  std::string name_;
  int socket_;
};

}  // namespace turnout
