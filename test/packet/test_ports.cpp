#include "test/packet/test_ports.h"

#include <cstring>
#include <stdexcept>
#include <string>

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

namespace turnout {

namespace {

constexpr uint32_t kPackets = 8191;

TestPorts* the_ports = nullptr;

/// Exactly as long as what lies in it, so that the address sanitizer sees who reads on behind a frame's end.
struct ExactBuffer {
  explicit ExactBuffer(size_t size) : octets(std::make_unique<uint8_t[]>(size)) {
    shared.free_cb = [](void*, void* buffer) { delete static_cast<ExactBuffer*>(buffer); };
    shared.fcb_opaque = this;
    shared.refcnt = 1;
  }
  rte_mbuf_ext_shared_info shared{};
  std::unique_ptr<uint8_t[]> octets;
};

void require(bool success, const char* what) {
  if (!success) throw std::runtime_error(std::string("a test port: ") + what);
}

Bytes content_of(const rte_mbuf* packet) {
  Bytes frame;
  for (const rte_mbuf* part = packet; part; part = part->next) {
    const auto* data = rte_pktmbuf_mtod(part, const uint8_t*);
    frame.insert(frame.end(), data, data + part->data_len);
  }
  return frame;
}

}  // namespace

TestPorts& TestPorts::instance() {
  return *the_ports;
}

TestPorts::TestPorts() : pool_(make_packet_pool("test", kPackets)) {
  for (size_t i = 0; i < kTestPorts; ++i) start_device(ports_[i], i);
  the_ports = this;
}

TestPorts::~TestPorts() {
  the_ports = nullptr;
  for (const Port& port : ports_) {
    rte_eth_dev_stop(port.device);
    rte_eth_dev_close(port.device);
  }
}

void TestPorts::start_device(Port& port, size_t number) {
  const auto ring = [number](const char* what) {
    const std::string name = what + std::to_string(number);
    rte_ring* made = rte_ring_create(name.c_str(), kQueueRoom + 1, 0, RING_F_SP_ENQ | RING_F_SC_DEQ);
    require(made, "no ring");
    return made;
  };
  port.arrives.reset(ring("arrives"));
  port.leaves.reset(ring("leaves"));
  rte_ring* const in = port.arrives.get();
  rte_ring* const out = port.leaves.get();
  const int device = rte_eth_from_rings(("test" + std::to_string(number)).c_str(), &in, 1, &out, 1, 0);
  require(device >= 0, "no device");
  port.device = static_cast<uint16_t>(device);
  const rte_eth_conf plain{};
  require(rte_eth_dev_configure(port.device, 1, 1, &plain) == 0, "not configured");
  require(rte_eth_rx_queue_setup(port.device, 0, 1024, 0, nullptr, pool_.get()) == 0, "no receive queue");
  require(rte_eth_tx_queue_setup(port.device, 0, 1024, 0, nullptr) == 0, "no transmit queue");
  require(rte_eth_dev_start(port.device) == 0, "not started");
}

WorkerQueues TestPorts::queues() const {
  WorkerQueues queues;
  for (uint16_t i = 0; i < kTestPorts; ++i) {
    queues.receive.push_back({i, ports_[i].device, 0});
    queues.transmit[i] = {ports_[i].device, 0};
  }
  return queues;
}

rte_mbuf* TestPorts::make_packet(const uint8_t* data, size_t size, uint16_t headroom) {
  rte_mbuf* packet = rte_pktmbuf_alloc(pool_.get());
  if (!packet) return nullptr;
  auto* buffer = new ExactBuffer(headroom + size);  // freed with the packet
  std::memcpy(buffer->octets.get() + headroom, data, size);
  const auto length = static_cast<uint16_t>(size);
  rte_pktmbuf_attach_extbuf(packet, buffer->octets.get(), RTE_BAD_IOVA,
                            static_cast<uint16_t>(headroom + size), &buffer->shared);
  packet->data_off = headroom;
  packet->data_len = length;
  packet->pkt_len = length;
  return packet;
}

bool TestPorts::put(size_t port, const Bytes& frame, Arrival how) {
  const size_t first = how.split_at > 0 ? how.split_at : frame.size();
  rte_mbuf* packet = make_packet(frame.data(), first, how.headroom);
  if (!packet) return false;
  if (first < frame.size()) {
    rte_mbuf* rest = make_packet(frame.data() + first, frame.size() - first, 0);
    if (!rest || rte_pktmbuf_chain(packet, rest) != 0) {
      rte_pktmbuf_free(packet);
      return false;
    }
  }
  packet->ol_flags |= how.offload_flags;
  if (rte_ring_sp_enqueue(ports_[port].arrives.get(), packet) == 0) return true;
  rte_pktmbuf_free(packet);
  return false;
}

std::vector<Bytes> TestPorts::take(size_t port) {
  std::vector<Bytes> frames;
  for (void* entry = nullptr; rte_ring_sc_dequeue(ports_[port].leaves.get(), &entry) == 0;) {
    auto* packet = static_cast<rte_mbuf*>(entry);
    frames.push_back(content_of(packet));
    rte_pktmbuf_free(packet);
  }
  return frames;
}

}  // namespace turnout
