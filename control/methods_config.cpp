#include "control/methods.h"

namespace turnout {

namespace {

Json apply_config(DaemonView& daemon, const Json& params) {
  allow_only(params, {"config", "dry_run"});
  if (!params.contains("config"))
    refuse(RpcCode::invalid_params, {{"/config", "missing: give the whole configuration"}});
  const Json dry_run = params.value("dry_run", Json(false));
  if (!dry_run.is_boolean()) refuse(RpcCode::invalid_params, {{"/dry_run", "must be true or false"}});
  Config next = value_or_refuse(parse_config(params.at("config")));
  refuse_new_programs(daemon, next);
  try {
    const Director::Applied applied =
        daemon.director.apply(std::move(next), dry_run.get<bool>(), daemon.director.time());
    return {{"generation", applied.generation}, {"changes", applied.changes}};
  } catch (const ConfigRefused& refused) {
    refuse(refused.reason == ConfigRefused::Reason::invalid ? RpcCode::invalid_params : RpcCode::cannot,
           refused.errors);
  }
}

}  // namespace

void add_config_methods(RpcDispatcher& dispatcher, DaemonView& daemon) {
  dispatcher.add("config.get", [&daemon](const Json& params) {
    allow_only(params, {});
    return to_json(daemon.director.config());
  });
  dispatcher.add("config.apply", [&daemon](const Json& params) { return apply_config(daemon, params); });
}

}  // namespace turnout
