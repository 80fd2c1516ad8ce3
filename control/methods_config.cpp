#include "control/file_writer.h"
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

/// To the daemon's own file only: who may write to the socket must not be able to overwrite any file as root.
Json save_config(DaemonView& daemon, const Json& params) {
  allow_only(params, {"file"});
  const std::string own = daemon.config_file.string();
  if (params.contains("file") && params.at("file") != own) {
    throw RpcError(
        RpcCode::cannot,
        "the daemon saves to its own file only (" + own + "): `turnoutctl config > FILE` writes to another",
        {{"pointer", "/file"}});
  }
  try {
    replace_file(daemon.config_file, to_json(daemon.director.config()).dump(2) + "\n");
  } catch (const std::exception& error) {
    throw RpcError(RpcCode::cannot, error.what());
  }
  return {{"file", own}};
}

}  // namespace

void add_config_methods(RpcDispatcher& dispatcher, DaemonView& daemon) {
  dispatcher.add("config.get", [&daemon](const Json& params) {
    allow_only(params, {});
    return to_json(daemon.director.config());
  });
  add_change(dispatcher, daemon, "config.apply",
             [&daemon](const Json& params, const Origin& by) { return apply_config(daemon, params, by); });
  dispatcher.add("config.save", [&daemon](const Json& params) { return save_config(daemon, params); });
}

}  // namespace turnout
