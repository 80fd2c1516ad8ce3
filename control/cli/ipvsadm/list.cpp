// -L and -S: asks for what is to be shown, and shows it.
#include <algorithm>
#include <ostream>

#include "control/cli/ipvsadm/connections.h"
#include "control/cli/ipvsadm/listing.h"
#include "control/cli/ipvsadm/rules.h"
#include "control/cli/ipvsadm/session.h"

namespace turnout::cli::ipvsadm {
namespace {

constexpr uint64_t kPage = 10'000;  // connections

bool print_json(const Session& session, const Json& result) {
  if (session.json) session.out << dump(result) << '\n';
  return session.json;
}

void list_timeouts(const Session& session) {
  const Json config = session.call("config.get", Json::object());
  const Json& timeouts = member(member(config, "connections"), "timeouts");
  if (print_json(session, timeouts)) return;
  session.out << "Timeout (tcp tcpfin udp): " << number(timeouts, "tcp_established") << ' '
              << number(timeouts, "tcp_fin") << ' ' << number(timeouts, "udp") << '\n';
}

/// Page by page, as there may be millions.
void list_connections(const Format& format, const Session& session) {
  const Names* names = format.numeric ? nullptr : &session.names;
  Json all = Json::array();
  Json cursor = 0;
  for (bool first = true; !cursor.is_null(); first = false) {
    const Json page = session.call("connection.list", {{"limit", kPage}, {"cursor", cursor}});
    if (first && !session.json) session.out << connections_title(format.persistence_engine);
    for (const Json& connection : member(page, "connections")) {
      if (session.json) {
        all.push_back(connection);
      } else {
        session.out << connection_line(connection, names);
      }
    }
    cursor = member(page, "next");
  }
  print_json(session, all);
}

/// The one that -L SERVICE asks for.
void keep_only(const ServiceId& wanted, std::vector<VirtualServer>& services) {
  std::erase_if(services, [&](const VirtualServer& service) { return !(service.id == wanted); });
  if (services.empty()) throw Refused({{"code", -32000}, {"message", "No such service"}});
}

void save(const std::vector<VirtualServer>& services, const Format& format, const Session& session) {
  session.out << write_rules(services, format.numeric, session.names);
  for (const std::string& group : named_groups(services))
    session.err << "left out: group " << group
                << " has a name, and ipvsadm's rules know numbers only (turnoutctl save keeps it)\n";
}

void list_all(const Command& command, const Session& session) {
  const Json list = session.call("service.list", Json::object());
  if (print_json(session, list)) return;
  const Json stats = session.call("stats.get", Json::object());
  std::vector<VirtualServer> services = read_virtual_servers(list, stats);
  if (command.service) keep_only(*command.service, services);
  if (command.format.sorted) sort_virtual_servers(services);
  if (command.action == Action::save) return save(services, command.format, session);
  if (!command.service) session.out << version_line(number(member(stats, "connection_table"), "capacity"));
  session.out << list_services(services, command.format, session.names);
}

}  // namespace

void list(const Command& command, const Session& session) {
  if (command.format.view == View::timeouts) return list_timeouts(session);
  if (command.format.view == View::connections) return list_connections(command.format, session);
  list_all(command, session);
}

}  // namespace turnout::cli::ipvsadm
