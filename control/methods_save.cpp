#include "control/config_saver.h"
#include "control/methods.h"

namespace turnout {
namespace {

/// The daemon's own file only: who may write to the socket must not be able to overwrite any file as root.
void allow_own_file_only(const DaemonView& daemon, const Json& params) {
  const std::string own = daemon.config_file.string();
  if (!params.contains("file") || params.at("file") == own) return;
  throw RpcError(
      RpcCode::cannot,
      "the daemon saves to its own file only (" + own + "): `turnoutctl config > FILE` writes to another",
      {{"pointer", "/file"}});
}

}  // namespace

void add_save_methods(RpcDispatcher& dispatcher, DaemonView& daemon) {
  dispatcher.add_late("config.save", [&daemon](const Json& params, const RpcDispatcher::Reply& reply) {
    allow_only(params, {"file"});
    allow_own_file_only(daemon, params);
    daemon.saver->save({daemon.director.generation(), daemon.director.config()},
                       [reply, file = daemon.config_file.string()](const SaveOutcome& outcome) {
                         if (!outcome.failure.empty())
                           return reply.fail(RpcError(RpcCode::cannot, outcome.failure));
                         Json result = {{"file", file}, {"changed", outcome.changed}};
                         if (!outcome.remarks.empty()) result["remarks"] = outcome.remarks;
                         reply.done(std::move(result));
                       });
  });
}

}  // namespace turnout
