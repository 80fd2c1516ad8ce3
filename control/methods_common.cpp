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

[[noreturn]] void refuse(const ConfigRefused& refused, const PointerPrefixes& renamed) {
  ConfigErrors errors = refused.errors;
  for (ConfigError& error : errors) {
    for (const PointerPrefix& prefix : renamed) {
      if (!error.pointer.starts_with(prefix.from)) continue;
      error.pointer = prefix.to + error.pointer.substr(prefix.from.size());
      break;
    }
  }
  refuse(refused.reason == ConfigRefused::Reason::invalid ? RpcCode::invalid_params : RpcCode::cannot,
         errors);
}

}  // namespace

uint64_t apply_or_refuse(DaemonView& daemon, Config next, const PointerPrefixes& renamed) {
  try {
    return daemon.director.apply(std::move(next), false, daemon.director.time()).generation;
  } catch (const ConfigRefused& refused) {
    refuse(refused, renamed);
  }
}

uint64_t replace_or_refuse(DaemonView& daemon, const ServiceConfig& next, const PointerPrefixes& renamed) {
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
