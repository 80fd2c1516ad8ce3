// The schedulers, by ipvsadm's names: which real server a new connection gets.
#pragma once

#include <cstddef>
#include <cstdint>

namespace turnout {

enum class SchedulerKind : uint8_t { mh, rr, wrr, lc, wlc, sh, dh, sed, nq, fo, ovf };
inline constexpr size_t kSchedulerKinds = static_cast<size_t>(SchedulerKind::ovf) + 1;

/// Does it go by the connections that the servers have at the moment?
constexpr bool needs_loads(SchedulerKind kind) {
  using enum SchedulerKind;
  return kind == lc || kind == wlc || kind == sed || kind == nq || kind == ovf;
}
/// Does it look at each server, rather than one up in a table?
constexpr bool compares_servers(SchedulerKind kind) {
  return needs_loads(kind) || kind == SchedulerKind::fo;
}

}  // namespace turnout
