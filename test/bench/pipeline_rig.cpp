#include "test/bench/pipeline_rig.h"

#include <optional>

#include "control/registry.h"

namespace turnout::bench {

namespace {

constexpr uint64_t kSeed = 12345;
constexpr uint32_t kFirstServer = 0x0AE00000;  // 10.224.0.0

IpAddress address_of(uint32_t number, bool ipv6) {
  if (!ipv6) return from_be32(rte_cpu_to_be_32(number));
  Ipv6Octets octets{0x20, 0x01, 0x0d, 0xb8};
  for (size_t i = 0; i < 4; ++i) octets[12 + i] = static_cast<uint8_t>(number >> (24 - 8 * i));
  return from_octets16(octets);
}

ServiceConfig make_service(uint32_t number, size_t real_servers, bool ipv6) {
  ServiceConfig service;
  service.key = {address_of(vip_of_service(number), ipv6), Protocol::tcp, kServicePort};
  for (size_t i = 0; i < real_servers; ++i) {
    const auto server = static_cast<uint32_t>(number * real_servers + i);
    MacAddress mac{{{2, 1, 0, static_cast<uint8_t>(server >> 16), static_cast<uint8_t>(server >> 8),
                     static_cast<uint8_t>(server)}}};
    service.real_servers.push_back({address_of(kFirstServer + server, ipv6), 1, mac});
  }
  return service;
}

uint64_t capacity_for(uint64_t flows) {
  return flows + flows / 4;
}

}  // namespace

Config make_config(size_t services, size_t real_servers, bool ipv6) {
  Config config;
  PortConfig port;
  port.name = "bench";
  port.addresses = {*parse_interface_address("10.255.0.2/8"), *parse_interface_address("2001:db8::2/64")};
  config.ports.push_back(port);
  for (uint32_t i = 0; i < services; ++i) {
    config.services.push_back(make_service(i, real_servers, false));
    if (ipv6) config.services.push_back(make_service(i, real_servers, true));
  }
  return config;
}

SnapshotBuilder make_builder() {  // a packet comes round again with the address that it was sent to
  return SnapshotBuilder({{*parse_mac("02:00:00:00:00:01"), true}});
}

std::unique_ptr<const Snapshot> build_snapshot(SnapshotBuilder& builder, const Config& config,
                                               const Registry& registry) {
  return builder.build(
      config, registry, [](size_t, const IpAddress&) { return std::nullopt; }, 1);
}

PipelineRig::PipelineRig(const RigShape& shape)
    : shape_(shape),
      capacity_(shape.ipv6 ? kLeastConnections : capacity_for(shape.flows)),
      capacity6_(shape.ipv6 ? capacity_for(shape.flows) : kLeastConnections),
      memory_(allocate(ConnectionTable::bytes_for(capacity_))),
      memory6_(allocate(WideConnectionTable::bytes_for(capacity6_))),
      table_(memory_.get(), capacity_, kSeed),
      table6_(memory6_.get(), capacity6_, kSeed),
      forwarder_({table_, table6_}, counters_, 0, kSeed) {
  const Config config = make_config(shape.services, shape.real_servers, shape.ipv6);
  Registry registry;
  registry.update(config, 1);
  SnapshotBuilder builder = make_builder();
  snapshot_ = build_snapshot(builder, config, registry);
}

void PipelineRig::write_packet(FakePacket& packet, uint64_t flow, uint8_t flags) {
  const auto service = static_cast<uint32_t>(flow % shape_.services);
  (shape_.ipv6 ? write_ipv6 : write_ipv4)(packet, client_of_flow(flow), vip_of_service(service), flags);
}

void PipelineRig::write_random_packets(uint8_t flags) {
  write_packets(flags, [this] { return random_() % shape_.flows; });
}

void PipelineRig::process_all(uint16_t burst) {
  burst_.count = burst;
  const auto packets = packets_.all();
  for (size_t first = 0; first < packets.size(); first += burst) {
    for (size_t i = 0; i < burst; ++i) burst_.packets[i] = &packets[first + i].mbuf;
    forwarder_.process(burst_, *snapshot_, kNow, outcome_);
  }
}

void PipelineRig::establish() {
  for (uint64_t flow = 0; flow < shape_.flows;) {
    write_packets(kAck, [&] { return flow++; });
    process_all();
  }
}

uint64_t PipelineRig::fill_up(uint64_t first, uint8_t flags) {
  constexpr uint64_t kFew = HotPackets::kCount / 200;
  const auto entries = [&] { return counts().inserted.read() - counts().evicted.read(); };
  for (uint64_t before = entries(), found = UINT64_MAX; found > kFew; before = entries()) {
    write_packets(flags, [&] { return first++; });
    process_all();
    found = entries() - before;
  }
  return first;
}

void PipelineRig::clear_table() {
  std::memset(memory_.get(), 0, ConnectionTable::bytes_for(capacity_));
  std::memset(memory6_.get(), 0, WideConnectionTable::bytes_for(capacity6_));
}

namespace {
std::unique_ptr<PipelineRig> established;
}

PipelineRig& established_rig(const RigShape& shape) {
  if (!established || !(established->shape() == shape)) {
    drop_established_rig();
    established = std::make_unique<PipelineRig>(shape);
    established->establish();
  }
  return *established;
}

void drop_established_rig() {
  established.reset();
}

}  // namespace turnout::bench
