#include "control/metrics_families.h"

#include <prometheus/text_serializer.h>

#include <sstream>

namespace turnout {

MetricFamily& Families::add(const char* name, const char* help, MetricType type) {
  families_.push_back({name, help, type, {}});
  return families_.back();
}

void Families::add_single(const char* name, const char* help, MetricType type, double value, Labels labels) {
  add_sample(add(name, help, type), std::move(labels), value);
}

std::string Families::text() const {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families_);
  return out.str();
}

void add_sample(MetricFamily& family, Labels labels, double value) {
  ClientMetric metric;
  metric.label = std::move(labels);
  (family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  family.metric.push_back(std::move(metric));
}

}  // namespace turnout
