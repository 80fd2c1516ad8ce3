#include <algorithm>

#include "control/methods.h"

namespace turnout {

void refuse(RpcCode code, const ConfigErrors& errors) {
  Json all = Json::array();
  std::string message;
  for (const ConfigError& error : errors) {
    all.push_back({{"pointer", error.pointer}, {"reason", error.reason}});
    message += (message.empty() ? "" : "; ") + error.reason;
  }
  throw RpcError(code, message, {{"pointer", errors.empty() ? "" : errors.front().pointer}, {"errors", all}});
}

std::string renamed(const std::string& pointer, const PointerPrefixes& prefixes) {
  for (size_t end = pointer.size(); end != std::string::npos && end > 0; end = pointer.rfind('/', end - 1)) {
    const auto found = prefixes.find(pointer.substr(0, end));
    if (found != prefixes.end()) return found->second + pointer.substr(end);
  }
  return pointer;
}

namespace {

ConfigErrors rename(ConfigErrors errors, const PointerPrefixes& places) {
  for (ConfigError& error : errors) error.pointer = renamed(error.pointer, places);
  return errors;
}

bool has_program(const Config& config, const std::vector<std::string>& command) {
  return std::ranges::any_of(config.services, [&](const ServiceConfig& service) {
    return service.health.type == HealthType::exec && service.health.command == command;
  });
}

ConfigErrors new_programs(const Config& running, const ServiceConfig& next, const std::string& at) {
  if (next.health.type != HealthType::exec || has_program(running, next.health.command)) return {};
  return {
      {at + "/health/command",
       "a program that the daemon is to run can't be given over its socket, whose group need not be root: "
       "write it to the daemon's configuration file and reload that (SIGHUP)"}};
}

}  // namespace

void refuse(const ConfigRefused& refused, const PointerPrefixes& places) {
  refuse(refused.reason == ConfigRefused::Reason::invalid ? RpcCode::invalid_params : RpcCode::cannot,
         rename(refused.errors, places));
}

void refuse_new_programs(const DaemonView& daemon, const Config& next, const PointerPrefixes& places) {
  ConfigErrors errors;
  for (size_t i = 0; i < next.services.size(); ++i) {
    const ConfigErrors found =
        new_programs(daemon.director.config(), next.services[i], "/services/" + std::to_string(i));
    errors.insert(errors.end(), found.begin(), found.end());
  }
  if (!errors.empty()) refuse(RpcCode::cannot, rename(std::move(errors), places));
}

Director::Applied apply_or_refuse(DaemonView& daemon, Config next, bool dry_run, const Origin& by,
                                  const PointerPrefixes& places) {
  refuse_new_programs(daemon, next, places);
  try {
    return daemon.director.apply(std::move(next), dry_run, daemon.director.time(), by);
  } catch (const ConfigRefused& refused) {
    refuse(refused, places);
  }
}

Director::Applied replace_or_refuse(DaemonView& daemon, const ServiceConfig& next, const Origin& by,
                                    const PointerPrefixes& places) {
  const Config& running = daemon.director.config();
  const ServiceConfig* const before = running.find(next.key);
  const ConfigErrors programs =
      new_programs(running, next, "/services/" + std::to_string(before - running.services.data()));
  if (!programs.empty()) refuse(RpcCode::cannot, rename(programs, places));
  try {
    return daemon.director.replace(next, daemon.director.time(), by);
  } catch (const ConfigRefused& refused) {
    refuse(refused, places);
  }
}

namespace {

void check_generation(const Json& wanted, uint64_t running) {
  if (!wanted.is_number_unsigned()) {
    refuse(RpcCode::invalid_params,
           {{"/if_generation", "must be the number of a generation, as daemon.info gives it"}});
  }
  if (wanted == running) return;
  throw RpcError(RpcCode::cannot,
                 "generation " + std::to_string(running) + " of the configuration runs, not " +
                     wanted.dump() +
                     ": somebody else changed it; see what config.history says, and decide anew",
                 {{"pointer", "/if_generation"}, {"generation", running}});
}

}  // namespace

void add_change(RpcDispatcher& dispatcher, const DaemonView& daemon, const std::string& name,
                ChangeMethod method) {
  dispatcher.add_for_caller(
      name, [&daemon, name, method = std::move(method)](const Json& params, const Caller& caller) {
        const auto wanted = params.find("if_generation");
        if (wanted != params.end()) check_generation(*wanted, daemon.director.generation());
        const Origin by{.how = name, .who = author_of(caller)};
        if (wanted == params.end()) return method(params, by);
        Json rest = params;
        rest.erase("if_generation");
        return method(rest, by);
      });
}

bool is_dry_run(const Json& params) {
  const Json dry_run = params.value("dry_run", Json(false));
  if (!dry_run.is_boolean()) refuse(RpcCode::invalid_params, {{"/dry_run", "must be true or false"}});
  return dry_run.get<bool>();
}

Json to_json(const Director::Applied& applied) {
  return {{"generation", applied.generation}, {"changes", applied.changes}};
}

const Registry::Service& numbers_of(const DaemonView& daemon, const Json& service) {
  const ServiceKey key = value_or_refuse(parse_service_key(service, "/service"));
  if (daemon.director.config().find(key)) return daemon.director.registry().service(key);
  throw RpcError(RpcCode::no_such, "no such service: " + key.to_string(), {{"pointer", "/service"}});
}

void allow_only(const Json& params, std::initializer_list<std::string_view> known) {
  ConfigErrors errors;
  for (const auto& [name, value] : params.items()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      std::string names;
      for (const std::string_view each : known) names += (names.empty() ? "" : ", ") + std::string(each);
      errors.push_back({Json::json_pointer().operator/=(name).to_string(),
                        "unknown parameter '" + name + "'; known here: " + (names.empty() ? "none" : names)});
    }
  }
  if (!errors.empty()) refuse(RpcCode::invalid_params, errors);
}

}  // namespace turnout
