// The JSON-RPC methods of the control socket. Each file adds those of one kind to a dispatcher.
#pragma once

#include <boost/asio/io_context.hpp>

#include "control/daemon_view.h"
#include "control/event_log.h"
#include "control/json_rpc.h"

namespace turnout {

/// service.*, server.*: changes of one thing, made as a change of the whole configuration.
void add_service_methods(RpcDispatcher& dispatcher, DaemonView& daemon);

/// vip.list, vip.edit
void add_vip_methods(RpcDispatcher& dispatcher, DaemonView& daemon);

/// config.get, config.apply, config.save
void add_config_methods(RpcDispatcher& dispatcher, DaemonView& daemon);

/// stats.get, neighbor.list, port.list, daemon.info
void add_report_methods(RpcDispatcher& dispatcher, DaemonView& daemon);

/// health.list
void add_health_methods(RpcDispatcher& dispatcher, DaemonView& daemon);

/// doctor
void add_doctor_methods(RpcDispatcher& dispatcher, DaemonView& daemon);

/// events.list, whose answer waits for an event if the client wants it to.
void add_event_methods(RpcDispatcher& dispatcher, EventLog& log, boost::asio::io_context& io);

/// connection.list, which walks the table a slice at a time between the other work of `io`.
void add_connection_methods(RpcDispatcher& dispatcher, DaemonView& daemon, boost::asio::io_context& io);

/// Puts `next` in force, or throws the RpcError that says why not. Pointers of errors that begin with a
/// `from` of `renamed` get its `to` instead, so that they point into what the client sent.
struct PointerPrefix {
  std::string from;
  std::string to;
};
using PointerPrefixes = std::vector<PointerPrefix>;
/// Health checks may run programs, as root: those that the configuration in force doesn't have are refused.
void refuse_new_programs(const DaemonView& daemon, const Config& next, const PointerPrefixes& renamed = {});
uint64_t apply_or_refuse(DaemonView& daemon, Config next, const PointerPrefixes& renamed = {});
/// The same for one service, which there is.
uint64_t replace_or_refuse(DaemonView& daemon, const ServiceConfig& next, const PointerPrefixes& renamed);

/// Throws the RpcError for values that could not be read.
[[noreturn]] void refuse(RpcCode code, const ConfigErrors& errors);
template <typename T>
T value_or_refuse(Parsed<T> parsed) {
  if (!parsed.value) refuse(RpcCode::invalid_params, parsed.errors);
  return std::move(*parsed.value);
}

/// Throws for parameters that the method doesn't know.
void allow_only(const Json& params, std::initializer_list<std::string_view> known);

}  // namespace turnout
