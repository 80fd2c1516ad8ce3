#include "control/connection_row.h"

#include "control/connection_filter.h"

namespace turnout {

int32_t expires_in(ConnectionValue value, Tick now, const Timeouts& timeouts) {
  if (is_template(value.state())) return -distance_of(value.seen(), now);
  return static_cast<int32_t>(timeouts.of(value.state()) - age_of(value.seen(), now));
}

Json connection_row(const WalkedFlow& flow, ConnectionValue value, const Director& director) {
  const Registry::Holder& holder = director.registry().holder(value.server());
  const ServiceKey& listener = director.registry().key(flow.service);
  const ServiceKey& service = director.registry().key(holder.service);
  Json row = to_json(listener);  // what the client asked for
  if (flow.destination_port != 0) row["port"] = flow.destination_port;
  if (!service.is_one_port()) row["service"] = to_json(service);
  const Tick now = director.now();
  const bool has_idle = !is_template(value.state());
  row.update({{"client", flow.client.to_string()},
              {"client_port", flow.client_port},
              {"server", holder.server.to_string()},
              {"state", name_of(value.state())},
              {"idle", has_idle ? Json(age_of(value.seen(), now)) : Json(nullptr)},
              {"expires", expires_in(value, now, director.snapshot().timeouts)}});
  return row;
}

}  // namespace turnout
