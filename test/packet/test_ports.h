// The two ports that every packet test uses: DPDK's net_ring, so what a test puts into a ring arrives at the
// port, and what the port sends lies in another ring.
#pragma once

#include <memory>
#include <vector>

#include <rte_ring.h>

#include "control/device.h"
#include "dataplane/worker.h"
#include "test/support/frames.h"

namespace turnout {

inline constexpr size_t kFront = 0, kBack = 1,
                        kTestPorts = 2;  // indexes of ports, as the configurations name them

/// How a driver hands a frame over.
struct Arrival {
  uint64_t offload_flags = 0;  // rte_mbuf's ol_flags
  size_t split_at = 0;         // the frame lies in two buffers, the second from here on; 0: in one
  uint16_t headroom = 0;       // octets of room before the frame
};

class TestPorts {
 public:
  TestPorts();
  ~TestPorts();
  TestPorts(const TestPorts&) = delete;
  TestPorts& operator=(const TestPorts&) = delete;

  static TestPorts& instance();  ///< the one that main() made, once EAL was up

  /// False if the queue has no room, or there is no buffer.
  bool put(size_t port, const Bytes& frame, Arrival how = {});
  std::vector<Bytes> take(size_t port);  ///< all that was sent

  unsigned arriving(size_t port) const { return rte_ring_count(ports_[port].arrives.get()); }
  unsigned sent(size_t port) const { return rte_ring_count(ports_[port].leaves.get()); }
  WorkerQueues queues() const;
  unsigned buffers_in_use() const { return rte_mempool_in_use_count(pool_.get()); }

  static constexpr unsigned kQueueRoom = 1023;  // frames: a ring of 1024 leaves one slot empty

 private:
  struct RingFree {
    void operator()(rte_ring* ring) const { rte_ring_free(ring); }
  };
  struct Port {
    std::unique_ptr<rte_ring, RingFree> arrives, leaves;
    uint16_t device = 0;
  };

  rte_mbuf* make_packet(const uint8_t* data, size_t size, uint16_t headroom);
  void start_device(Port& port, size_t number);

  Mempool pool_;
  Port ports_[kTestPorts];
};

}  // namespace turnout
