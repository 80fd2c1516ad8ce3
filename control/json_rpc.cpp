#include "control/json_rpc.h"

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "control/log.h"

namespace turnout {
namespace {

constexpr int kMaxDepth = 64;            // of arrays and objects; whoever walks the document may recurse
constexpr size_t kMaxBatch = 10'000;     // requests; each costs a response, however small it was
constexpr size_t kMaxQuotedBytes = 200;  // of what the client sent, in our messages

std::string shortened(std::string text) {
  if (text.size() <= kMaxQuotedBytes) return text;
  text.resize(kMaxQuotedBytes);
  return text + "…";
}

std::string to_line(const Json& response) {
  return response.dump(-1, ' ', false,
                       Json::error_handler_t::replace);  // handlers may quote bytes that aren't UTF-8
}

Json error_response(const Json& id, const RpcError& error) {
  Json object = {{"code", static_cast<int>(error.code)}, {"message", error.what()}};
  if (!error.data.is_null()) object["data"] = error.data;
  return {{"jsonrpc", "2.0"}, {"id", id}, {"error", std::move(object)}};
}

/// Throws RpcError.
Json parse(std::string_view line) {
  const auto bound_depth = [](int depth, Json::parse_event_t event, const Json&) {
    const bool opens =
        event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start;
    if (opens && depth >= kMaxDepth) {
      throw RpcError(RpcCode::parse_error,
                     "arrays and objects nested deeper than " + std::to_string(kMaxDepth) + " levels");
    }
    return true;
  };
  try {
    return Json::parse(line.begin(), line.end(), bound_depth);
  } catch (const Json::exception& e) {
    const std::string reason = e.what();
    const size_t tag = reason.find("] ");  // "[json.exception.parse_error.101] "
    throw RpcError(RpcCode::parse_error,
                   "not JSON: " + shortened(tag == std::string::npos ? reason : reason.substr(tag + 2)));
  }
}

/// The id to answer with; null if there is none, or none that JSON-RPC allows.
Json id_of(const Json& request) {
  if (!request.is_object() || !request.contains("id")) return nullptr;
  const Json& id = request["id"];
  return id.is_string() || id.is_number() ? id : Json();
}

[[noreturn]] void refuse(const std::string& reason) {
  throw RpcError(RpcCode::invalid_request, "not a JSON-RPC 2.0 request: " + reason);
}

/// JSON-RPC 2.0 section 4. Throws RpcError.
void check_request(const Json& request) {
  if (!request.is_object()) refuse("it is not an object");
  const auto version = request.find("jsonrpc");
  if (version == request.end() || *version != "2.0") refuse(R"("jsonrpc" must be "2.0")");
  const auto method = request.find("method");
  if (method == request.end() || !method->is_string()) refuse(R"("method" must be a string)");
  const auto params = request.find("params");
  if (params != request.end() && !params->is_structured()) refuse(R"("params" must be an object)");
  const auto id = request.find("id");
  if (id != request.end() && !id->is_string() && !id->is_number() && !id->is_null()) {
    refuse(R"("id" must be a string, a number or null)");
  }
}

/// By name is the only way; an empty array says as much as an empty object. Not copied: a whole configuration
/// may be among them. Throws RpcError.
const Json& params_of(const Json& request) {
  static const Json kNone = Json::object();
  const auto params = request.find("params");
  if (params == request.end()) return kNone;
  if (params->is_object()) return *params;
  if (params->empty()) return kNone;
  throw RpcError(RpcCode::invalid_params, R"(parameters are given by name: "params" must be an object)");
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

std::string rpc_error_line(RpcCode code, const std::string& message) {
  return to_line(error_response(nullptr, RpcError(code, message)));
}

/// Lives until its last request is answered: the request in progress holds it.
class RpcDispatcher::Batch : public std::enable_shared_from_this<Batch> {
 public:
  Batch(const RpcDispatcher& dispatcher, Json requests, const Caller& caller, Respond respond)
      : dispatcher_(dispatcher),
        requests_(std::move(requests)),
        caller_(caller),
        respond_(std::move(respond)) {}

  void run() {
    if (running_) return;  // a handler answered at once: the loop below goes on, so that none recurses
    running_ = true;
    while (!waiting_ && next_ < requests_.size()) {
      waiting_ = true;
      dispatcher_.handle(requests_[next_++], caller_, [self = shared_from_this()](Json response) {
        self->waiting_ = false;
        if (!response.is_null()) self->responses_.push_back(std::move(response));
        self->run();
      });
    }
    running_ = false;
    if (!waiting_) respond_(responses_.empty() ? "" : to_line(responses_));
  }

 private:
  const RpcDispatcher& dispatcher_;
  const Json requests_;
  const Caller caller_;
  const Respond respond_;
  Json responses_ = Json::array();
  size_t next_ = 0;
  bool running_ = false;
  bool waiting_ = false;
};

void RpcDispatcher::add(std::string method, Handler handler) {
  add_for_caller(std::move(method), [handler = std::move(handler)](const Json& params, const Caller&) {
    return handler(params);
  });
}

void RpcDispatcher::add_for_caller(std::string method, CallerHandler handler) {
  methods_.insert_or_assign(
      std::move(method),
      [handler = std::move(handler)](const Json& params, const Caller& caller, const Reply& reply) {
        reply.done(handler(params, caller));
      });
}

void RpcDispatcher::add_slow(std::string method, SlowHandler handler) {
  add_late(std::move(method), [handler = std::move(handler)](const Json& params, const Reply& reply) {
    handler(params, reply.done);
  });
}

void RpcDispatcher::add_late(std::string method, LateHandler handler) {
  methods_.insert_or_assign(std::move(method),
                            [handler = std::move(handler)](const Json& params, const Caller&,
                                                           const Reply& reply) { handler(params, reply); });
}

void RpcDispatcher::dispatch(std::string_view line, Respond respond, const Caller& caller) const {
  Json document;
  try {
    document = parse(line);
    if (document.is_array() && document.empty()) refuse("an empty batch");
    if (document.is_array() && document.size() > kMaxBatch) {
      refuse("a batch of more than " + std::to_string(kMaxBatch) + " requests: split it");
    }
  } catch (const RpcError& e) {
    return respond(to_line(error_response(nullptr, e)));
  }
  if (document.is_array())
    return std::make_shared<Batch>(*this, std::move(document), caller, std::move(respond))->run();
  handle(document, caller, [respond = std::move(respond)](const Json& response) {
    respond(response.is_null() ? "" : to_line(response));
  });
}

void RpcDispatcher::handle(const Json& request, const Caller& caller, Answer answer) const {
  try {
    check_request(request);
  } catch (const RpcError& e) {
    return answer(error_response(id_of(request), e));
  }

  const auto& name = request["method"].get_ref<const std::string&>();
  const auto method = methods_.find(name);
  if (method != methods_.end()) return call(method->second, request, caller, std::move(answer));
  if (!request.contains("id")) return answer(nullptr);
  answer(error_response(id_of(request), RpcError(RpcCode::method_not_found, describe_unknown(name))));
}

void RpcDispatcher::call(const Method& method, const Json& request, const Caller& caller,
                         Answer answer) const {
  // The first answer counts; it takes the function out, so that a second finds none.
  const auto once = std::make_shared<Answer>(std::move(answer));
  const bool wanted = request.contains("id");
  const Json id = id_of(request);
  const Reply reply{
      [once, wanted, id](Json result) {
        const Answer first = std::exchange(*once, nullptr);
        if (!first) return;
        first(wanted ? Json{{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}} : Json());
      },
      [once, wanted, id, name = request["method"].get<std::string>()](const RpcError& error) {
        const Answer first = std::exchange(*once, nullptr);
        if (first) return first(wanted ? error_response(id, error) : Json());
        log_error("method " + name + " failed after it had answered: " + error.what());
      }};
  try {
    method(params_of(request), caller, reply);
  } catch (const RpcError& e) {
    reply.fail(e);
  } catch (const std::exception& e) {
    reply.fail(RpcError(RpcCode::internal_error, std::string("internal error: ") + e.what()));
  }
}

std::string RpcDispatcher::describe_unknown(const std::string& method) const {
  const std::string group =
      method.substr(0, method.find('.') + 1);  // "service." of "service.lst", "" without a dot
  std::vector<std::string> all;
  std::vector<std::string> near;
  for (const auto& [name, handler] : methods_) {
    all.push_back(name);
    if (!group.empty() && name.starts_with(group)) near.push_back(name);
  }
  return "no method \"" + shortened(method) +
         "\": " + (near.empty() ? "there are " + joined(all) : "did you mean " + joined(near));
}

}  // namespace turnout
