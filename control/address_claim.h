// What another host's ARP or Neighbor Discovery frame says of where an address is.
#pragma once

#include <cstdint>
#include <optional>

#include "control/address.h"

namespace turnout {

/// By which kind of frame a host says that it has an address.
enum class ClaimKind : uint8_t {
  answered,   // a question: ARP reply, solicited neighbour advertisement
  asked,      // as the sender of a question of its own: ARP request, neighbour solicitation
  announced,  // unasked, to all: gratuitous ARP, unsolicited neighbour advertisement
};
inline constexpr size_t kClaimKinds = 3;

struct AddressClaim {
  IpAddress ip;
  std::optional<MacAddress> mac;  // none: where it was before (RFC 4861 4.4)
  bool overrides = true;          // false: a MAC that is known stays (RFC 4861 7.2.5)
  MacAddress sender;              // of the frame
  ClaimKind how = ClaimKind::announced;
  bool to_us = false;  // answered, and sent to the port alone, as what answers the director's questions is
};

}  // namespace turnout
