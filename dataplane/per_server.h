// One of something for each server slot.
#pragma once

#include <cstddef>

#include "dataplane/bounds.h"

namespace turnout {

void* map_memory(size_t bytes);  ///< zeroed, in huge pages if there are any; throws std::bad_alloc
void unmap_memory(void* memory, size_t bytes);

/// In memory that is used as far as it is touched, zero at first.
template <typename Counters>
class PerServer {
 public:
  PerServer() : first_(static_cast<Counters*>(map_memory(kBytes))) {}
  ~PerServer() { unmap_memory(first_, kBytes); }
  PerServer(const PerServer&) = delete;
  PerServer& operator=(const PerServer&) = delete;
  Counters* first() const { return first_; }

 private:
  static constexpr size_t kBytes = kMaxServers * sizeof(Counters);
  Counters* first_;
};

}  // namespace turnout
