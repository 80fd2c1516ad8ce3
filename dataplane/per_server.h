// One of something for each server slot, for each service index, or for each of other numbers.
#pragma once

#include <cstddef>

#include "dataplane/bounds.h"

namespace turnout {

void* map_memory(size_t bytes);  ///< zeroed, in huge pages if there are any; throws std::bad_alloc
void unmap_memory(void* memory, size_t bytes);

/// In memory that is used as far as it is touched, zero at first.
template <typename Counters, size_t kCount>
class PerNumber {
 public:
  PerNumber() : first_(static_cast<Counters*>(map_memory(kBytes))) {}
  ~PerNumber() { unmap_memory(first_, kBytes); }
  PerNumber(const PerNumber&) = delete;
  PerNumber& operator=(const PerNumber&) = delete;
  Counters* first() const { return first_; }

 private:
  static constexpr size_t kBytes = kCount * sizeof(Counters);
  Counters* first_;
};

template <typename Counters>
using PerServer = PerNumber<Counters, kMaxServers>;
template <typename Counters>
using PerService = PerNumber<Counters, kMaxServices>;

}  // namespace turnout
