// What a check of type http or https asks, and how it puts what it found. Pure functions.
#pragma once

#include <boost/asio/error.hpp>
#include <cstddef>
#include <string>
#include <string_view>

#include "control/config.h"
#include "control/probe_connection.h"
#include "control/prober.h"

namespace turnout {

/// How far a check got.
enum class HttpStage : uint8_t { waiting, connecting, encrypting, asking, reading };

/// The port to connect to.
uint16_t http_port(const ServiceKey& service, const HealthConfig& health);

/// For the Host field (RFC 9110 7.2): the configured host or the VIP, with the port unless it is the type's
/// own or the host says one.
std::string host_field(const ServiceKey& service, const HealthConfig& health);

/// For TLS's Server Name Indication; "" if the host is an address (RFC 6066 3).
std::string server_name(const HealthConfig& health);

/// It was not answered in time. `loss`: of the SYN.
ProbeResult http_silence(HttpStage stage, Loss loss, const ProbeTarget& target, const HealthConfig& health);

/// It broke off.
ProbeResult http_fault(HttpStage stage, const boost::system::error_code& error, const ProbeTarget& target,
                       const HealthConfig& health);

/// `reason`: the server's words for it.
ProbeResult http_status(unsigned status, std::string_view reason, const HealthConfig& health);

/// The page is not as it should be. `size`: octets of it that were read. `error`: if it broke off there.
ProbeResult http_lacks_text(size_t size, const boost::system::error_code& error, const HealthConfig& health);

}  // namespace turnout
