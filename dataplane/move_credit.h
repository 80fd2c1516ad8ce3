// How many buckets a worker may look at in order to make room for a new connection. Nearly every connection
// finds a free slot at once, and earns the right to a longer search for one that doesn't. So a table that
// fills is filled well, and a flood that meets a full one doesn't make each of its packets search it.
#pragma once

#include <algorithm>

#include "dataplane/connection_table.h"

namespace turnout {

class MoveCredit {
 public:
  unsigned available() const { return std::min(credit_, ConnectionTable::kMoveBudget); }

  /// A connection has found a free slot.
  void earn() { credit_ = std::min(credit_ + kEarned, kMost); }
  void settle(const InsertedConnection& inserted) {
    if (!inserted.crowded) return earn();
    // Where somebody had to give way all the same, there is little room to be found.
    const unsigned price = inserted.displaced_count > 0 ? kPriceInVain : 1;
    credit_ -= std::min(credit_, price * inserted.looked_at);
  }

 private:
  static constexpr unsigned kEarned =
      8;  // at 0.9 full, a search looks at some tens of buckets, and few need one
  static constexpr unsigned kPriceInVain = 8;
  static constexpr unsigned kMost = 512 * ConnectionTable::kMoveBudget;  // some 20 ms of a worker's time
  unsigned credit_ = kMost;
};

}  // namespace turnout
