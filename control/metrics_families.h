// Metric families while a scrape is being written, and who fills them: a file for each part of the daemon.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

#include "control/daemon_view.h"

namespace turnout {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

class Families {
 public:
  /// The reference is good until the next family is added.
  MetricFamily& add(const char* name, const char* help, MetricType type);
  void add(MetricFamily family) { families_.push_back(std::move(family)); }
  void add_single(const char* name, const char* help, MetricType type, double value, Labels labels = {});
  std::string text() const;  ///< the families in the order in which they were added

 private:
  std::vector<MetricFamily> families_;
};

void add_sample(MetricFamily& family, Labels labels, double value);

/// Prometheus knows no whole numbers: exact up to 2^53.
inline double number(uint64_t value) {
  return static_cast<double>(value);
}

// metrics_packets.cpp
void add_ports(Families& families, const DaemonView& daemon, const PacketTotals& totals);
void add_packets(Families& families, const PacketTotals& totals);
void add_answers(Families& families, const PuntResponder::Counters& counters);
void add_kernel_interfaces(Families& families, const DaemonView& daemon);

// metrics_services.cpp
Labels labels_of(const ServiceKey& key);
void add_services(Families& families, const Director& director);
void add_servers(Families& families, const Director& director);

// metrics_filters.cpp
void add_filters(Families& families, const Director& director);
// metrics_limits.cpp
void add_limits(Families& families, const Director& director);

// metrics_quic.cpp
void add_quic(Families& families, const Statistics& statistics);

// metrics_watch.cpp
void add_vip_conflicts(Families& families, const VipConflicts& conflicts);
void add_uplinks(Families& families, const Director& director);

// metrics_workers.cpp
void add_table(Families& families, const Director& director);
void add_workers(Families& families, const DaemonView& daemon);

// metrics_captures.cpp
void add_captures(Families& families, const DaemonView& daemon);

}  // namespace turnout
