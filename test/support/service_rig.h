// A configuration's services as two workers forward for them: numbers, snapshot, tables and counters are the
// real ones; packets are in plain memory.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <optional>
#include <string>

#include "control/config_json.h"
#include "control/index_cleaner.h"
#include "control/load_keeper.h"
#include "control/registry.h"
#include "control/snapshot_builder.h"
#include "control/statistics.h"
#include "control/sweeper.h"
#include "dataplane/accounting.h"
#include "dataplane/forwarder.h"
#include "test/support/frames.h"
#include "test/support/frames6.h"
#include "test/support/test_config.h"
#include "test/support/test_table.h"

namespace turnout {

/// A client's end of a flow, and where the flow goes to.
struct Flow {
  std::string client = "203.0.113.7";
  uint16_t client_port = 40000;
  std::string vip = "192.0.2.100";
  uint16_t port = 80;
  bool udp = false;
};

class ServiceRig {
 public:
  static constexpr int kNobody = -1;  // instead of a server: the packet was dropped

  explicit ServiceRig(Config all, uint64_t slots = 4096) : config(std::move(all)), table(slots), wide(slots) {
    config.ports[0].addresses.push_back(parse_interface_address("2001:db8::2/64").value());
    apply();
  }
  explicit ServiceRig(ServiceConfig service, uint64_t slots = 4096)
      : ServiceRig(config_with({std::move(service)}), slots) {}

  /// `config` takes effect, as the director does it.
  void apply() {
    const ConfigErrors errors = check_config(config);
    ASSERT_TRUE(errors.empty()) << errors.front().to_string();
    ASSERT_TRUE(registry.fits(config));
    registry.update(config, ++generation);
    auto next = builder.build(config, registry, resolve(), generation);
    load_keeper.begin(snapshot.get(), *next);
    snapshot = std::move(next);
    for (const Registry::Released& released : registry.reclaim(generation)) {
      statistics.settle(released);
      if (released.slot == Registry::kIndexOnly) cleaner.add(released.service);
    }
  }
  ServiceConfig& service(size_t index = 0) { return config.services[index]; }
  RealServerConfig& server(int number, size_t service_index = 0) {
    for (RealServerConfig& server : service(service_index).real_servers) {
      if (number_of(server.address) == number) return server;
    }
    throw std::logic_error("no such server");
  }
  uint32_t slot(int number, size_t service_index = 0) {
    return registry.service(service(service_index).key)
        .servers.at(server(number, service_index).address)
        .slot;
  }
  ServerTotals totals(int number, size_t service_index = 0) {
    return statistics.server(slot(number, service_index));
  }

  /// The number (last octet of its address) of the server that a packet goes to. `flags`: of TCP.
  int send(const Flow& flow, uint8_t flags = kSyn, unsigned worker = 0) {
    const bool v6 = flow.vip.find(':') != std::string::npos;
    return send_frame(v6 ? frame6(flow, flags) : frame4(flow, flags), worker);
  }
  int send_frame(Bytes frame, unsigned worker = 0) {
    rte_mbuf mbuf{};
    mbuf.buf_addr = frame.data();
    mbuf.buf_len = static_cast<uint16_t>(frame.size());
    mbuf.data_len = static_cast<uint16_t>(frame.size());
    mbuf.pkt_len = mbuf.data_len;
    mbuf.nb_segs = 1;
    Burst burst;
    burst.packets[0] = &mbuf;
    burst.count = 1;
    workers[worker]->process(burst, *snapshot, now, *outcome);
    if (outcome->transmit[0].count == 1) return frame[5];
    if (outcome->drop.count == 1) dropped = outcome->drop.reasons[0];
    return kNobody;
  }

  /// Time passes, and control frees what is past its time.
  void pass(uint32_t seconds) {
    now += seconds;
    const auto free = [this](const auto& key, ConnectionValue expired) {
      note_closed(statistics.control(), *snapshot, expired);
      note_client(statistics.control(), *snapshot, key, expired.state(), ConnectionState::free);
      statistics.control().ipv4_table.expired.add(1);
    };
    table->sweep(0, table->buckets(), now, snapshot->timeouts, free);
    wide->sweep(0, wide->buckets(), now, snapshot->timeouts, free);
  }
  /// Control's upkeep of what changes leave behind.
  void keep_up() {
    for (int i = 0; i < 5; ++i) load_keeper.tick(control_time += LoadKeeper::kPause, *snapshot);
    for (int i = 0; i < 50; ++i) {
      for (const uint16_t index : cleaner.tick(*snapshot)) registry.give_back(index);
    }
  }
  uint64_t templates() const {
    uint64_t count = 0;
    const auto look = [&](const auto&, ConnectionValue value) { count += is_template(value.state()); };
    table.for_each_slot(look);
    wide.for_each_slot(look);
    return count;
  }

  Config config;
  TestTable table;
  WideTestTable wide;
  Registry registry;
  SnapshotBuilder builder{{{mac("02:00:00:00:01:00"), false}}};
  Statistics statistics{2};
  ConnectionTables tables{*table, *wide};
  IndexCleaner cleaner{tables, statistics};
  LoadKeeper load_keeper{statistics};
  LoadKeeper::Time control_time{};
  std::unique_ptr<const Snapshot> snapshot;
  uint64_t generation = 0;
  Tick now = 1000;
  DropReason dropped = DropReason::count;  // the latest
  std::unique_ptr<Forwarder> workers[2] = {
      std::make_unique<Forwarder>(tables, statistics.worker(0), 0, 0x5EED),
      std::make_unique<Forwarder>(tables, statistics.worker(1), 1, 0x5EED)};
  std::unique_ptr<Outcome> outcome = std::make_unique<Outcome>();

 private:
  static int number_of(const IpAddress& address) {
    return address.is_v4() ? address.to_v4().to_bytes()[3] : address.to_v6().to_bytes()[15];
  }
  static ResolveMac resolve() {
    return [](size_t, const IpAddress& address) -> std::optional<MacAddress> {
      MacAddress found;
      const uint8_t octets[6] = {2, 0, 0, 0, 2, static_cast<uint8_t>(number_of(address))};
      std::memcpy(found.octets.addr_bytes, octets, sizeof octets);
      return found;
    };
  }
  template <typename Fields>
  static Fields fields_of(const Flow& flow) {
    Fields fields;
    fields.source = flow.client;
    fields.source_port = flow.client_port;
    fields.destination = flow.vip;
    fields.destination_port = flow.port;
    return fields;
  }
  static Bytes frame4(const Flow& flow, uint8_t flags) {
    const auto fields = fields_of<FrameFields>(flow);
    return flow.udp ? udp_frame(fields, payload(4)) : tcp_frame(fields, flags);
  }
  static Bytes frame6(const Flow& flow, uint8_t flags) {
    const auto fields = fields_of<FrameFields6>(flow);
    return flow.udp ? udp6_frame(fields, payload(4)) : tcp6_frame(fields, flags);
  }
};

}  // namespace turnout
