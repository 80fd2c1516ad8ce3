#include "control/cli/registry_json.h"

#include "control/cli/commands.h"
#include "control/cli/options.h"

namespace turnout::cli {
namespace {

Json command_json(const Command& command) {
  Json options = Json::array();
  for (const CommandOption& option : command.options)
    options.push_back({{"name", option.name}, {"value_name", option.value_name}, {"help", option.help}});
  return {{"name", command.name},          {"arguments", command.arguments},
          {"summary", command.summary},    {"json_method", command.json_method},
          {"options", std::move(options)}, {"details", command.details}};
}

}  // namespace

Json registry_json() {
  Json groups = Json::array();
  for (const CommandGroup& group : command_groups()) {
    Json commands = Json::array();
    for (const Command& command : group.commands) commands.push_back(command_json(command));
    groups.push_back({{"title", group.title}, {"example", group.example}, {"commands", std::move(commands)}});
  }
  Json options = Json::array();
  for (const GlobalOption& option : list_global_options())
    options.push_back({{"name", option.name}, {"value_name", option.value_name}, {"help", option.help}});
  return {{"groups", std::move(groups)}, {"options", std::move(options)}};
}

}  // namespace turnout::cli
