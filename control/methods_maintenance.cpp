#include "control/maintenance.h"
#include "control/methods.h"

namespace turnout {

void add_maintenance_methods(RpcDispatcher& dispatcher, DaemonView& daemon) {
  add_change(dispatcher, daemon, "maintenance.edit", [&daemon](const Json& params, const Origin& by) {
    std::optional<Config> next = edit_maintenance(daemon.director.config(), params);
    if (!next) return Json{{"generation", daemon.director.generation()}, {"changed", false}};
    return Json{{"generation", apply_or_refuse(daemon, std::move(*next), false, by).generation},
                {"changed", true}};
  });
}

}  // namespace turnout
