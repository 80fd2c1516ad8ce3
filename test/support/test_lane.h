// A lane between two workers, its ring in ordinary memory: no EAL.
#pragma once

#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "dataplane/spreader.h"

namespace turnout {

class TestLane {
 public:
  explicit TestLane(unsigned room = SpreadLane::kRoom) {
    const auto bytes = rte_ring_get_memsize(room + 1);
    ring_.reset(static_cast<rte_ring*>(std::aligned_alloc(64, static_cast<size_t>(bytes))));
    if (!ring_ || rte_ring_init(ring_.get(), "lane", room + 1, RING_F_SP_ENQ | RING_F_SC_DEQ) != 0)
      throw std::bad_alloc();
    lane_ = std::make_unique<SpreadLane>(ring_.get());
  }
  SpreadLane& operator*() const { return *lane_; }
  SpreadLane* operator->() const { return lane_.get(); }

 private:
  struct Free {
    void operator()(rte_ring* ring) const { std::free(ring); }
  };
  std::unique_ptr<rte_ring, Free> ring_;
  std::unique_ptr<SpreadLane> lane_;
};

/// By worker; none for the one that polls.
inline std::vector<SpreadLane*> lanes_to(const std::vector<TestLane>& lanes, unsigned poller) {
  std::vector<SpreadLane*> all;
  for (const TestLane& lane : lanes) all.push_back(&*lane);
  all[poller] = nullptr;
  return all;
}

/// A packet in plain memory.
struct TestPacket {
  explicit TestPacket(std::vector<uint8_t> octets) : frame(std::move(octets)) {
    mbuf->buf_addr = frame.data();
    mbuf->data_len = static_cast<uint16_t>(frame.size());
    mbuf->pkt_len = mbuf->data_len;
    mbuf->nb_segs = 1;
  }
  std::vector<uint8_t> frame;
  std::unique_ptr<rte_mbuf> mbuf = std::make_unique<rte_mbuf>();
};

}  // namespace turnout
