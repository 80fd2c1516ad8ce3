// The book of conflicts: which other machine says that it has a VIP, or an address of the director's own,
// how, and since when. Reads no clock. Control thread only.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/address_claim.h"
#include "control/mac_owners.h"

namespace turnout {

/// One address, claimed by one MAC.
struct VipConflict {
  using Time = std::chrono::milliseconds;

  struct Heard {
    uint64_t count = 0;  // since the conflict began
    Time last{};
  };

  IpAddress ip;
  MacAddress mac;
  bool is_vip = true;             // else the director's own
  std::optional<MacOwner> owner;  // of the MAC
  size_t port = 0;                // where it was last heard
  std::array<Heard, kClaimKinds> heard{};
  Time last{};  // of any kind
  std::optional<Time> cleared{};
  unsigned silent_probes = 0;  // since anything was heard
  Time next_probe{};
  Time next_log{};

  const Heard& of(ClaimKind how) const { return heard[static_cast<size_t>(how)]; }
  bool was(ClaimKind how) const { return of(how).count > 0; }
  uint64_t count() const;
  bool lasts() const { return !cleared; }
};

class VipConflicts {
 public:
  using Time = VipConflict::Time;
  using Key = std::pair<IpAddress, uint64_t>;  // address, MAC as a number

  /// So many are kept, those that are over as well. When there is no room, one that is over gives way, or one
  /// that nothing was heard of for kQuiet; to a MAC of a real server's or gateway's also one that is
  /// nobody's. So claims from random MACs fill no memory and hide no thief.
  static constexpr size_t kMost = 256;
  static constexpr Time kQuiet{10'000};
  static constexpr Time kRemembered{3'600'000};  // after it is over

  /// An answer is over after so many probes that brought nothing, if for kHush nothing else came either.
  static constexpr unsigned kSilentProbes = 4;
  static constexpr Time kHush{3'000};

  struct Noted {
    VipConflict& conflict;
    bool is_new;        // the conflict, or the kind of claim
    bool is_named_now;  // whose machine it is was not known before
  };
  /// Nothing if there is no room.
  std::optional<Noted> note(size_t port, const AddressClaim& claim, bool is_vip,
                            const std::optional<MacOwner>& owner, Time now);

  /// Ends what is over: an answered one by probes that found nothing (`probing`), any other when nothing was
  /// heard for `clear`. Returns what ended now. Forgets what ended long ago.
  std::vector<VipConflict> end_what_is_over(bool probing, Time clear, Time now);

  /// Forgets those of addresses for which `is_held` is false.
  template <typename IsHeld>
  void keep_only(IsHeld is_held) {
    std::erase_if(conflicts_, [&](const auto& item) { return !is_held(item.first.first); });
  }

  /// Does another machine answer for it?
  bool is_answered_by_another(const IpAddress& ip) const;

  std::map<Key, VipConflict>& all() { return conflicts_; }
  const std::map<Key, VipConflict>& all() const { return conflicts_; }
  uint64_t without_room() const { return without_room_; }  ///< claims that are in no conflict of the book

 private:
  bool make_room(bool for_known, Time now);

  std::map<Key, VipConflict> conflicts_;  // by address
  uint64_t without_room_ = 0;
  Time full_until_{};  // for MACs that are nobody's
};

}  // namespace turnout
