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

namespace {

ConfigErrors rename(ConfigErrors errors, const PointerPrefixes& renamed) {
  for (ConfigError& error : errors) {
    for (const PointerPrefix& prefix : renamed) {
      if (!error.pointer.starts_with(prefix.from)) continue;
      error.pointer = prefix.to + error.pointer.substr(prefix.from.size());
      break;
    }
  }
  return errors;
}

[[noreturn]] void refuse(const ConfigRefused& refused, const PointerPrefixes& renamed) {
  refuse(refused.reason == ConfigRefused::Reason::invalid ? RpcCode::invalid_params : RpcCode::cannot,
         rename(refused.errors, renamed));
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

void refuse_new_programs(const DaemonView& daemon, const Config& next, const PointerPrefixes& renamed) {
  ConfigErrors errors;
  for (size_t i = 0; i < next.services.size(); ++i) {
    const ConfigErrors found =
        new_programs(daemon.director.config(), next.services[i], "/services/" + std::to_string(i));
    errors.insert(errors.end(), found.begin(), found.end());
  }
  if (!errors.empty()) refuse(RpcCode::cannot, rename(std::move(errors), renamed));
}

uint64_t apply_or_refuse(DaemonView& daemon, Config next, const PointerPrefixes& renamed) {
  refuse_new_programs(daemon, next, renamed);
  try {
    return daemon.director.apply(std::move(next), false, daemon.director.time()).generation;
  } catch (const ConfigRefused& refused) {
    refuse(refused, renamed);
  }
}

uint64_t replace_or_refuse(DaemonView& daemon, const ServiceConfig& next, const PointerPrefixes& renamed) {
  const Config& running = daemon.director.config();
  const ServiceConfig* const before = running.find(next.key);
  const ConfigErrors programs =
      new_programs(running, next, "/services/" + std::to_string(before - running.services.data()));
  if (!programs.empty()) refuse(RpcCode::cannot, rename(programs, renamed));
  try {
    return daemon.director.replace(next, daemon.director.time()).generation;
  } catch (const ConfigRefused& refused) {
    refuse(refused, renamed);
  }
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
