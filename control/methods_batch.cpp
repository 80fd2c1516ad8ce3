#include <charconv>
#include <string_view>

#include "control/config_draft.h"
#include "control/methods.h"

namespace turnout {

namespace {

constexpr std::string_view kOperations = "/operations";

/// The error with other pointers.
template <typename Place>
RpcError moved(RpcError error, Place place) {
  Json& data = error.data;
  if (!data.is_object()) data = Json::object();
  data["pointer"] = place(data.value("pointer", ""));
  if (data.contains("errors")) {
    for (Json& each : data["errors"]) each["pointer"] = place(each["pointer"].get<std::string>());
  }
  return error;
}

/// The error with the number of the operation that its pointer is in, if it is in one.
RpcError numbered(const RpcError& error) {
  const std::string pointer = error.data.value("pointer", "");
  if (!pointer.starts_with(kOperations) || pointer.size() <= kOperations.size()) return error;
  size_t number = 0;
  std::from_chars(pointer.data() + kOperations.size() + 1, pointer.data() + pointer.size(), number);
  Json data = error.data;
  data["operation"] = number;
  return {error.code, "operation " + std::to_string(number) + ": " + error.what(), data};
}

void check_operation(const Json& operation, const std::string& at) {
  if (!operation.is_object())
    refuse(RpcCode::invalid_params, {{at, R"(must be an object: {"method": …, "params": {…}})"}});
  for (const auto& [name, value] : operation.items()) {
    if (name == "method" || name == "params") continue;
    refuse(RpcCode::invalid_params, {{at + Json::json_pointer().operator/=(name).to_string(),
                                      "unknown member '" + name + "'; known here: method, params"}});
  }
  const auto method = operation.find("method");
  if (method == operation.end() || !method->is_string() || !ConfigDraft::knows(*method)) {
    refuse(RpcCode::invalid_params,
           {{at + "/method",
             "must be one of service.add, service.edit, service.delete, service.clear, "
             "server.add, server.edit, server.delete, timeouts.edit, maintenance.edit, filter.edit and "
             "vip.edit"}});
  }
  if (operation.contains("params") && !operation["params"].is_object())
    refuse(RpcCode::invalid_params, {{at + "/params", "must be an object"}});
}

void carry_out(ConfigDraft& draft, const Json& operation, const std::string& at) {
  check_operation(operation, at);
  const Json params = operation.value("params", Json::object());
  try {
    draft.carry_out(operation["method"], params, at + "/params");
  } catch (const RpcError& error) {
    throw moved(error, [&at](const std::string& pointer) { return at + "/params" + pointer; });
  }
}

std::string place_of(size_t operation) {
  return std::string(kOperations) + "/" + std::to_string(operation);
}

ConfigDraft drafted(const Config& running, const Json& operations, size_t count) {
  ConfigDraft draft(running);
  for (size_t i = 0; i < count; ++i) carry_out(draft, operations[i], place_of(i));
  return draft;
}

/// An operation that makes a configuration invalid that was valid without it, found by halves. For what the
/// check finds at a service that no operation touched, such as a real server whose address became a VIP.
std::string place_of_culprit(const Config& running, const Json& operations) {
  size_t valid = 0, invalid = operations.size();  // after so many
  while (invalid - valid > 1) {
    const size_t middle = valid + (invalid - valid) / 2;
    const bool is_valid = check_config(drafted(running, operations, middle).config()).empty();
    (is_valid ? valid : invalid) = middle;
  }
  return place_of(valid) + "/params";
}

Json run_operations(DaemonView& daemon, const Json& operations, bool dry_run, const Origin& by) {
  const ConfigDraft draft = drafted(daemon.director.config(), operations, operations.size());
  try {
    return to_json(apply_or_refuse(daemon, draft.config(), dry_run, by));
  } catch (const RpcError& error) {
    const PointerPrefixes places = draft.places();
    std::string elsewhere;
    throw moved(error, [&](const std::string& pointer) {
      std::string place = renamed(pointer, places);
      if (place != pointer) return place;
      if (error.code != RpcCode::invalid_params) return std::string(kOperations);
      if (elsewhere.empty()) elsewhere = place_of_culprit(daemon.director.config(), operations);
      return elsewhere;
    });
  }
}

Json run_batch(DaemonView& daemon, const Json& params, const Origin& by) {
  allow_only(params, {"operations", "dry_run"});
  const auto operations = params.find("operations");
  if (operations == params.end() || !operations->is_array()) {
    refuse(RpcCode::invalid_params,
           {{std::string(kOperations), R"(give a list of {"method": …, "params": {…}})"}});
  }
  const bool dry_run = is_dry_run(params);
  try {
    return run_operations(daemon, *operations, dry_run, by);
  } catch (const RpcError& error) {
    throw numbered(error);
  }
}

}  // namespace

void add_batch_methods(RpcDispatcher& dispatcher, DaemonView& daemon) {
  add_change(dispatcher, daemon, "config.batch",
             [&daemon](const Json& params, const Origin& by) { return run_batch(daemon, params, by); });
}

}  // namespace turnout
