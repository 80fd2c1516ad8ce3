// What the connection table knows of a connection: the 64-bit value beside its key, and how packets move it
// on.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/bounds.h"
#include "dataplane/tick.h"

namespace turnout {

/// The first three are states of a slot under change; the others are those of a connection, named as LVS
/// names them.
enum class ConnectionState : uint8_t {
  free,     // nobody's; the key beside it means nothing
  claimed,  // one thread is about to enter a flow; nobody else may touch the slot
  moving,   // valid, and being copied to the flow's other bucket; must not be changed meanwhile
  syn_recv,
  established,
  fin_wait,
  close,
  udp,
  template_new,   // a persistence template: which server a client has. Nobody has answered it yet …
  template_kept,  // … or it has a connection. `last seen` of both is when they end
  count
};
inline constexpr size_t kConnectionStates = static_cast<size_t>(ConnectionState::count);

constexpr bool is_template(ConnectionState state) {
  return state >= ConnectionState::template_new;
}
constexpr bool is_live(ConnectionState state) {
  return state >= ConnectionState::syn_recv;
}
/// LVS's ActiveConn: established TCP, and UDP as long as it is remembered. The other live ones are its
/// InActConn.
constexpr bool is_active(ConnectionState state) {
  return state == ConnectionState::established || state == ConnectionState::udp;
}
/// Idle seconds after which an entry is forgotten, by state. Written by control, read by all.
struct Timeouts {
  static constexpr uint32_t kNever = INT32_MAX;  // of slots under change; no age is above it

  constexpr Timeouts() : Timeouts(60, 900, 120, 10, 300) {}
  constexpr Timeouts(uint32_t syn_recv, uint32_t established, uint32_t fin_wait, uint32_t close, uint32_t udp)
      : seconds{kNever, kNever, kNever, syn_recv, established, fin_wait, close, udp, 0, 0} {}
  uint32_t of(ConnectionState state) const { return seconds[static_cast<size_t>(state)]; }

  std::array<uint32_t, kConnectionStates> seconds;
};

/// What a packet says of its connection's state, the strongest first as LVS reads the flags: RST, SYN, FIN,
/// ACK. An ICMP error is about a connection and goes where it goes, but anybody can forge one: it says
/// nothing.
enum class PacketEvent : uint8_t { datagram, ack, fin, syn, rst, icmp_error, count };
inline constexpr size_t kPacketEvents = static_cast<size_t>(PacketEvent::count);

/// server slot:20 | generation:10 | version:8 | state:4 | last seen:22
///
/// The version counts the owners that a slot has had. A reader that sees the same version before and after it
/// read the key knows that key and value belong together.
class ConnectionValue {
 public:
  ConnectionValue() = default;
  explicit constexpr ConnectionValue(uint64_t bits) : bits_(bits) {}
  static constexpr ConnectionValue make(uint32_t server, uint32_t generation, ConnectionState state,
                                        Tick seen) {
    return ConnectionValue(uint64_t{server} << 44 |
                           uint64_t{generation & kGenerationMask} << kGenerationShift |
                           uint64_t{static_cast<uint8_t>(state)} << kTickBits | (seen & kTickMask));
  }

  /// Of a slot that is being claimed for a flow: instead of server and time it shows what the flow's hash is.
  static constexpr ConnectionValue claim(uint64_t hash, uint8_t version) {
    return ConnectionValue(hash).with_version(version).with_state(ConnectionState::claimed);
  }

  constexpr uint64_t bits() const { return bits_; }
  constexpr uint32_t server() const { return static_cast<uint32_t>(bits_ >> 44); }
  constexpr uint32_t generation() const {
    return static_cast<uint32_t>(bits_ >> kGenerationShift) & kGenerationMask;
  }
  constexpr uint8_t version() const { return static_cast<uint8_t>(bits_ >> 26); }
  constexpr ConnectionState state() const { return static_cast<ConnectionState>(bits_ >> kTickBits & 0xF); }
  constexpr uint32_t seen() const { return static_cast<uint32_t>(bits_) & kTickMask; }

  constexpr ConnectionValue with_state(ConnectionState state) const {
    return ConnectionValue((bits_ & ~kStateMask) | uint64_t{static_cast<uint8_t>(state)} << kTickBits);
  }
  constexpr ConnectionValue with_seen(Tick now) const {
    return ConnectionValue((bits_ & ~uint64_t{kTickMask}) | (now & kTickMask));
  }
  constexpr ConnectionValue with_version(uint8_t version) const {
    return ConnectionValue((bits_ & ~kVersionMask) | uint64_t{version} << 26);
  }

