// Which packets a capture wants. Control makes it anew for each snapshot, from the names that the operator
// gave: so its numbers always are that snapshot's.
#pragma once

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "dataplane/capture_view.h"
#include "dataplane/scheduler.h"
#include "dataplane/verdict.h"

namespace turnout {

/// What became of a packet, as a capture tells it.
enum class CaptureFate : uint8_t {
  transmitted,  // to a real server
  punted,       // to the control thread
  dropped,
  originated,  // control's own: probes, answers, announcements, and what the kernel sends
  count
};
inline constexpr size_t kCaptureFates = static_cast<size_t>(CaptureFate::count);
inline constexpr std::array<std::string_view, kCaptureFates> kCaptureFateNames = {"transmitted", "punted",
                                                                                  "dropped", "originated"};
static_assert(!kCaptureFateNames.back().empty(), "each has its name");
constexpr std::string_view name_of(CaptureFate fate) {
  return kCaptureFateNames[static_cast<size_t>(fate)];
}

/// Addresses with the same beginning. IPv4: mapped ones, with 96 bits more.
struct CapturePrefix {
  Address6 address;    // nothing set beyond its bits
  uint8_t bits = 128;  // 0 to 128
  bool contains(const Address6& other) const { return mask_client(other, bits) == address; }
};

/// A packet, its fate, and what the forwarder knew of it.
struct CaptureSight {
  CaptureFate fate;
  DropReason reason;  // of a dropped one
  uint32_t server;    // slot; kNobody if there is none, or it isn't known
};

/// Each criterion that is given has to hold; of several values of one, any.
struct CaptureFilter {
  std::bitset<kCaptureFates> fates;
  std::bitset<kDropReasons> reasons;  // of those that were dropped
  bool by_service = false;
  std::vector<uint16_t> services;       // indexes, rising; a group's members' too
  std::vector<uint32_t> service_slots;  // of those services' servers, which no other service's packets go
                                        // to, rising
  bool by_server = false;
  std::vector<uint32_t> servers;       // slots, rising
  std::vector<CapturePrefix> clients;  // empty: all

  /// All that can be said before the packet is looked at. A slot is one service's server: so whose packet was
  /// sent to it is known by that, of a fragment as well, which has no ports.
  bool may_want(const CaptureSight& sight) const {
    if (!fates.test(static_cast<size_t>(sight.fate))) return false;
    if (sight.fate == CaptureFate::dropped && !reasons.test(static_cast<size_t>(sight.reason))) return false;
    if (by_service && sight.fate == CaptureFate::transmitted && sight.server != kNobody &&
        !is_of_services(sight.server))
      return false;
    return !by_server || std::binary_search(servers.begin(), servers.end(), sight.server);
  }
  /// And all that can be said at a glance. Of packets of other clients, which nearly all are, nothing else
  /// has to be read.
  bool may_want(CaptureFate fate, Frame frame) const {
    if (clients.empty() || fate == CaptureFate::originated) return true;
    const std::optional<Address6> client = client_at_a_glance(frame);
    return !client || is_of_clients(*client);
  }
  bool looks_inside() const { return by_service || !clients.empty(); }

  /// The rest, of a packet that it may want. `service`: index, 0 for none.
  bool wants(const CaptureSight& sight, const CaptureView& view, uint16_t service) const {
    return wants_service(sight, service) && wants_client(sight, view);
  }

 private:
  bool wants_service(const CaptureSight& sight, uint16_t service) const {
    if (!by_service) return true;
    if (std::binary_search(services.begin(), services.end(), service)) return service != 0;
    return sight.server != kNobody && is_of_services(sight.server);
  }
  bool is_of_services(uint32_t slot) const {
    return std::binary_search(service_slots.begin(), service_slots.end(), slot);
  }
  /// A frame of control's own is the client's if it goes there.
  bool wants_client(const CaptureSight& sight, const CaptureView& view) const {
    if (clients.empty()) return true;
    if (!view.has_ends) return false;
    return is_of_clients(sight.fate == CaptureFate::originated ? view.destination : view.client);
  }
  bool is_of_clients(const Address6& address) const {
    return std::any_of(clients.begin(), clients.end(),
                       [&](const CapturePrefix& prefix) { return prefix.contains(address); });
  }
};

}  // namespace turnout
