// What a service is limited to, and the state that its limits need: shared by all workers, since RSS spreads
// a client's connections over them, and in memory that is fixed when the daemon starts.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "dataplane/address6.h"
#include "dataplane/bounds.h"
#include "dataplane/client_counts.h"
#include "dataplane/client_rates.h"
#include "dataplane/connection_key.h"
#include "dataplane/rate_limit.h"
#include "dataplane/verdict.h"

namespace turnout {

/// In the order in which they are asked: the narrowest first, so that whom one client's connections are
/// refused to costs nobody else a token. The last one is asked of every packet, the others of those that
/// begin a connection.
enum class Limit : uint8_t {
  client_connections,
  client_rate,
  client_prefix_rate,
  service_connection_rate,
  service_packet_rate,
  count
};
inline constexpr size_t kLimits = static_cast<size_t>(Limit::count);

constexpr DropReason drop_reason_of(Limit limit) {
  constexpr std::array<DropReason, kLimits> kReasons = {
      DropReason::client_connections, DropReason::client_rate, DropReason::client_prefix_rate,
      DropReason::service_connection_rate, DropReason::service_packet_rate};
  return kReasons[static_cast<size_t>(limit)];
}
constexpr std::string_view name_of(Limit limit) {
  return name_of(drop_reason_of(limit));
}

/// Of one service, and all members of a group together. What is not limited is 0.
struct ServiceLimits {
  RateLimit connections;            // new ones of all clients
  RateLimit packets;                // to all its real servers
  RateLimit client;                 // new connections of one address …
  RateLimit prefix;                 // … and of all addresses in a prefix
  uint32_t client_connections = 0;  // that one address may have open
  uint32_t packet_batch = 1;        // tokens that a worker takes at once
  uint8_t prefix4 = 32;             // leading bits of a client's address
  uint8_t prefix6 = 128;
  bool observe = false;  // what is over is counted, and let pass

  bool limits_connections() const { return connections || client || prefix || client_connections != 0; }
  bool is_any() const { return limits_connections() || packets; }
};

/// Whose bucket it is.
enum class LimitScope : uint8_t { client, prefix };

/// An address among those that limits go by: IPv4's are mapped.
inline Address6 limited_client(rte_be32_t client) {
  return mapped_address6(client);
}

/// Written and read by all workers, read and put right by control.
class Limits {
 public:
  struct Setup {
    LimitClock clock = LimitClock::stopped(kLimitSecond);
    uint64_t seed = 0x5EED;  // random: nobody outside can choose clients that share a cell
    uint64_t cells = 65536;
  };

  Limits() : Limits(Setup()) {}
  explicit Limits(const Setup& setup)
      : clock(setup.clock), rates(setup.cells), counts(setup.cells), seed_(setup.seed) {}

  /// For one that is as large and puts clients where this one does, and whose time stands still now.
  Setup copy_setup() const { return {LimitClock::stopped(clock.now()), seed_.addend, counts.width()}; }

  /// `own`: the service's own index, Service::own. Of a prefix the other bits of `client` are 0.
  uint64_t hash(const Address6& client, uint16_t own, LimitScope scope) const {
    return hash_of(WideKey{client, uint64_t{own} << 8 | static_cast<uint8_t>(scope)}, seed_);
  }

  SharedBucket& connections_of(uint16_t own) { return services_.first()[own].connections; }
  const SharedBucket& connections_of(uint16_t own) const { return services_.first()[own].connections; }
  SharedBucket& packets_of(uint16_t own) { return services_.first()[own].packets; }
  const SharedBucket& packets_of(uint16_t own) const { return services_.first()[own].packets; }

  LimitClock clock;
  ClientRates rates;
  ClientCounts counts;

 private:
  struct alignas(64) Buckets {
    SharedBucket connections;
    SharedBucket packets;
  };

  HashSeed seed_;
  PerService<Buckets> services_;
};

}  // namespace turnout
