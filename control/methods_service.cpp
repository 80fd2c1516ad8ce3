#include <utility>

#include "control/config_draft.h"
#include "control/methods.h"
#include "control/service_edits.h"

namespace turnout {

namespace {

Json list_services(const DaemonView& daemon) {
  Json services = Json::array();
  for (const ServiceConfig& service : daemon.director.config().services) services.push_back(to_json(service));
  return services;
}

/// Takes no longer because there are other services.
Json edit_one(DaemonView& daemon, const ServiceEdit& edit, const Json& params, const Origin& by) {
  const Config& config = daemon.director.config();
  const ServiceKey key = edit.key(params);
  const ServiceConfig* const service = config.find(key);
  if (service == nullptr) refuse_unknown_service(key);
  const EditedService edited = edit.edit(*service, params);
  const auto index = static_cast<size_t>(service - config.services.data());
  const PointerPrefixes places = prefixes_of(index, edited.service, edited.places);
  return {{"generation", replace_or_refuse(daemon, edited.service, by, places).generation}};
}

Json change_whole(DaemonView& daemon, const Json& params, const Origin& by) {
  ConfigDraft draft(daemon.director.config());
  draft.carry_out(by.how, params, "");
  return {{"generation", apply_or_refuse(daemon, draft.config(), false, by, draft.places()).generation}};
}

}  // namespace

void add_service_methods(RpcDispatcher& dispatcher, DaemonView& daemon) {
  dispatcher.add("service.list", [&daemon](const Json& params) {
    allow_only(params, {});
    return list_services(daemon);
  });
  for (const char* name : {"service.edit", "server.add", "server.edit", "server.delete"}) {
    const ServiceEdit& edit = *find_service_edit(name);
    add_change(dispatcher, daemon, name, [&daemon, &edit](const Json& params, const Origin& by) {
      return edit_one(daemon, edit, params, by);
    });
  }
  for (const char* name : {"service.add", "service.delete", "service.clear", "timeouts.edit"}) {
    add_change(dispatcher, daemon, name,
               [&daemon](const Json& params, const Origin& by) { return change_whole(daemon, params, by); });
  }
}

}  // namespace turnout
