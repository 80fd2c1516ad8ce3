// How a health check that needs a TCP connection comes by one. Control thread only.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>

#include "control/prober.h"

namespace turnout {

/// A check that failed on the director already. what() is the reason.
struct ProbeFailure : std::runtime_error {
  ProbeFailure(const std::string& reason, std::string remedy)
      : std::runtime_error(reason), hint(std::move(remedy)) {}
  std::string hint;
};

/// Where packets were lost, as far as the director can tell.
enum class Loss : uint8_t {
  here,       // the kernel sent none
  beyond,     // none came back
  on_return,  // one came back, and the kernel did not take it
};

/// A socket that is to be connected to a real server.
class ProbeConnection {
 public:
  ProbeConnection(boost::asio::ip::tcp::socket opened, boost::asio::ip::tcp::endpoint remote)
      : socket(std::move(opened)), to(std::move(remote)) {}
  virtual ~ProbeConnection() = default;
  ProbeConnection(const ProbeConnection&) = delete;
  ProbeConnection& operator=(const ProbeConnection&) = delete;

  /// Closes the socket and gives up what else was taken for it. To be called before the connector ends, and
  /// before the connection does: that may be as late as the socket's last handler.
  virtual void close() {
    boost::system::error_code ignored;
    socket.close(ignored);
  }

  /// If it isn't connected in time.
  virtual Loss loss() const { return Loss::beyond; }

  /// Where the latest packet came from, if that is known.
  virtual std::optional<MacAddress> answered_from() const { return std::nullopt; }

  boost::asio::ip::tcp::socket socket;
  boost::asio::ip::tcp::endpoint to;  // what to connect it to
};

class ProbeConnector {
 public:
  /// An ICMP error about the connection.
  using Unreachable = std::function<void(ProbeResult)>;
  virtual ~ProbeConnector() = default;

  /// For a connection to `port` of the target's VIP, over its real server. Throws ProbeFailure. `unreachable`
  /// is called out of on_frame(), until the connection is closed.
  virtual std::unique_ptr<ProbeConnection> open(const ProbeTarget& target, uint16_t port,
                                                Unreachable unreachable) = 0;
  /// Connections that there can be at once.
  virtual size_t most() const = 0;

  /// As Prober's.
  virtual bool on_frame(size_t port, std::span<const uint8_t> frame) = 0;
};

}  // namespace turnout