  constexpr bool live() const { return is_live(state()); }
  constexpr bool present() const { return state() >= ConnectionState::moving; }  // a reader may use it
  bool expired(Tick now, const Timeouts& timeouts) const {                       // is live, and past its time
    return distance_of(seen(), now) > static_cast<int32_t>(timeouts.of(state()));
  }

  friend constexpr bool operator==(ConnectionValue, ConnectionValue) = default;

  static constexpr uint32_t kGenerationMask = 0x3FF;
  static constexpr unsigned kGenerationShift = 34;
  static constexpr uint64_t kGenerationBits = uint64_t{kGenerationMask} << kGenerationShift;
  static constexpr uint64_t kStateMask = uint64_t{0xF} << kTickBits;
  static constexpr uint64_t kVersionMask = uint64_t{0xFF} << 26;

 private:
  uint64_t bits_ = 0;
};
static_assert(kMaxServers == 1u << 20 && kTickBits == 22, "the fields fill 64 bits");

/// What nearly every packet finds: the connection in the state that such packets leave it in, seen within
/// this second already, and its server still the one that it was given to. Nothing is to be written then.
/// Made once for each burst.
class SettledValues {
 public:
  /// `epoch`: what a server's stamp has above its generation, of at most 30 bits, if the server is there and
  /// may keep its connections.
  constexpr SettledValues(Tick now, uint32_t epoch) {
    wanted_.fill(kNever);
    want(PacketEvent::datagram, ConnectionState::udp, now, epoch);
    want(PacketEvent::ack, ConnectionState::established, now, epoch);
  }
  /// `stamp`: that of the NextHop at the value's slot.
  constexpr bool holds(ConnectionValue value, PacketEvent event, uint32_t stamp) const {
    return (value.bits() & kAsked) ==
           (wanted_[static_cast<size_t>(event)] ^ uint64_t{stamp} << ConnectionValue::kGenerationShift);
  }

 private:
  static constexpr uint64_t kAsked =
      ConnectionValue::kStateMask | kTickMask | ConnectionValue::kGenerationBits;
  static constexpr uint64_t kNever = UINT64_MAX;  // no value has that under the mask

  constexpr void want(PacketEvent event, ConnectionState state, Tick now, uint32_t epoch) {
    wanted_[static_cast<size_t>(event)] = ConnectionValue::make(0, 0, state, now).bits() ^
                                          uint64_t { epoch } << ConnectionValue::kGenerationShift;
  }
  std::array<uint64_t, kPacketEvents> wanted_;
};

/// By FIN (1), SYN (2) and RST (4), the strongest counts. Looked up: what comes next in a mixture of packets
/// can't be predicted.
inline constexpr std::array kEventsOfTcpFlags = {PacketEvent::ack, PacketEvent::fin, PacketEvent::syn,
                                                 PacketEvent::syn, PacketEvent::rst, PacketEvent::rst,
                                                 PacketEvent::rst, PacketEvent::rst};
constexpr PacketEvent event_of_tcp_flags(uint8_t flags) {
  return kEventsOfTcpFlags[flags & 7];
}

/// The state after a packet, seen from the client's side only: what LVS's INPUT_ONLY table comes to when
/// TIME_WAIT, CLOSE_WAIT and the like are folded into FIN_WAIT and CLOSE. `free` stands for "no entry yet".
constexpr ConnectionState next_state(ConnectionState now, PacketEvent event) {
  using enum ConnectionState;
  switch (event) {
    case PacketEvent::datagram:
      return udp;
    case PacketEvent::rst:
      return close;
    case PacketEvent::syn:
      return now == established ? established : syn_recv;
    case PacketEvent::fin:
      return now == free || now == close ? close : fin_wait;
    case PacketEvent::ack:
      return now == fin_wait || now == close ? now : established;
    case PacketEvent::icmp_error:
    case PacketEvent::count:
      break;
  }
  return now;
}

/// A SYN on a connection that was closed starts another one with the same addresses and ports.
constexpr bool starts_anew(ConnectionState now, PacketEvent event) {
  return event == PacketEvent::syn && (now == ConnectionState::fin_wait || now == ConnectionState::close);
}

}  // namespace turnout
