#include "control/device.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>

#include <rte_dev.h>
#include <rte_devargs.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mbuf_pool_ops.h>

#include "control/af_packet.h"
#include "control/eal.h"
#include "control/eal_log.h"
#include "control/log.h"
#include "dataplane/fragment_table.h"

namespace turnout {

namespace {

constexpr uint32_t kPoolCache = 256;     // packets an lcore keeps at hand
constexpr uint32_t kPuntBacklog = 4096;  // that may wait for control

std::string known_devices() {
  std::string names;
  for (uint64_t next = 0; (next = rte_eth_find_next_owned_by(static_cast<uint16_t>(next),
                                                             RTE_ETH_DEV_NO_OWNER)) < RTE_MAX_ETHPORTS;
       ++next) {
    const auto id = static_cast<uint16_t>(next);
    char name[RTE_ETH_NAME_MAX_LEN];
    if (rte_eth_dev_get_name_by_port(id, name) == 0) names += (names.empty() ? "" : ", ") + std::string(name);
  }
  return names.empty() ? "none" : names;
}

std::string describe(const PortConfig& port) {
  return "port '" + port.name + "' (device " + port.device + ")";
}

[[noreturn]] void fail(const PortConfig& port, const std::string& what, int error,
                       const std::string& remedy) {
  const std::string said = recent_dpdk_errors();
  throw StartError(describe(port) + ": " + what + ": " + rte_strerror(error < 0 ? -error : error) +
                   (said.empty() ? "" : " (" + said + ")") + ": " + remedy);
}

rte_eth_dev_info info_of(const PortConfig& port, uint16_t id) {
  rte_eth_dev_info info{};
  if (const int error = rte_eth_dev_info_get(id, &info); error != 0) {
    fail(port, "can't be asked what it offers", error, "check that the device still is there");
  }
  return info;
}

std::string devargs_of(const rte_eth_dev_info& info) {
  const rte_devargs* devargs = info.device ? rte_dev_devargs(info.device) : nullptr;
  return devargs && devargs->args ? devargs->args : "";
}

bool is_driver(const rte_eth_dev_info& info, const char* name) {
  return std::strcmp(info.driver_name, name) == 0;
}

bool is_endless_capture(const rte_eth_dev_info& info) {
  return is_driver(info, "net_pcap") && devargs_of(info).find("infinite_rx=1") != std::string::npos;
}

std::string why_missing(const PortConfig& port, const std::vector<std::string>& eal_args) {
  std::string why;
  for (const std::string& argument : eal_args) {
    if (argument.find(port.device + ",") != std::string::npos) why = "; " + argument + " made none";
  }
  const std::string said = recent_dpdk_errors();
  return said.empty() ? why : why + " (DPDK said: " + said + ")";
}

uint32_t buffers_needed(const Device::Setup& setup, uint32_t receive_descriptors,
                        uint32_t transmit_descriptors) {
  return setup.receive_queues * receive_descriptors + setup.transmit_queues * transmit_descriptors +
         (setup.workers + 1) * (kPoolCache * 2 + uint32_t{kBurst} + uint32_t{FragmentTable::kHeld}) +
         setup.waiting + kPuntBacklog;
}

/// A buffer holds a whole frame, so that none is scattered: what NICs call its size is a multiple of 1 KiB.
uint16_t buffer_room(uint16_t mtu, uint32_t least) {
  constexpr uint32_t kAround = RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN * 2 + RTE_ETHER_CRC_LEN;
  const uint32_t frame = std::max(mtu + kAround, least);
  const uint32_t room = RTE_ALIGN_CEIL(frame, 1024u) + RTE_PKTMBUF_HEADROOM;
  return static_cast<uint16_t>(std::max<uint32_t>(room, RTE_MBUF_DEFAULT_BUF_SIZE));
}

/// As rte_pktmbuf_pool_create() does it, but that buffers may lie across the pages of ordinary memory. Each
/// of them would else get pages of its own, which net_af_xdp's driver doesn't reckon with: it loses the port.
rte_mempool* create_pool(const std::string& name, uint32_t packets, uint16_t room) {
  const unsigned flags = rte_eal_has_hugepages() ? 0 : RTE_MEMPOOL_F_NO_IOVA_CONTIG;
  return rte_mempool_create_empty(name.c_str(), packets, static_cast<unsigned>(sizeof(rte_mbuf)) + room,
                                  kPoolCache, sizeof(rte_pktmbuf_pool_private),
                                  static_cast<int>(rte_socket_id()), flags);
}

bool populate(rte_mempool* pool, uint16_t room) {
  rte_pktmbuf_pool_private about{};
  about.mbuf_data_room_size = room;
  if (rte_mempool_set_ops_byname(pool, rte_mbuf_best_mempool_ops(), nullptr) != 0) return false;
  rte_pktmbuf_pool_init(pool, &about);
  if (rte_mempool_populate_default(pool) < 0) return false;
  rte_mempool_obj_iter(pool, rte_pktmbuf_init, nullptr);
  return true;
}

}  // namespace

Mempool make_packet_pool(const std::string& name, uint32_t packets, uint16_t room) {
  Mempool pool(create_pool(name, packets, room));
  if (!pool || !populate(pool.get(), room)) {
    const uint64_t megabytes = uint64_t{packets} * (room + sizeof(rte_mbuf) + 64) >> 20;
    throw StartError(
        "no memory for " + std::to_string(packets) + " packet buffers (" + std::to_string(megabytes) +
        " MiB): " + rte_strerror(rte_errno) +
        ": set buffers.count lower, or give more memory (`sysctl vm.nr_hugepages=…`, -m in eal.args)");
  }
  return pool;
}

PortQueues find_device(const PortConfig& port, const std::vector<std::string>& eal_args) {
  uint16_t id;
  if (rte_eth_dev_get_port_by_name(port.device.c_str(), &id) != 0) {
    throw StartError(
        describe(port) + ": there is no such device; DPDK has: " + known_devices() +
        why_missing(port, eal_args) +
        ": bind the NIC to a DPDK driver (dpdk-devbind.py -b vfio-pci …), or name a virtual one in "
        "eal.args (--vdev=…)" +
        (geteuid() == 0 ? "" : "; without root, only devices that this user has permission for are found"));
  }
  const rte_eth_dev_info info = info_of(port, id);
  PortQueues queues{port.name, id, info.max_rx_queues, info.max_tx_queues, port.rx_queues, false};
  queues.all_receive = is_driver(info, "net_af_packet");
  queues.spread = port.spread;
  return queues;
}

Device::Device(const PortConfig& port, const Setup& setup)
    : id_(setup.device), receive_queues_(setup.receive_queues), transmit_queues_(setup.transmit_queues) {
  forget_dpdk_errors();
  configure(port, setup);
  const uint32_t needed = buffers_needed(setup, receive_descriptors_, transmit_descriptors_);
  pool_ = make_packet_pool("port-" + port.name.substr(0, 16), setup.buffers > 0 ? setup.buffers : needed,
                           buffer_room(mtu(), least_buffer_));
  set_up_queues(port, setup);
  if (const int error = rte_eth_dev_start(id_); error != 0) {
    fail(port, "does not start", error,
         "check that the interface is up and that nothing else uses the device");
  }
  if (const int error = rte_eth_macaddr_get(id_, &mac_.octets); error != 0) {
    fail(port, "has no MAC address", error, "give it one");
  }
  if (setup.multicast) join_multicast(port);
}

void Device::configure(const PortConfig& port, const Setup& setup) {
  const rte_eth_dev_info info = info_of(port, id_);
  driver_ = info.driver_name;
  plays_capture_ = is_endless_capture(info);
  rte_eth_conf conf{};
  if (setup.receive_queues > 1) {
    constexpr uint64_t kSpread = RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_FRAG_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_TCP |
                                 RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_IPV6 | RTE_ETH_RSS_FRAG_IPV6 |
                                 RTE_ETH_RSS_NONFRAG_IPV6_TCP | RTE_ETH_RSS_NONFRAG_IPV6_UDP |
                                 RTE_ETH_RSS_SCTP;
    conf.rx_adv_conf.rss_conf.rss_hf = kSpread & info.flow_type_rss_offloads;
    rss_ = conf.rx_adv_conf.rss_conf.rss_hf != 0;
    if (rss_) conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
  }
  const bool af_packet = is_driver(info, "net_af_packet");
  if (!af_packet) conf.rxmode.mtu = port.mtu.value_or(0);
  conf.rxmode.offloads = info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_IPV4_CKSUM;
  conf.txmode.offloads = info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
  int error = rte_eth_dev_configure(id_, setup.receive_queues, setup.transmit_queues, &conf);
  if (error == 0)
    error = rte_eth_dev_adjust_nb_rx_tx_desc(id_, &receive_descriptors_, &transmit_descriptors_);
  if (error != 0)
    fail(port, "can't be configured", error,
         port.mtu && (*port.mtu > info.max_mtu || *port.mtu < info.min_mtu)
             ? "its device takes an mtu from " + std::to_string(info.min_mtu) + " to " +
                   std::to_string(info.max_mtu)
             : "see what the driver supports with --log-level debug");
  if (af_packet) {
    set_up_af_packet(port, devargs_of(info));
  } else if (port.mtu) {
    set_mtu(port);
  }
  rte_eth_dev_set_vlan_offload(id_, 0);  // tags stay in the frames; most drivers never take them
}

/// Virtual devices tell the interface that they stand on. Those that have nothing to tell say so.
void Device::set_mtu(const PortConfig& port) {
  const int error = rte_eth_dev_set_mtu(id_, *port.mtu);
  if (error == 0 || error == -ENOTSUP) return;
  fail(port, "does not take an mtu of " + std::to_string(*port.mtu), error, "set mtu lower");
}

void Device::set_up_af_packet(const PortConfig& port, const std::string& devargs) {
  const AfPacketSizes sizes = AfPacketSizes::of(devargs);
  const std::string why_not = port.mtu ? sizes.why_not(*port.mtu) : "";
  if (!why_not.empty())
    throw StartError(describe(port) + ": no mtu of " + std::to_string(*port.mtu) + ": " + why_not);
  mtu_ = port.mtu.value_or(sizes.longest());
  least_buffer_ = sizes.frame;
}

/// Neighbour solicitations come to a group for each address: more than most NICs have filters for.
void Device::join_multicast(const PortConfig& port) {
  if (rte_eth_allmulticast_enable(id_) == 0 || rte_eth_promiscuous_enable(id_) == 0) return;
  log_warning(
      describe(port) +
      ": its driver can't be told to take multicast frames: unless it does so by itself, nobody finds "
      "the IPv6 addresses; let the interface take all (`ip link set … allmulticast on`)");
}

void Device::set_up_queues(const PortConfig& port, const Setup& setup) {
  const auto socket = static_cast<unsigned>(rte_eth_dev_socket_id(id_));
  const char* remedy = "give the device fewer queues (rx_queues), or more buffers (buffers.count)";
  for (uint16_t queue = 0; queue < setup.receive_queues; ++queue) {
    const int error = rte_eth_rx_queue_setup(id_, queue, receive_descriptors_, socket, nullptr, pool_.get());
    if (error != 0) fail(port, "receive queue " + std::to_string(queue) + " can't be set up", error, remedy);
  }
  for (uint16_t queue = 0; queue < setup.transmit_queues; ++queue) {
    const int error = rte_eth_tx_queue_setup(id_, queue, transmit_descriptors_, socket, nullptr);
    if (error != 0) fail(port, "transmit queue " + std::to_string(queue) + " can't be set up", error, remedy);
  }
}

Device::~Device() {
  if (const int error = rte_eth_dev_stop(id_); error != 0) {
    log_warning("port " + std::to_string(id_) + " does not stop: " + rte_strerror(-error));
  }
  rte_eth_dev_close(id_);
}

uint16_t Device::mtu() const {
  if (mtu_ != 0) return mtu_;
  uint16_t mtu = 0;
  return rte_eth_dev_get_mtu(id_, &mtu) == 0 && mtu > 0 ? mtu : uint16_t{RTE_ETHER_MTU};
}

LinkStatus Device::link() const {
  rte_eth_link link{};
  if (rte_eth_link_get_nowait(id_, &link) != 0) return {};
  const bool known = link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN;
  return {link.link_status == RTE_ETH_LINK_UP, known ? link.link_speed : 0};
}

DeviceErrors Device::errors() const {
  rte_eth_stats stats{};
  if (rte_eth_stats_get(id_, &stats) != 0) return {};
  return {stats.imissed, stats.ierrors, stats.rx_nombuf};
}

}  // namespace turnout
