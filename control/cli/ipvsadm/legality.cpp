#include "control/cli/ipvsadm/legality.h"

#include <initializer_list>

namespace turnout::cli::ipvsadm {
namespace {

Kinds kinds(std::initializer_list<Kind> members) {
  Kinds result;
  for (const Kind kind : members) result.set(static_cast<size_t>(kind));
  return result;
}

struct Rule {
  const char* name;  // of the command, as error messages name it
  Kinds needed;
  Kinds allowed;    // besides
  Kinds exclusive;  // at most one of these
};

Rule service_rule(const char* name) {
  return {name,
          kinds({Kind::service}),
          kinds({Kind::scheduler, Kind::persistent, Kind::netmask, Kind::one_packet, Kind::persistence_engine,
                 Kind::scheduler_flags, Kind::members}),
          {}};
}

Rule server_rule(const char* name) {
  return {name,
          kinds({Kind::service, Kind::server}),
          kinds({Kind::forward, Kind::weight, Kind::upper_threshold, Kind::lower_threshold, Kind::tunnel_type,
                 Kind::tunnel_port, Kind::tunnel_nocsum, Kind::tunnel_csum, Kind::tunnel_remcsum}),
          {}};
}

Rule list_rule() {
  return {"list",
          {},
          kinds({Kind::numeric, Kind::stats, Kind::rate, Kind::thresholds, Kind::persistent_conn,
                 Kind::nosort, Kind::syncid, Kind::exact, Kind::tunnel_info}),
          kinds({Kind::connection, Kind::service, Kind::timeout, Kind::daemon})};
}

Rule rule_of(Action action) {
  switch (action) {
    case Action::add_service:
      return service_rule("add-service");
    case Action::edit_service:
      return service_rule("edit-service");
    case Action::delete_service:
      return {"delete-service", kinds({Kind::service}), {}, {}};
    case Action::clear:
      return {"flush", {}, {}, {}};
    case Action::list:
      return list_rule();
    case Action::add_server:
      return server_rule("add-server");
    case Action::edit_server:
      return server_rule("edit-server");
    case Action::delete_server:
      return {"delete-server", kinds({Kind::service, Kind::server}), {}, {}};
    case Action::restore:
      return {"restore", {}, {}, {}};
    case Action::save:
      return {"save", {}, kinds({Kind::numeric}), {}};
    case Action::zero:
      return {"zero", {}, kinds({Kind::service}), {}};
    default:
      return {"set", {}, {}, {}};
  }
}

[[noreturn]] void refuse_both(Kind first, Kind second, const Rule& rule) {
  throw GrammarError(std::string("The option '") + name_of(second) + "' conflicts with the '" +
                     name_of(first) + "' option in the '" + rule.name + "' command");
}

}  // namespace

void check_legality(Action action, const Kinds& given) {
  const Rule rule = rule_of(action);
  Kind exclusive = Kind::none;
  for (size_t i = 0; i < kKinds; ++i) {
    const Kind kind = static_cast<Kind>(i);
    if (rule.needed[i] && !given[i])
      throw GrammarError(std::string("You need to supply the '") + name_of(kind) + "' option for the '" +
                         rule.name + "' command");
    if (!given[i]) continue;
    if (!rule.needed[i] && !rule.allowed[i] && !rule.exclusive[i])
      throw GrammarError(std::string("Illegal '") + name_of(kind) + "' option with the '" + rule.name +
                         "' command");
    if (!rule.exclusive[i]) continue;
    if (exclusive != Kind::none) refuse_both(exclusive, kind, rule);
    exclusive = kind;
  }
}

Kinds still_allowed(Action action, const Kinds& given) {
  const Rule rule = rule_of(action);
  const Kinds one_of = (rule.exclusive & given).none() ? rule.exclusive : Kinds();
  return (rule.needed | rule.allowed | one_of) & ~given;
}

}  // namespace turnout::cli::ipvsadm
