#include "dataplane/counters.h"

#include <sys/mman.h>

#include <new>

namespace turnout {

namespace {
constexpr size_t kServerBytes = kMaxServers * sizeof(ServerCounters);
}

void WorkerCounters::Unmap::operator()(ServerCounters* servers) const {
  munmap(servers, kServerBytes);
}

WorkerCounters::WorkerCounters() {
  void* memory =
      mmap(nullptr, kServerBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  madvise(memory, kServerBytes,
          MADV_HUGEPAGE);  // with many servers, a page of 4 KiB for 64 of them is a TLB miss each
  servers_.reset(static_cast<ServerCounters*>(memory));  // zero pages are counters at zero
}

}  // namespace turnout
