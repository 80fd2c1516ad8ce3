// NeighborTable's answer to who says that a known neighbour is elsewhere.
#include <algorithm>

#include "control/neighbor_table.h"

namespace turnout {

/// `rival` says that it has the neighbour's address.
void NeighborTable::challenge(const NeighborKey& key, Entry& entry, const MacAddress& rival,
                              Evidence evidence, Time now) {
  const bool answered = evidence == Evidence::answer;
  if (entry.neighbor.rival) note_rival(entry.neighbor, rival, answered, now);
  if (entry.verification) {
    Verification& verification = *entry.verification;
    if (verification.rival == rival) {
      verification.rival_answered |= answered;
    } else if (answered && !verification.by_answer && !verification.rival_answered) {
      // A flood of claims must not keep out the one that was asked for by broadcast and is there. Once only,
      // or a flood of forged answers would put off the end for ever.
      verification = {.rival = rival, .by_answer = true, .next = now, .unicast_before = unicast_};
      schedule(key, entry);
    }
    return;
  }
  if (now < entry.may_verify) return;
  entry.verification =
      Verification{.rival = rival, .by_answer = answered, .next = now, .unicast_before = unicast_};
  schedule(key, entry);
}

unsigned NeighborTable::verify(const NeighborKey& key, Entry& entry, Time now) {
  Verification& verification = *entry.verification;
  if (verification.tries == kVerifyTries && unicast_ - verification.unicast_before > kCrowd) {
    verification.tries = 0;
    verification.unicast_before = unicast_;
  }
  if (verification.tries == kVerifyTries) {
    end_verification(key, entry, now);
    return 0;
  }
  const bool is_last = ++verification.tries == kVerifyTries;
  verification.next = now + std::max(timings_.verify_interval, Time(1));
  schedule(key, entry);
  const MacAddress rival = verification.rival;
  question(entry, entry.neighbor.mac);
  if (!entry.verification) return 1;
  question(entry, rival);
  // Neither: then where is it?
  if (!is_last || !entry.verification || entry.verification->rival_answered) return 2;
  question(entry, std::nullopt);
  return 3;
}

/// The old one has not answered.
void NeighborTable::end_verification(const NeighborKey& key, Entry& entry, Time now) {
  const Verification verification = *entry.verification;
  entry.verification.reset();
  if (!verification.rival_answered) {
    entry.may_verify = now + timings_.verify_rest;
    return schedule(key, entry);
  }
  entry.neighbor.rival.reset();
  become_known(key, entry, verification.rival, now);
}

/// The old one has answered.
void NeighborTable::stay(const NeighborKey& key, Entry& entry, Time now) {
  Neighbor& neighbor = entry.neighbor;
  const Verification verification = *entry.verification;
  entry.verification.reset();
  entry.may_verify = now + timings_.verify_rest;
  const bool is_new = !neighbor.rival;
  if (is_new) {
    neighbor.rival = Rival{.mac = verification.rival, .since = now};
    entry.next_rival_check = now + timings_.rival_check;
    note_rival(neighbor, verification.rival, verification.rival_answered, now);
  }
  schedule(key, entry);
  if (is_new && callbacks_.contested) callbacks_.contested(neighbor);
}

/// Of several, the one that answers is kept.
void NeighborTable::note_rival(Neighbor& neighbor, const MacAddress& mac, bool answered, Time now) {
  Rival& rival = *neighbor.rival;
  rival.last = now;
  ++rival.claims;
  if (rival.mac != mac) {
    rival.others = true;
    if (rival.answers || !answered) return;
    rival.mac = mac;
  }
  rival.answers |= answered;
}

/// Is it still there? It may keep quiet but for an answer.
unsigned NeighborTable::look_after_rival(const NeighborKey& key, Entry& entry, Time now) {
  Neighbor& neighbor = entry.neighbor;
  if (neighbor.rival->last + timings_.rival_quiet <= now) {
    if (callbacks_.settled) callbacks_.settled(neighbor);
    neighbor.rival.reset();
    schedule(key, entry);
    return 0;
  }
  const MacAddress rival = neighbor.rival->mac;
  const Time next = std::min(now + timings_.rival_check, neighbor.rival->last + timings_.rival_quiet);
  entry.next_rival_check = std::max(next, now + Time(1));
  schedule(key, entry);
  question(entry, rival);
  return 1;
}

}  // namespace turnout
