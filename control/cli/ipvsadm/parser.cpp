#include "control/cli/ipvsadm/parser.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "control/cli/ipvsadm/endpoint.h"
#include "control/cli/ipvsadm/legality.h"
#include "control/cli/ipvsadm/numbers.h"
#include "control/cli/ipvsadm/parser_values.h"

namespace turnout::cli::ipvsadm {
namespace {

constexpr std::array<std::pair<std::string_view, Action>, 16> kActions = {{
    {"add-service", Action::add_service},
    {"edit-service", Action::edit_service},
    {"delete-service", Action::delete_service},
    {"clear", Action::clear},
    {"list", Action::list},
    {"add-server", Action::add_server},
    {"edit-server", Action::edit_server},
    {"delete-server", Action::delete_server},
    {"set", Action::set_timeouts},
    {"start-daemon", Action::start_daemon},
    {"stop-daemon", Action::stop_daemon},
    {"restore", Action::restore},
    {"save", Action::save},
    {"zero", Action::zero},
    {"help", Action::help},
    {"version", Action::version},
}};

/// One command line on its way through.
class Parser {
 public:
  Parser(const std::vector<std::string>& words, const Names& names) : reader_(words), names_(names) {}

  Command parse(const std::string& program);

 private:
  Action read_action(const std::string& program);
  void read_options();
  void read(const Given& given);
  void read_service(const Given& given);
  void read_scheduling(const Given& given);
  void read_server(const Given& given);
  void read_format(const Given& given);
  void note(const Given& given);
  bool has(Kind kind) const { return given_[static_cast<size_t>(kind)]; }

  void finish();
  void finish_timeouts();
  void finish_service();
  void finish_server();
  void finish_list();

