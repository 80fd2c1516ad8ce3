#include "control/cli/ipvsadm/session.h"

#include <ostream>

#include "control/cli/ipvsadm/parser.h"
#include "control/cli/ipvsadm/usage.h"

namespace turnout::cli::ipvsadm {
namespace {

constexpr int kNoSuch = -32000;
constexpr int kAlreadyExists = -32001;
constexpr int kInvalid = -32602;

bool is_about_server(Action action) {
  return action == Action::add_server || action == Action::edit_server || action == Action::delete_server;
}

ExitCode carry_out(const Command& command, const Session& session) {
  switch (command.action) {
    case Action::help:
      session.out << usage_text(session.program, session.version);
      return kDone;
    case Action::version:
      session.out << version_text(session.version);
      return kDone;
    case Action::restore:
      return restore(session, false);
    case Action::list:
    case Action::save:
      list(command, session);
      return kDone;
    default:
      break;
  }
  const Operation operation = operation_of(command);
  const Json result = session.call(operation.method, operation.params);
  if (session.json) session.out << dump(result) << '\n';
  return kDone;
}

/// "weight: " of "/server/weight": which value the daemon's reason is about.
std::string value_named_by(const std::string& pointer) {
  const size_t slash = pointer.rfind('/');
  return slash == std::string::npos || slash + 1 == pointer.size() ? "" : pointer.substr(slash + 1) + ": ";
}

}  // namespace

std::string explain(Action action, const Refused& refused) {
  const int code = static_cast<int>(
      member(refused.error, "code").is_number_integer() ? member(refused.error, "code").get<int64_t>() : 0);
  const std::string pointer = text(member(refused.error, "data"), "pointer");
  if (code == kNoSuch) {
    if (pointer.ends_with("/server/address")) return "No such destination";
    return is_about_server(action) ? "Service not defined" : "No such service";
  }
  if (code == kAlreadyExists)
    return is_about_server(action) ? "Destination already exists" : "Service already exists";
  if (code == kInvalid && pointer.ends_with("/scheduler")) return "Scheduler or persistence engine not found";
  return code == kInvalid ? value_named_by(pointer) + refused.what() : refused.what();
}

ExitCode run(const std::vector<std::string>& words, const Session& session) {
  Action action = Action::list;
  try {
    const Command command = parse_command(words, session.names, session.program);
    action = command.action;
    return carry_out(command, session);
  } catch (const GrammarError& error) {
    session.err << error.what() << '\n';
    return kUsage;
  } catch (const Refused& refused) {
    session.err << (session.json ? dump(refused.error) : explain(action, refused)) << '\n';
    return kRefused;
  }
}

}  // namespace turnout::cli::ipvsadm
