// `connections`: the table of the daemon, streamed page by page, so that neither side ever holds all of it.
#include <algorithm>
#include <cctype>
#include <limits>
#include <ostream>

#include "control/cli/arguments.h"
#include "control/cli/format.h"
#include "control/cli/status.h"

namespace turnout::cli {
namespace {

constexpr uint64_t kDefaultLimit = 1000;
constexpr uint64_t kHighestAnswer = 100'000;  // the daemon's own limit of one answer
constexpr uint64_t kPage = 1024;              // some 3 ms of the daemon's time
constexpr uint64_t kLeastPage = 4;
constexpr uint64_t kAll = std::numeric_limits<uint64_t>::max() - 1;

Json filter_of(const Request& request) {
  Json filter = Json::object();
  if (const auto service = request.option("service")) filter["service"] = parse_service_path(*service);
  if (const auto server = request.option("server")) filter["server"] = parse_address("--server", *server);
  if (const auto client = request.option("client")) filter["client"] = parse_prefix("--client", *client);
  if (auto state = request.option("state")) {
    std::ranges::transform(*state, state->begin(),
                           [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    filter["state"] = *state;
  }
  return filter;
}

uint64_t limit_of(const Request& request) {
  const auto given = request.option("limit");
  if (given && request.has_switch("all")) throw UsageError("--all has no limit: leave out --limit or --all");
  if (request.has_switch("all")) return kAll;
  return given ? parse_number("--limit", *given, 1, kAll - 1) : kDefaultLimit;
}

/// Calls row(connection) for up to `limit` connections, and flush() after each page. True if there are more.
template <typename Row, typename Flush>
bool stream(const Request& request, Json params, uint64_t limit, Row&& row, Flush&& flush) {
  Json next = 0;
  while (!next.is_null() && request.out.good()) {
    params["limit"] = std::clamp(limit + 1, kLeastPage, kPage);  // one more tells whether there are more
    params["cursor"] = next;
    const Json page = request.call("connection.list", params);
    for (const Json& connection : member(page, "connections")) {
      if (limit-- == 0) {
        flush();
        return true;
      }
      row(connection);
    }
    flush();
    next = member(page, "next");
  }
  return false;
}

void print_lines(const Request& request, const Json& filter) {
  stream(
      request, filter, kAll, [&](const Json& connection) { request.out << dump(connection) << '\n'; },
      [&] { request.out.flush(); });
}

void print_rows(const Request& request, const Json& filter, uint64_t limit) {
  Table table(
      {{"CLIENT"}, {"SERVICE"}, {"SERVER"}, {"STATE"}, {"IDLE", Align::right}, {"EXPIRES", Align::right}});
  bool any = false;
  const bool more = stream(
      request, filter, limit,
      [&](const Json& connection) {
        any = true;
        table.add_row({format_endpoint(text(connection, "client"), text(connection, "client_port")),
                       service_name(connection), text(connection, "server"), text(connection, "state"),
                       duration(connection, "idle"), duration(connection, "expires")});
      },
      [&] { (request.out << table.take_rows()).flush(); });
  if (!any) request.out << "No such connections.\n";
  if (more) request.out << "There are more than these " << limit << "; raise --limit, or use --all.\n";
}

}  // namespace

void show_connections(const Request& request) {
  Json filter = filter_of(request);
  const uint64_t limit = limit_of(request);
  if (!request.json) return print_rows(request, filter, limit);
  if (limit == kAll) return print_lines(request, filter);
  if (limit > kHighestAnswer) {
    throw UsageError("--limit: one answer has at most " + std::to_string(kHighestAnswer) +
                     " connections; use --all for one on each line");
  }
  filter["limit"] = limit;
  request.print_json(request.call("connection.list", filter));
}

}  // namespace turnout::cli
