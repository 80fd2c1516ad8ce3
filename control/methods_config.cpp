#include "control/methods.h"

namespace turnout {

namespace {

Json apply_config(DaemonView& daemon, const Json& params, const Origin& by) {
  allow_only(params, {"config", "dry_run"});
  if (!params.contains("config"))
    refuse(RpcCode::invalid_params, {{"/config", "missing: give the whole configuration"}});
  const bool dry_run = is_dry_run(params);
  return to_json(apply_or_refuse(daemon, value_or_refuse(parse_config(params.at("config"))), dry_run, by));
}

}  // namespace

void add_config_methods(RpcDispatcher& dispatcher, DaemonView& daemon) {
  dispatcher.add("config.get", [&daemon](const Json& params) {
    allow_only(params, {});
    return to_json(daemon.director.config());
  });
  add_change(dispatcher, daemon, "config.apply",
             [&daemon](const Json& params, const Origin& by) { return apply_config(daemon, params, by); });
}

}  // namespace turnout
