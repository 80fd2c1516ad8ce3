// HOST[:PORT] as ipvsadm reads it and writes it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "control/cli/ipvsadm/command.h"
#include "control/cli/ipvsadm/names.h"

namespace turnout::cli::ipvsadm {

struct Endpoint {
  Address address;
  bool has_port = false;
  uint16_t port = 0;
  uint16_t last_port = 0;  // of a range such as 8000-8099, else 0

  bool operator==(const Endpoint&) const = default;
};

/// "192.0.2.100:80", "[2001:db8::100]:http", "www.example.com", "2001:db8::100". Nothing if it is none of
/// these, or a name stands for nothing. `protocol` is whose names of ports are meant.
std::optional<Endpoint> parse_endpoint(const std::string& text, const std::string& protocol,
                                       const Names& names);

/// The other way round; without `names`, in numbers. IPv6 is in brackets, as is the name of an IPv6 host.
std::string write_endpoint(const ServiceId& endpoint, const Names* names);

}  // namespace turnout::cli::ipvsadm