  OptionReader reader_;
  const Names& names_;
  Command command_;
  Kinds given_;
  std::string scheduler_flags_;
  std::string mask_;
  std::string server_;
  std::string forward_;  // the option's name
};

Command Parser::parse(const std::string& program) {
  command_.action = read_action(program);
  if (command_.action == Action::help || command_.action == Action::version) return command_;
  read_options();
  finish();
  return command_;
}

Action Parser::read_action(const std::string& program) {
  const GrammarError none("Try `" + program + " -h' or '" + program + " --help' for more information.");
  std::optional<Given> first;
  try {
    first = reader_.next();
  } catch (const GrammarError&) {
    throw none;
  }
  if (!first) throw none;
  const auto action = action_of(*first->option);
  if (!action) throw none;
  if (*action == Action::start_daemon || *action == Action::stop_daemon)
    refuse_sync_daemon(first->option->name, *first->value);
  return *action;
}

void Parser::read_options() {
  while (const auto given = reader_.next()) read(*given);
}

void Parser::note(const Given& given) {
  const Kind kind = given.option->kind;
  if (has(kind) && kind != Kind::members)
    throw GrammarError(std::string("multiple '") + name_of(kind) + "' options specified");
  given_.set(static_cast<size_t>(kind));
}

void Parser::read(const Given& given) {
  if (given.is("sort")) return;  // the default; ipvsadm takes it for old times' sake
  if (given.is("ipv6")) {
    if (!command_.service || !command_.service->is_group()) throw GrammarError("-6 used before -f");
    command_.service->address = boost::asio::ip::address_v6();
    return;
  }
  if (given.option->kind == Kind::none) throw GrammarError("invalid option `" + given.word + "'");
  note(given);
  read_service(given);
  read_scheduling(given);
  read_server(given);
  read_format(given);
}

void Parser::read_service(const Given& given) {
  if (given.option->kind != Kind::service) return;
  if (given.is("fwmark-service")) {
    command_.service = group_of_mark(*given.value);
    return;
  }
  const std::string option = given.option->name;
  command_.service = service_at(*given.value, option.substr(0, option.find('-')), names_);
}

void Parser::read_scheduling(const Given& given) {
  Scheduling& scheduling = command_.scheduling;
  const Kind kind = given.option->kind;
  if (kind == Kind::scheduler) scheduling.scheduler = *given.value;
  if (kind == Kind::persistent) scheduling.persistence = persistence_of(given.value);
  if (kind == Kind::netmask) mask_ = *given.value;
  if (kind == Kind::one_packet) scheduling.one_packet = true;
  if (kind == Kind::scheduler_flags) scheduler_flags_ = *given.value;
  if (kind == Kind::members) scheduling.members.push_back(member_of(*given.value, names_));
}

void Parser::read_server(const Given& given) {
  constexpr uint32_t kMost = std::numeric_limits<int32_t>::max();
  const auto value = [&](const char* what) {
    if (const auto number = to_number(*given.value, 0, kMost)) return *number;
    throw GrammarError(std::string("illegal ") + what + " specified");
  };
  const Kind kind = given.option->kind;
  if (kind == Kind::server) server_ = *given.value;
  if (kind == Kind::forward) forward_ = given.option->name;
  if (kind == Kind::weight) command_.server.weight = value("weight");
  if (kind == Kind::upper_threshold) command_.server.upper_threshold = value("u_threshold");
  if (kind == Kind::lower_threshold) command_.server.lower_threshold = value("l_threshold");
}

void Parser::read_format(const Given& given) {
  const Kind kind = given.option->kind;
  if (kind == Kind::numeric) command_.format.numeric = true;
  if (kind == Kind::exact) command_.format.exact = true;
  if (kind == Kind::nosort) command_.format.sorted = false;
}

void Parser::finish() {
  if (command_.action == Action::set_timeouts) {
    finish_timeouts();
  } else if (!reader_.arguments().empty()) {
    throw GrammarError("unexpected argument " + reader_.arguments().front());
  }
  if (!scheduler_flags_.empty())
    command_.scheduling.flags = flags_of(command_.scheduling.scheduler, scheduler_flags_);
  check_legality(command_.action, given_);
  switch (command_.action) {
    case Action::add_service:
    case Action::edit_service:
      return finish_service();
    case Action::add_server:
    case Action::edit_server:
    case Action::delete_server:
      return finish_server();
    case Action::list:
      return finish_list();
    default:
      return;
  }
}

void Parser::finish_timeouts() {
  const auto& values = reader_.arguments();
  if (values.size() < 3) throw GrammarError("--set option requires 3 timeout values");
  command_.timeouts = {timeout_of(values[0], 0), timeout_of(values[1], 0), timeout_of(values[2], 0)};
  if (values.size() > 3) throw GrammarError("unexpected argument " + values[3]);
}

void Parser::finish_service() {
  const ServiceId& service = *command_.service;
  Scheduling& scheduling = command_.scheduling;
  scheduling.prefix = service.is_ipv6() ? 128 : 32;
  if (has(Kind::netmask)) scheduling.prefix = prefix_of(mask_, service.is_ipv6(), names_);
  if (has(Kind::persistence_engine)) throw GrammarError("Scheduler or persistence engine not found");
  if (!service.is_group() && service.port == 0 && scheduling.persistence == 0)
    throw GrammarError("Zero port specified for non-persistent service");
  if (scheduling.one_packet && !service.is_group() && service.protocol != "udp")
    throw GrammarError("One-Packet Scheduling is only for UDP virtual services");
  if (has(Kind::members) && !service.is_group())
    throw GrammarError("The option 'member' is of services by -f only");
}

void Parser::finish_server() {
  const ServiceId& service = *command_.service;
  const auto server = parse_endpoint(server_, service.protocol, names_);
  if (!server) throw GrammarError("illegal real server address[:port] specified");
  command_.server.address = server->address;
  if (!forward_.empty() && forward_ != "gatewaying") refuse_forwarding(forward_, service);
  if (server->address.is_v6() != service.is_ipv6())
    throw GrammarError("Different address family is allowed only for tunneling servers");
  for (const Kind tunnel :
       {Kind::tunnel_type, Kind::tunnel_port, Kind::tunnel_nocsum, Kind::tunnel_csum, Kind::tunnel_remcsum}) {
    if (has(tunnel)) throw GrammarError("Tunnel options conflict with forward method");
  }
  // its port is the service's, whatever -r says: as ipvsadm has it for Direct Routing
}

void Parser::finish_list() {
  if (has(Kind::daemon)) refuse_sync_daemon("daemon", "");
  const bool counters = has(Kind::stats) || has(Kind::rate) || has(Kind::thresholds);
  if ((counters && (has(Kind::connection) || has(Kind::timeout))) ||
      (has(Kind::timeout) && has(Kind::persistent_conn)))
    throw GrammarError("options conflicts in the list command");
  Format& format = command_.format;
  format.persistence_engine = has(Kind::persistent_conn);
  constexpr std::array<std::pair<Kind, View>, 7> kViews = {{{Kind::connection, View::connections},
                                                            {Kind::timeout, View::timeouts},
                                                            {Kind::stats, View::stats},
                                                            {Kind::rate, View::rate},
                                                            {Kind::thresholds, View::thresholds},
                                                            {Kind::persistent_conn, View::persistent},
                                                            {Kind::tunnel_info, View::tunnels}}};
  const auto view =
      std::find_if(kViews.begin(), kViews.end(), [&](const auto& each) { return has(each.first); });
  if (view != kViews.end()) format.view = view->second;
}

}  // namespace

std::optional<Action> action_of(const Option& option) {
  const auto found = std::ranges::find(kActions, option.name, &std::pair<std::string_view, Action>::first);
  return found == kActions.end() ? std::nullopt : std::optional(found->second);
}

Command parse_command(const std::vector<std::string>& words, const Names& names, const std::string& program) {
  return Parser(words, names).parse(program);
}

}  // namespace turnout::cli::ipvsadm
