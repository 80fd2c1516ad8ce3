// A DPDK port: found by name, set up, started, and stopped again.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "control/config.h"
#include "control/queue_plan.h"

namespace turnout {

struct MempoolFree {
  void operator()(rte_mempool* pool) const { rte_mempool_free(pool); }
};
using Mempool = std::unique_ptr<rte_mempool, MempoolFree>;

/// `room`: bytes of a buffer, RTE_PKTMBUF_HEADROOM and all. Throws StartError if memory is short.
Mempool make_packet_pool(const std::string& name, uint32_t packets,
                         uint16_t room = RTE_MBUF_DEFAULT_BUF_SIZE);

/// What a port's device offers. Throws StartError if it is not there, with what `eal_args` say of it.
PortQueues find_device(const PortConfig& port, const std::vector<std::string>& eal_args);

struct LinkStatus {
  bool up = false;
  uint32_t megabits = 0;  // per second; 0: unknown
};

struct DeviceErrors {
  uint64_t missed = 0;     // the NIC had no room in the receive queue
  uint64_t errors = 0;     // damaged frames
  uint64_t no_buffer = 0;  // no packet buffer left
};

class Device {
 public:
  struct Setup {
    uint16_t device;  // DPDK's port id
    uint16_t receive_queues;
    uint16_t transmit_queues;
    uint32_t buffers;  // 0: what the queues need
    unsigned workers;
    uint32_t waiting;  // packets that may wait between workers
    bool multicast;    // IPv6 is spoken: neighbour solicitations come to groups
  };

  /// Configures and starts the port, with RSS over addresses and ports if it has several queues. Throws
  /// StartError.
  Device(const PortConfig& port, const Setup& setup);
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  uint16_t id() const { return id_; }
  const MacAddress& mac() const { return mac_; }
  const std::string& driver() const { return driver_; }
  uint16_t receive_queues() const { return receive_queues_; }
  uint16_t transmit_queues() const { return transmit_queues_; }
  bool rss() const { return rss_; }
  /// net_pcap's infinite_rx: a load to measure with, captured on some other station. There is no one else on
  /// its "wire".
  bool plays_capture() const { return plays_capture_; }
  uint16_t mtu() const;
  LinkStatus link() const;
  DeviceErrors errors() const;

 private:
  void configure(const PortConfig& port, const Setup& setup);
  void set_mtu(const PortConfig& port);
  void set_up_af_packet(const PortConfig& port, const std::string& devargs);
  void join_multicast(const PortConfig& port);
  void set_up_queues(const PortConfig& port, const Setup& setup);

  uint16_t id_;
  uint16_t receive_queues_;
  uint16_t transmit_queues_;
  uint16_t receive_descriptors_ = 1024;
  uint16_t transmit_descriptors_ = 1024;
  bool rss_ = false;
  bool plays_capture_ = false;
  uint16_t mtu_ = 0;           // of a driver that doesn't know; 0: it does
  uint32_t least_buffer_ = 0;  // bytes that the driver wants a packet buffer to hold
  MacAddress mac_;
  std::string driver_;
  Mempool pool_;
};

}  // namespace turnout
