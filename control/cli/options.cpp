#include "control/cli/options.h"

#include <boost/program_options.hpp>
#include <sstream>
#include <utility>

#include "control/cli/errors.h"

namespace turnout::cli {
namespace {

namespace po = boost::program_options;

po::options_description global_options() {
  constexpr unsigned kLineLength = 110;
  po::options_description options("Options of every command", kLineLength);
  options.add_options()  //
      ("socket", po::value<std::string>()->value_name("PATH"),
       "control socket (default: $TURNOUT_SOCKET, else /run/turnout/control.sock)")  //
      ("json", po::bool_switch(),
       "print the daemon's JSON result, on one line; with help: every command, as JSON")  //
      ("help", po::bool_switch(), "this text; after a command: that command's")           //
      ("version", po::bool_switch(), "print the version");
  return options;
}

std::pair<std::string, std::string> read_short_help(const std::string& word) {
  return {word == "-h" ? "help" : "", ""};
}

std::string choose_socket(const po::variables_map& given, const std::optional<std::string>& environment) {
  if (given.count("socket") == 0) {
    return environment.has_value() && !environment->empty() ? *environment : kDefaultSocket;
  }
  std::string socket = given["socket"].as<std::string>();
  if (socket.empty()) throw UsageError("--socket: the path is empty; give the daemon's control socket");
  return socket;
}

}  // namespace

GlobalOptions parse_global_options(const std::vector<std::string>& arguments,
                                   const std::optional<std::string>& environment_socket) try {
  // Long options only: "-A" and the like stay words, so that ipvsadm's grammar can be told from a misspelt
  // option.
  constexpr int kStyle = po::command_line_style::allow_long | po::command_line_style::long_allow_adjacent |
                         po::command_line_style::long_allow_next;
  const po::options_description options = global_options();
  const po::parsed_options parsed = po::command_line_parser(arguments)
                                        .options(options)
                                        .style(kStyle)
                                        .extra_parser(read_short_help)
                                        .allow_unregistered()
                                        .run();
  po::variables_map given;
  po::store(parsed, given);

  GlobalOptions result;
  result.socket = choose_socket(given, environment_socket);
  result.json = given["json"].as<bool>();
  result.help = given["help"].as<bool>();
  result.version = given["version"].as<bool>();
  result.words = po::collect_unrecognized(parsed.options, po::include_positional);
  return result;
} catch (const po::error& error) {
  throw UsageError(error.what());
}

std::vector<GlobalOption> list_global_options() {
  std::vector<GlobalOption> list;
  const po::options_description options = global_options();
  for (const auto& option : options.options()) {
    const bool has_value = option->semantic()->max_tokens() > 0;
    list.push_back({option->long_name(), has_value ? option->semantic()->name() : "", option->description()});
  }
  return list;
}

std::string describe_global_options() {
  std::ostringstream text;
  text << global_options();
  return text.str();
}

}  // namespace turnout::cli
