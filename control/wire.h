// Control's way to the network: frames that workers punt come up one ring, what control sends goes down
// another.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include <rte_ring.h>

#include "control/device.h"
#include "dataplane/verdict.h"

namespace turnout {

/// Control thread only, but for the rings' other ends, which are the workers'.
class Wire {
 public:
  /// Throws StartError if memory is short.
  Wire();
  ~Wire() { discard(); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  rte_ring* to_control() const { return to_control_.get(); }
  rte_ring* from_control() const { return from_control_.get(); }

  /// Hands a frame to worker 0, to be sent on a port (index). False if it could not: the frame is lost, and
  /// counted.
  bool send(size_t port, std::span<const uint8_t> frame);

  /// Takes up to `most` punted frames: take(kind, ingress port's index, frame). Returns their number. A frame
  /// lies in one piece; what a driver scattered over several buffers is longer than any frame that control
  /// answers and left out.
  unsigned receive(unsigned most,
                   const std::function<void(PuntKind, size_t, std::span<const uint8_t>)>& take);

  uint64_t lost() const { return lost_; }

  /// Frees what waits in both rings. The workers must have stopped, the devices whose buffers these are must
  /// not be closed.
  void discard();

 private:
  struct RingFree {
    void operator()(rte_ring* ring) const { rte_ring_free(ring); }
  };
  using Ring = std::unique_ptr<rte_ring, RingFree>;
  static Ring make_ring(const char* name, unsigned flags);

  Mempool pool_;
  Ring to_control_;
  Ring from_control_;
  uint64_t lost_ = 0;
};

}  // namespace turnout
