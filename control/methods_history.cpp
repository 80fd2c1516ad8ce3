#include <unistd.h>

#include <array>
#include <ctime>
#include <utility>

#include "control/methods.h"

namespace turnout {

namespace {

/// ISO 8601, in UTC: "2026-01-31T12:00:00Z".
std::string utc_text(ConfigHistory::Clock::time_point time) {
  const std::time_t seconds = ConfigHistory::Clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text;
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json to_json(const Author& author) {
  return {{"uid", author.uid},
          {"user", text_or_null(author.user)},
          {"pid", author.pid > 0 ? Json(author.pid) : Json(nullptr)},
          {"program", text_or_null(author.program)}};
}

Json list_history(const ConfigHistory& history) {
  Json rows = Json::array();
  for (auto entry = history.entries().rbegin(); entry != history.entries().rend(); ++entry) {
    const Origin& by = entry->by;
    rows.push_back({{"generation", entry->generation},
                    {"time", utc_text(entry->time)},
                    {"who", by.who ? to_json(*by.who) : Json(nullptr)},
                    {"how", by.how},
                    {"changes", entry->changes},
                    {"config_known", history.is_known(entry->generation)}});
    if (by.restored) rows.back()["restored"] = *by.restored;
  }
  return rows;
}

uint64_t generation_to_restore(const ConfigHistory& history, const Json& params) {
  const Json wanted = params.value("generation", Json());
  if (!wanted.is_number_unsigned())
    refuse(RpcCode::invalid_params, {{"/generation", "missing or no number: give one of config.history's"}});
  const auto generation = wanted.get<uint64_t>();
  const auto refuse_with = [](RpcCode code, const std::string& reason) {
    throw RpcError(code, reason, {{"pointer", "/generation"}});
  };
  if (!history.find(generation)) {
    refuse_with(RpcCode::no_such, "no such generation: " + wanted.dump() + "; the history has " +
                                      std::to_string(history.entries().front().generation) + " to " +
                                      std::to_string(history.entries().back().generation));
  }
  if (!history.is_known(generation)) {
    refuse_with(RpcCode::cannot, "the configuration of generation " + wanted.dump() +
                                     " is not kept any more, as what came after it takes too much memory: "
                                     "give one that config.history has with config_known");
  }
  return generation;
}

/// May what is done for this client be all that the daemon may do?
bool is_the_daemons_own(const Origin& by) {
  return by.who && (by.who->uid == 0 || by.who->uid == ::geteuid());
}

Json roll_back(DaemonView& daemon, const Json& params, Origin by) {
  allow_only(params, {"generation", "dry_run"});
  const Director& director = daemon.director;
  by.restored = generation_to_restore(director.history(), params);
  Config next = director.history().config_of(*by.restored, director.config());
  if (!is_the_daemons_own(by)) refuse_new_programs(daemon, next);
  try {
    return to_json(daemon.director.apply(std::move(next), is_dry_run(params), director.time(), by));
  } catch (const ConfigRefused& refused) {
    refuse(refused);
  }
}

}  // namespace

void add_history_methods(RpcDispatcher& dispatcher, DaemonView& daemon) {
  dispatcher.add("config.history", [&daemon](const Json& params) {
    allow_only(params, {});
    return list_history(daemon.director.history());
  });
  add_change(dispatcher, daemon, "config.rollback",
             [&daemon](const Json& params, const Origin& by) { return roll_back(daemon, params, by); });
}

}  // namespace turnout
