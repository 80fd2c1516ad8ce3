// A director on a workbench: the real worker, forwarder, snapshots and control, with the test at the other
// end of its ports' cables and in charge of control's clock. After every pass of the worker its books are
// checked.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "control/director.h"
#include "control/table_memory.h"
#include "test/packet/test_ports.h"

namespace turnout {

inline constexpr const char* kFrontMac = "02:00:00:00:01:00";
inline constexpr const char* kBackMac = "02:00:00:00:01:01";
inline const std::string& port_mac(size_t port) {
  static const std::string macs[kTestPorts] = {kFrontMac, kBackMac};
  return macs[port];
}

/// A frame that left by a port.
struct Sent {
  size_t port;
  Bytes frame;
  bool operator==(const Sent&) const = default;
};
void PrintTo(const Sent& sent, std::ostream* out);

struct RigOptions {
  std::array<uint16_t, kTestPorts> mtus{1500, 1500};
  uint64_t ticks_per_second = 0;  // of the worker's clock; 0: it stands still
  IdlePolicy idle = IdlePolicy::poll;
  std::string ports =  // JSON, as in the file
      R"({ "name": "front", "device": "test0", "addresses": ["192.0.2.2/24"] },
         { "name": "back", "device": "test1", "addresses": ["198.51.100.2/24"] })";
};

/// Two ports, "front" 192.0.2.2/24 and "back" 198.51.100.2/24, and these services (JSON, as in the file).
/// `more`: further members of the file.
Config config_with(const std::string& services, const std::string& ports = RigOptions().ports,
                   const std::string& more = "");

class Rig {
 public:
  explicit Rig(Config config, const RigOptions& options = {});
  ~Rig();  ///< fails the test if the books don't balance to the octet or a packet buffer is lost

  void put(size_t port, const Bytes& frame, Arrival how = {});
  void poll();                                     ///< one pass of the worker
  void rest() { worker_.rest(); }                  ///< after a pass that found nothing
  void poll_all();                                 ///< until no frame waits to be received
  void tick(std::chrono::milliseconds step = {});  ///< control's upkeep, `step` later
  std::vector<Sent> take();                        ///< what has left since it was last asked

  /// Puts a frame, lets the worker handle it, and takes what left because of it; control doesn't act yet.
  std::vector<Sent> pass(size_t port, const Bytes& frame, Arrival how = {});
  /// Lets control act on what was punted, at the same moment, and takes what it sends.
  std::vector<Sent> answers();
  /// Lets so much time pass that all announcements are made; what leaves meanwhile is thrown away.
  void settle();
  /// Lets time pass for the buckets of limits, for which it stands still otherwise.
  void wait(LimitTime time) { statistics_.limit_state().clock.advance(time); }

  Director::Applied apply(Config next) {
    return director_.apply(std::move(next), false, time_, {"test", {}});
  }
  Director::Applied replace(const ServiceConfig& next) {
    return director_.replace(next, time_, {"test", {}});
  }

  uint64_t drops(DropReason reason) const { return totals().drops[static_cast<size_t>(reason)]; }
  uint64_t punts(PuntKind kind) const { return totals().punts[static_cast<size_t>(kind)]; }
  PacketTotals totals() const { return statistics_.packets(); }
  const Statistics& statistics() const { return statistics_; }
  const Director& director() const { return director_; }
  Director& director() { return director_; }
  const Wire& wire() const { return wire_; }
  rte_ring* from_control() const { return wire_.from_control(); }

 private:
  struct Traffic {
    uint64_t frames = 0;
    uint64_t octets = 0;
    void add(const Bytes& frame) {
      ++frames;
      octets += frame.size();
    }
  };
  void check_books() const;
  uint64_t frames_put() const { return put_[kFront].frames + put_[kBack].frames; }
  void check_octets() const;

  TestPorts& ports_ = TestPorts::instance();
  unsigned buffers_before_ = ports_.buffers_in_use();  // what an earlier test lost is not this one's fault
  Traffic put_[kTestPorts], taken_[kTestPorts];
  TickClock clock_;
  std::chrono::milliseconds time_{1000};
  TableMemory memory_;
  TableMemory memory6_;
  ConnectionTable table_;
  WideConnectionTable table6_;
  ConnectionTables tables_{table_, table6_};
  Statistics statistics_{1};
  SnapshotSlot snapshots_{1};
  Wire wire_;
  Director director_;
  Worker worker_;
};

}  // namespace turnout
