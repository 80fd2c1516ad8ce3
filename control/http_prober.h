// Health checks of type http and https: a GET to the VIP on a real server, and what became of it.
//
// HTTP and TLS are libraries' (Boost.Beast, OpenSSL), TCP is the kernel's (ProbeTunnel). Certificates are not
// looked at: a check asks whether the service answers, and a certificate is for the name that clients use,
// issued and renewed by those who watch over that. A TLS handshake takes about a millisecond of the control
// thread's time.
//
// A connection ends with RST as soon as the check knows: in the middle of a long page, and without TLS's
// close_notify. Control thread only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>

#include "control/check_set.h"
#include "control/http_check.h"
#include "control/prober.h"

namespace turnout {

class HttpProber : public Prober {
 public:
  /// Both must outlast it. Those that it has not told the result when it ends are never told.
  HttpProber(boost::asio::io_context& io, ProbeConnector& connector);

  /// For health.type http or https. Beyond connector.most() at once, checks wait; their time runs meanwhile.
  void start(const ProbeTarget& target, const HealthConfig& health, Done done) override;
  bool on_frame(size_t port, std::span<const uint8_t> frame) override;

 private:
  boost::asio::io_context& io_;
  ProbeConnector& connector_;
  boost::asio::ssl::context tls_;
  CheckSet<HttpCheck> checks_;
};

}  // namespace turnout
