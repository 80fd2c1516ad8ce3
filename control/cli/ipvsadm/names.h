// Names of hosts and services, and what they stand for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "control/cli/ipvsadm/command.h"

namespace turnout::cli::ipvsadm {

class Names {
 public:
  virtual ~Names() = default;
  virtual std::optional<Address> address_of(const std::string& host) const = 0;  ///< IPv4, as ipvsadm's
  virtual std::optional<std::string> host_of(const Address& address) const = 0;
  /// `protocol` is "tcp", "udp" or "sctp".
  virtual std::optional<uint16_t> port_of(const std::string& service, const std::string& protocol) const = 0;
  virtual std::optional<std::string> service_of(uint16_t port, const std::string& protocol) const = 0;
};

/// As this host resolves them: its hosts file, DNS, /etc/services.
class SystemNames : public Names {
 public:
  std::optional<Address> address_of(const std::string& host) const override;
  std::optional<std::string> host_of(const Address& address) const override;
  std::optional<uint16_t> port_of(const std::string& service, const std::string& protocol) const override;
  std::optional<std::string> service_of(uint16_t port, const std::string& protocol) const override;
};

}  // namespace turnout::cli::ipvsadm
