// Metrics of packets: by port, by what became of them, what control answered, and the kernel's share.
#include "control/metrics_families.h"

namespace turnout {

void add_ports(Families& families, const DaemonView& daemon, const PacketTotals& totals) {
  const auto family = [&](const char* name, const char* help, auto value) {
    MetricFamily& metrics = families.add(name, help, MetricType::Counter);
    for (size_t i = 0; i < daemon.devices.size(); ++i) {
      add_sample(metrics, {{"port", daemon.director.config().ports[i].name}}, number(value(i)));
    }
  };
  const auto& ports = totals.ports;
  family("turnout_port_receive_packets_total", "Frames received.",
         [&](size_t i) { return ports[i].receive_packets; });
  family("turnout_port_receive_bytes_total", "Bytes of the frames received, without FCS.",
         [&](size_t i) { return ports[i].receive_bytes; });
  family("turnout_port_transmit_packets_total", "Frames transmitted, forwarded or originated.",
         [&](size_t i) { return ports[i].transmit_packets; });
  family("turnout_port_transmit_bytes_total", "Bytes of the frames transmitted, without FCS.",
         [&](size_t i) { return ports[i].transmit_bytes; });
  family("turnout_port_receive_missed_total", "Frames that the device had no room for.",
         [&](size_t i) { return daemon.devices[i]->errors().missed; });
  family("turnout_port_receive_errors_total", "Frames that the device found damaged.",
         [&](size_t i) { return daemon.devices[i]->errors().errors; });
  family("turnout_port_receive_no_buffer_total", "Frames lost because no packet buffer was left.",
         [&](size_t i) { return daemon.devices[i]->errors().no_buffer; });
  family("turnout_port_rebalances_total",
         "Times that flows were moved from a saturated worker to an idle one.",
         [&](size_t i) { return daemon.rebalancer->moves(daemon.devices[i]->id()); });
}

void add_packets(Families& families, const PacketTotals& totals) {
  families.add_single("turnout_received_packets_total",
                      "Packets received: as many as were transmitted, punted or dropped.",
                      MetricType::Counter, number(totals.received()));
  families.add_single("turnout_forwarded_packets_total", "Packets received and transmitted to a real server.",
                      MetricType::Counter, number(totals.transmitted()));
  families.add_single("turnout_originated_packets_total",
                      "Frames of the director's own, and of its kernel interfaces.", MetricType::Counter,
                      number(totals.originated));
  families.add_single("turnout_held_fragments", "Fragments that wait for the first of their datagram.",
                      MetricType::Gauge, number(totals.held));
  MetricFamily& drops =
      families.add("turnout_dropped_packets_total", "Packets dropped, by reason.", MetricType::Counter);
  for (size_t i = 0; i < kDropReasons; ++i) {
    add_sample(drops, {{"reason", std::string(kDropReasonNames[i])}}, number(totals.drops[i]));
  }
  MetricFamily& punts = families.add("turnout_punted_packets_total",
                                     "Packets handed to the control thread, by kind.", MetricType::Counter);
  for (size_t i = 0; i < kPuntKinds; ++i) {
    add_sample(punts, {{"kind", std::string(kPuntKindNames[i])}}, number(totals.punts[i]));
  }
}

void add_answers(Families& families, const PuntResponder::Counters& counters) {
  const auto family = [&](const char* name, const char* help,
                          const std::vector<std::pair<const char*, uint64_t>>& kinds) {
    MetricFamily& metrics = families.add(name, help, MetricType::Counter);
    for (const auto& [kind, count] : kinds) add_sample(metrics, {{"kind", kind}}, number(count));
  };
  family("turnout_answered_packets_total", "Packets that control answered, by kind.",
         {{"arp", counters.arp_answered},
          {"ndp", counters.ndp_answered},
          {"icmp_echo", counters.icmp_answered},
          {"unmatched", counters.refused},
          {"filtered", counters.denied},
          {"too_big", counters.too_big_answered}});
  family("turnout_unanswered_packets_total",
         "Packets that control left without an answer because there were too many, by kind.",
         {{"arp", counters.arp_over_limit},
          {"ndp", counters.ndp_over_limit},
          {"icmp_echo", counters.icmp_over_limit},
          {"unmatched", counters.refused_over_limit},
          {"filtered", counters.denied_over_limit},
          {"too_big", counters.too_big_over_limit}});
}

void add_kernel_interfaces(Families& families, const DaemonView& daemon) {
  const auto family = [&](const char* name, const char* help, uint64_t KernelInterface::Counters::*value) {
    MetricFamily& metrics = families.add(name, help, MetricType::Counter);
    for (size_t i = 0; i < daemon.kernel_interfaces.size(); ++i) {
      const auto& interface = daemon.kernel_interfaces[i];
      if (!interface) continue;
      add_sample(metrics, {{"port", daemon.director.config().ports[i].name}},
                 number(interface->counters().*value));
    }
  };
  family("turnout_kernel_to_packets_total", "Frames given to the kernel interface of the port.",
         &KernelInterface::Counters::to_kernel);
  family("turnout_kernel_from_packets_total", "Frames that the kernel sent on that interface.",
         &KernelInterface::Counters::from_kernel);
  family("turnout_kernel_lost_packets_total",
         "Frames over the limit of that interface, or that the kernel did not take.",
         &KernelInterface::Counters::lost);
}

}  // namespace turnout
