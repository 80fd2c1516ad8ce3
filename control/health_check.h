// One real server of one service, as the health monitor sees it. Control thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "control/config.h"
#include "control/health_state.h"
#include "control/probe_packets.h"

namespace turnout {

/// What the service says of the checks of all its servers.
struct HealthRules {
  ServiceKey service;
  ServiceKey listener;  // what of it is checked
  HealthConfig health;
  std::chrono::milliseconds slow_start{};

  uint16_t checked_port() const { return health.port != 0 ? health.port : listener.port; }
};

/// What the server's own address said to the same question, asked while the VIP fails: it tells a server that
/// lacks the VIP from one that is dead.
enum class SecondOpinion : uint8_t { none, silent, refuses, answers };

/// What a check that failed points to.
enum class HealthCause : uint8_t {
  unknown,
  unreachable,      // nor does it answer ARP or Neighbor Discovery
  lacks_vip,        // it lives, and what is for the VIP gets no answer
  listens_on_own,   // it serves its own address and refuses the VIP
  service_stopped,  // it refuses both
  silent,           // neither address answers
  wrong_answer,     // it answers, but not as it should
};
const char* to_string(HealthCause cause);

struct HealthCheck {
  using Time = HealthState::Time;

  std::shared_ptr<const HealthRules> rules;
  IpAddress server;
  std::optional<MacAddress> fixed_mac;
  size_t port = 0;          // index of the port it is reached by
  IpAddress source;         // the director's own address on it
  uint16_t generation = 0;  // of its slot

  HealthState state;
  HealthCause cause = HealthCause::unknown;
  SecondOpinion second_opinion = SecondOpinion::none;

  uint64_t serial = 0;  // of its one valid event
  bool is_asked = false;
  Time begun{};      // of the present check: when its MAC address was first looked for
  MacAddress mac;    // whom the present check was sent to
  ProbeFlow flow;    // of the present check, and …
  ProbeFlow second;  // … of the second opinion; a protocol of 0: none was asked for
  bool second_waits = false;
  Time answered_after{};  // of the latest that passed

  HealthCheck(bool presumed_up, Time now) : state(presumed_up, now) {}
};

/// The latest check got no answer in time …
ProbeResult words_for_silence(const HealthCheck& check, bool answers_arp);
/// … or this one. `elsewhere`: the real server whose MAC address it came from, if that is another one.
ProbeResult words_for_answer(const HealthCheck& check, const ProbeAnswer& answer,
                             const std::optional<IpAddress>& elsewhere);
/// What a prober found, with what else is known of the server.
ProbeResult words_for_result(const HealthCheck& check, const ProbeResult& result, bool answers_arp,
                             const std::optional<IpAddress>& elsewhere);
/// Its MAC address is not known.
ProbeResult words_for_unresolved(const HealthCheck& check);

/// What a result points to, with what the server's own address said.
HealthCause cause_of(const ProbeResult& result, SecondOpinion second_opinion);

/// It has just gone down, or up.
void report_down(const HealthCheck& check);
void report_up(const HealthCheck& check);

}  // namespace turnout
