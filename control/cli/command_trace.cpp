// `trace`.
#include <ostream>

#include "control/cli/arguments.h"
#include "control/cli/format.h"
#include "control/cli/status.h"
#include "control/cli/wrap.h"

namespace turnout::cli {
namespace {

Json packet_of(const Request& request) {
  if (request.arguments.size() != 3 || request.arguments[0] == "group")
    throw UsageError("'trace' needs: tcp|udp|sctp CLIENT:PORT VIP:PORT, or --frame HEX");
  const Json source = parse_service_key(request.arguments[0], request.arguments[1]);
  const Json destination = parse_service_key(request.arguments[0], request.arguments[2]);
  Json packet = {{"protocol", destination["protocol"]},
                 {"source", source["vip"]},
                 {"source_port", source["port"]},
                 {"destination", destination["vip"]},
                 {"destination_port", destination["port"]}};
  if (const auto flags = request.option("flags")) packet["flags"] = *flags;
  return packet;
}

Json question_of(const Request& request) {
  const auto frame = request.option("frame");
  if (frame && !request.arguments.empty())
    throw UsageError("'trace': --frame says what the packet is already: remove " +
                     in_quotes(request.arguments.front()));
  Json question = frame ? Json{{"frame", *frame}} : packet_of(request);
  if (const auto port = request.option("port")) question["port"] = *port;
  return question;
}

std::string verdict_of(const Json& answer) {
  const std::string outcome = text(answer, "outcome");
  if (outcome == "dropped") return "dropped: " + text(answer, "reason");
  if (outcome == "punted") return "given to the control thread: " + text(answer, "kind");
  if (outcome != "transmitted") return outcome;
  return std::string(is_true(answer, "certain") ? "" : "one of the servers in turn, as ") + "real server " +
         text(answer, "server") + ", MAC " + text(answer, "mac") + ", port " + text(answer, "port");
}

std::string entry_text(const Json& entry) {
  if (!entry.is_object()) return "none";
  return text(entry, "state") + " at " + text(entry, "server") + ", idle " + text(entry, "idle") +
         " s, expires in " + text(entry, "expires") + " s";
}

/// How to see the packets that really come.
std::string capture_hint(const Request& request) {
  if (request.arguments.size() != 3) return "";
  const Json client = packet_of(request)["source"];
  return "To see what comes of it: turnoutctl capture FILE --filter 'client=" + client.get<std::string>() +
         " service=" + request.arguments[0] + '/' + request.arguments[2] + "'\n";
}

}  // namespace

void show_trace(const Request& request) {
  const Json answer = request.call("trace", question_of(request));
  if (request.print_json(answer)) return;
  constexpr size_t kIndent = 4;
  size_t number = 0;
  for (const Json& decision : member(answer, "decisions")) {
    ++number;
    request.out << number << (number < 10 ? ".  " : ". ")
                << wrap(decision.get<std::string>(), request.screen.columns, kIndent) << '\n';
  }
  request.out << "=>  " << wrap(verdict_of(answer), request.screen.columns, kIndent) << "\n\n"
              << "Entry before: " << entry_text(member(answer, "entry")) << '\n'
              << "Entry after:  " << entry_text(member(answer, "entry_after")) << '\n';
  for (const auto& [name, change] : member(answer, "counters").items())
    request.out << "Counts:       " << name << ' ' << (change.get<int64_t>() > 0 ? "+" : "") << change
                << '\n';
  request.out << "Nothing was changed: no such packet was sent.\n" << capture_hint(request);
}

}  // namespace turnout::cli
