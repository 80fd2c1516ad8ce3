// The snapshot's part about clients: which filters the packets of a service have to pass, and what VIPs do
// beyond their role.
#pragma once

#include "control/filter_book.h"
#include "control/registry.h"
#include "dataplane/snapshot.h"

namespace turnout {

/// Those of the service and of its VIP, or of each member's VIP.
void set_filters(const ServiceConfig& service, const Config& config, const Registry::Service& numbers,
                 const FilterBook& book, Snapshot& snapshot);

/// The index of the VIP's policy in the snapshot; 0 if it has nothing but defaults. `icmp_service`: index of
/// the first service that it has.
uint32_t add_policy(const VipConfig& vip, uint16_t icmp_service, const FilterBook& book, Snapshot& snapshot);

/// Packets that nobody filters take a shorter way. To be called when all is set.
void hand_out_filters(const FilterBook& book, Snapshot& snapshot);

}  // namespace turnout
