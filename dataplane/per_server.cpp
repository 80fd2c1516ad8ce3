#include "dataplane/per_server.h"

#include <sys/mman.h>

#include <new>

namespace turnout {

void* map_memory(size_t bytes) {
  constexpr int kPrivate = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, kPrivate, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  madvise(memory, bytes, MADV_HUGEPAGE);  // with many servers, each page of 4 KiB would be a TLB miss
  return memory;
}

void unmap_memory(void* memory, size_t bytes) {
  munmap(memory, bytes);
}

}  // namespace turnout
