// Names of a small world, so that tests ask no resolver.
#pragma once

#include <map>
#include <string>

#include "control/cli/ipvsadm/names.h"

namespace turnout::cli::ipvsadm {

class FakeNames : public Names {
 public:
  std::optional<Address> address_of(const std::string& host) const override {
    if (host == "www.example.com") return boost::asio::ip::make_address("192.0.2.100");
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address_v4(host, error);
    return error ? std::nullopt : std::optional<Address>(address);
  }
  std::optional<std::string> host_of(const Address& address) const override {
    const std::map<std::string, std::string> hosts = {
        {"192.0.2.100", "www.example.com"},
        {"192.0.2.13", "a-real-server-with-a-long-name.example.com"},
        {"2001:db8::100", "www6.example.com"}};
    const auto found = hosts.find(address.to_string());
    return found == hosts.end() ? std::nullopt : std::optional<std::string>(found->second);
  }
  std::optional<uint16_t> port_of(const std::string& service, const std::string& protocol) const override {
    if (service == "http" && protocol == "tcp") return uint16_t{80};
    if (service == "http-alt" && protocol == "tcp") return uint16_t{8080};
    if (service == "domain" && protocol == "udp") return uint16_t{53};
    return std::nullopt;
  }
  std::optional<std::string> service_of(uint16_t port, const std::string& protocol) const override {
    if (port == 80 && protocol == "tcp") return "http";
    if (port == 53 && protocol == "udp") return "domain";
    return std::nullopt;
  }
};

}  // namespace turnout::cli::ipvsadm
