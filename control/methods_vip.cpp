#include "control/methods.h"
#include "control/vip_list.h"

namespace turnout {

void add_vip_methods(RpcDispatcher& dispatcher, DaemonView& daemon) {
  dispatcher.add("vip.list", [&daemon](const Json& params) {
    allow_only(params, {});
    return list_vips(daemon.director.config(), daemon.director.uplinks().withdrawn());
  });
  add_change(dispatcher, daemon, "vip.edit", [&daemon](const Json& params, const Origin& by) {
    Config next = edit_vip(daemon.director.config(), params);
    return Json{{"generation", apply_or_refuse(daemon, std::move(next), false, by).generation}};
  });
}

}  // namespace turnout
