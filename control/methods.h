// The JSON-RPC methods of the control socket. Each file adds those of one kind to a dispatcher.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <string>

#include "control/daemon_view.h"
#include "control/event_log.h"
#include "control/json_rpc.h"
#include "control/origin.h"

namespace turnout {

/// service.*, server.*, timeouts.edit: changes of one thing, made as a change of the whole configuration.
void add_service_methods(RpcDispatcher& dispatcher, DaemonView& daemon);

/// vip.list, vip.edit
void add_vip_methods(RpcDispatcher& dispatcher, DaemonView& daemon);

/// filter.list, filter.rules, filter.denied, filter.edit, filter.reload
void add_filter_methods(RpcDispatcher& dispatcher, DaemonView& daemon);

/// config.get, config.apply
void add_config_methods(RpcDispatcher& dispatcher, DaemonView& daemon);

/// config.batch
void add_batch_methods(RpcDispatcher& dispatcher, DaemonView& daemon);

/// config.history, config.rollback
void add_history_methods(RpcDispatcher& dispatcher, DaemonView& daemon);
/// maintenance.edit
void add_maintenance_methods(RpcDispatcher& dispatcher, DaemonView& daemon);

/// config.save
void add_save_methods(RpcDispatcher& dispatcher, DaemonView& daemon);

/// neighbor.list, port.list, worker.list, daemon.info
void add_report_methods(RpcDispatcher& dispatcher, DaemonView& daemon);

/// stats.get, stats.zero
void add_stats_methods(RpcDispatcher& dispatcher, DaemonView& daemon);
Json worker_counters(const DaemonView& daemon);  ///< a row for each worker: its lcore, and what it counted

/// health.list
void add_health_methods(RpcDispatcher& dispatcher, DaemonView& daemon);

/// doctor
void add_doctor_methods(RpcDispatcher& dispatcher, DaemonView& daemon);

/// trace
void add_trace_methods(RpcDispatcher& dispatcher, DaemonView& daemon);
/// limit.list
void add_limit_methods(RpcDispatcher& dispatcher, DaemonView& daemon);
/// events.list, whose answer waits for an event if the client wants it to.
void add_event_methods(RpcDispatcher& dispatcher, EventLog& log, boost::asio::io_context& io);

/// capture.start, capture.read, capture.stop, capture.list
void add_capture_methods(RpcDispatcher& dispatcher, Captures& captures);

/// connection.list, which walks the table a slice at a time between the other work of `io`.
void add_connection_methods(RpcDispatcher& dispatcher, DaemonView& daemon, boost::asio::io_context& io);

/// A method that changes something. `params` are without `if_generation`, which every such method takes: if
/// another generation runs, the request is refused and the method not called.
using ChangeMethod = std::function<Json(const Json& params, const Origin& by)>;
void add_change(RpcDispatcher& dispatcher, const DaemonView& daemon, const std::string& name,
                ChangeMethod method);

/// What a pointer into the configuration is to begin with instead, so that it points into what the client
/// sent. The longest beginning that is there counts.
using PointerPrefixes = std::map<std::string, std::string>;
std::string renamed(const std::string& pointer, const PointerPrefixes& prefixes);

/// Health checks may run programs, as root: those that the configuration in force doesn't have are refused.
void refuse_new_programs(const DaemonView& daemon, const Config& next, const PointerPrefixes& places = {});
/// Puts `next` in force, or with `dry_run` only says what would change; or throws the RpcError that says why
/// it can't be.
Director::Applied apply_or_refuse(DaemonView& daemon, Config next, bool dry_run, const Origin& by,
                                  const PointerPrefixes& places = {});
/// The same for one service, which there is.
Director::Applied replace_or_refuse(DaemonView& daemon, const ServiceConfig& next, const Origin& by,
                                    const PointerPrefixes& places);

/// Throws the RpcError for values that could not be read.
[[noreturn]] void refuse(RpcCode code, const ConfigErrors& errors);
[[noreturn]] void refuse(const ConfigRefused& refused, const PointerPrefixes& places = {});
template <typename T>
T value_or_refuse(Parsed<T> parsed) {
  if (!parsed.value) refuse(RpcCode::invalid_params, parsed.errors);
  return std::move(*parsed.value);
}

/// The numbers of the service that parameter `service` names; throws the RpcError for none.
const Registry::Service& numbers_of(const DaemonView& daemon, const Json& service);

/// Throws for parameters that the method doesn't know.
void allow_only(const Json& params, std::initializer_list<std::string_view> known);

/// The parameter `dry_run`, false if it is absent.
bool is_dry_run(const Json& params);

Json to_json(const Director::Applied& applied);  ///< {generation, changes}

}  // namespace turnout
