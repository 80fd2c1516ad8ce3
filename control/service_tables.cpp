#include "control/service_tables.h"

#include <algorithm>
#include <memory>

#include "control/turns.h"
#include "dataplane/scheduler.h"

namespace turnout {

std::vector<uint32_t> build_source_buckets(const std::vector<ScheduledServer>& servers) {
  std::vector<uint32_t> buckets;
  if (servers.empty()) return buckets;
  buckets.reserve(kHashBuckets);
  for (size_t i = 0; buckets.size() < kHashBuckets; i = (i + 1) % servers.size()) {
    const size_t room = kHashBuckets - buckets.size();
    buckets.insert(buckets.end(), std::min<size_t>(room, std::max(servers[i].weight, 1u)), servers[i].slot);
  }
  return buckets;
}

std::vector<uint32_t> build_destination_buckets(const std::vector<ScheduledServer>& servers) {
  std::vector<uint32_t> buckets;
  for (size_t i = 0; !servers.empty() && i < kHashBuckets; ++i)
    buckets.push_back(servers[i % servers.size()].slot);
  return buckets;
}

SchedulerKind effective_scheduler(SchedulerKind configured, const std::vector<ScheduledServer>& servers) {
  const bool slowly = !servers.empty() && servers.front().starts_slowly;
  return slowly && configured == SchedulerKind::lc ? SchedulerKind::wlc : configured;
}

namespace {

std::vector<uint32_t> build_sequence(SchedulerKind scheduler, const std::vector<ScheduledServer>& servers,
                                     const std::vector<ScheduledServer>& bucketed) {
  const bool slowly = servers.front().starts_slowly;
  switch (scheduler) {
    case SchedulerKind::mh:
      return {};
    case SchedulerKind::sh:
      return build_source_buckets(bucketed);
    case SchedulerKind::dh:
      return build_destination_buckets(bucketed);
    case SchedulerKind::wrr:
      return build_wrr_turns(servers);
    case SchedulerKind::rr:
      return slowly ? build_wrr_turns(servers) : build_rr_turns(servers);
    default:
      return build_rr_turns(servers);  // each server once, to be compared
  }
}

ServerTable share(std::vector<uint32_t> table) {
  return table.empty() ? nullptr : std::make_shared<const std::vector<uint32_t>>(std::move(table));
}

}  // namespace

const ServiceTables::Tables& ServiceTables::compile(uint16_t index, const ServiceConfig& config,
                                                    std::vector<ScheduledServer> servers,
                                                    std::vector<ScheduledServer> bucketed) {
  Tables& tables = tables_[index];
  if (tables.maglev && tables.servers == servers && tables.bucketed == bucketed &&
      tables.scheduler == config.scheduler && tables.maglev_size == config.maglev_table_size) {
    return tables;
  }
  tables = {
      std::move(servers), std::move(bucketed), config.scheduler, config.maglev_table_size, nullptr, nullptr};
  if (tables.servers.empty()) return tables;
  tables.maglev = share(build_maglev(tables.servers, config.maglev_table_size));
  tables.sequence = share(build_sequence(config.scheduler, tables.servers, tables.bucketed));
  return tables;
}

}  // namespace turnout
