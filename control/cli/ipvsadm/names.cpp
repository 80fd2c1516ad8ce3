#include "control/cli/ipvsadm/names.h"

#include <arpa/inet.h>
#include <netdb.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace turnout::cli::ipvsadm {

std::optional<Address> SystemNames::address_of(const std::string& host) const {
  using boost::asio::ip::tcp;
  if (host.empty()) return std::nullopt;  // to the resolver that is this host itself
  boost::asio::io_context io;
  boost::system::error_code error;
  const auto found = tcp::resolver(io).resolve(tcp::v4(), host, "", error);
  if (error || found.empty()) return std::nullopt;
  return found.begin()->endpoint().address();
}

std::optional<std::string> SystemNames::host_of(const Address& address) const {
  const boost::asio::ip::tcp::endpoint endpoint(address, 0);
  std::array<char, NI_MAXHOST> name{};
  if (getnameinfo(endpoint.data(), static_cast<socklen_t>(endpoint.size()), name.data(), name.size(), nullptr,
                  0, NI_NAMEREQD) != 0)
    return std::nullopt;
  return name.data();
}

std::optional<uint16_t> SystemNames::port_of(const std::string& service, const std::string& protocol) const {
  const servent* found = getservbyname(service.c_str(), protocol.c_str());
  if (found == nullptr) return std::nullopt;
  return ntohs(static_cast<uint16_t>(found->s_port));
}

std::optional<std::string> SystemNames::service_of(uint16_t port, const std::string& protocol) const {
  const servent* found = getservbyport(htons(port), protocol.c_str());
  if (found == nullptr) return std::nullopt;
  return found->s_name;
}

}  // namespace turnout::cli::ipvsadm
