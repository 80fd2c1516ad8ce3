// JSON-RPC 2.0 (jsonrpc.org/specification): one request line in, one response line out. Knows nothing of
// sockets.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace turnout {

using Json = nlohmann::json;

enum class RpcCode : int {
  parse_error = -32700,
  invalid_request = -32600,
  method_not_found = -32601,
  invalid_params = -32602,
  internal_error = -32603,
  no_such = -32000,
  already_exists = -32001,
  cannot = -32002,  // understood, but can't be done; the message says why
};

/// Thrown by a method's handler; becomes the error object of the response.
struct RpcError : std::runtime_error {
  RpcError(RpcCode kind, const std::string& message, Json details = nullptr)
      : std::runtime_error(message), code(kind), data(std::move(details)) {}
  RpcCode code;
  Json data;  // {"pointer": "/service/port", …} or null
};

/// The response line (without its newline) to what never became a request: its id is null.
std::string rpc_error_line(RpcCode code, const std::string& message);

/// The process at the other end, as the kernel vouches for it (unix(7), SO_PEERCRED).
struct Caller {
  static constexpr uint32_t kNobody = UINT32_MAX;  // no user has this number
  uint32_t uid = kNobody;
  int32_t pid = 0;                         // 0: not known, or of no process that is seen from here
  std::weak_ptr<const void> session = {};  // expires when it closes its connection
};

/// Used by one thread only; takes no lock.
class RpcDispatcher {
 public:
  using Result = std::function<void(Json result)>;
  using Handler = std::function<Json(const Json& params)>;  // params: an object, {} if absent
  using CallerHandler = std::function<Json(const Json& params, const Caller& caller)>;
  /// Calls `done` once, now or later; until then it may throw instead. `params` is gone when it returns.
  using SlowHandler = std::function<void(const Json& params, Result done)>;
  /// For one that may also fail later. One of the two is to be called, once.
  struct Reply {
    Result done;
    std::function<void(const RpcError& error)> fail;
  };
  using LateHandler = std::function<void(const Json& params, const Reply& reply)>;
  using Respond = std::function<void(std::string line)>;  // "" for a notification: nothing to send

  void add(std::string method, Handler handler);
  void add_for_caller(std::string method, CallerHandler handler);  // one that wants to know who asks
  void add_slow(std::string method, SlowHandler handler);          // answers later, from the same thread
  void add_late(std::string method, LateHandler handler);          // likewise, or fails then

  /// Handles one line (an object or a batch array) and calls `respond` exactly once, now or later. The
  /// requests of a batch run one after another, as if they had come on lines of their own. `line` may go when
  /// it returns; the dispatcher must stay until the answer.
  void dispatch(std::string_view line, Respond respond, const Caller& caller = {}) const;

 private:
  class Batch;
  using Answer = std::function<void(Json response)>;  // null for a notification
  using Method = std::function<void(const Json& params, const Caller& caller, const Reply& reply)>;

  void handle(const Json& request, const Caller& caller, Answer answer) const;
  void call(const Method& method, const Json& request, const Caller& caller, Answer answer) const;
  std::string describe_unknown(const std::string& method) const;

  std::map<std::string, Method, std::less<>> methods_;
};

}  // namespace turnout
