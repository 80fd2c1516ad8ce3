#include "control/http_prober.h"

#include <utility>

namespace turnout {

HttpProber::HttpProber(boost::asio::io_context& io, ProbeConnector& connector)
    : io_(io), connector_(connector), tls_(boost::asio::ssl::context::tls_client), checks_(connector.most()) {
  tls_.set_verify_mode(boost::asio::ssl::verify_none);
}

void HttpProber::start(const ProbeTarget& target, const HealthConfig& health, Done done) {
  const auto ended = [this, done = std::move(done)](const std::shared_ptr<HttpCheck>& check,
                                                    ProbeResult result) {
    checks_.remove(check);
    done(std::move(result));
  };
  const auto check =
      std::make_shared<HttpCheck>(HttpCheck::Means{io_, connector_, tls_}, target, health, ended);
  check->start();
  checks_.add(check);
}

bool HttpProber::on_frame(size_t port, std::span<const uint8_t> frame) {
  return connector_.on_frame(port, frame);
}

}  // namespace turnout
