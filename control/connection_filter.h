// Which connections a client of the control socket asks for.
#pragma once

#include <optional>
#include <string>

#include "control/address.h"
#include "control/daemon_view.h"
#include "control/json_rpc.h"
#include "dataplane/connection.h"

namespace turnout {

/// LVS's name of a connection's state: "SYN_RECV", "ESTABLISHED", "FIN_WAIT", "CLOSE", "UDP"; "NONE" is that
/// of a persistence template.
const char* name_of(ConnectionState state);

struct ConnectionFilter {
  std::optional<uint16_t> service;  // index
  std::optional<IpAddress> server;
  std::optional<InterfaceAddress> client;  // in whose subnet it is to be
  std::optional<std::string> state;        // a name

  /// From the parameters of the same names, of which none needs to be there. Throws RpcError.
  static ConnectionFilter read(const Json& params, const DaemonView& daemon);

  bool wants(const IpAddress& from, ConnectionValue value, const Registry::Holder& holder) const;
};

}  // namespace turnout
