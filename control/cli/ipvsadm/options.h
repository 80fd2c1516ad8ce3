// The options of ipvsadm 1.31, and the command line taken apart into them as its parser (popt) does.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace turnout::cli::ipvsadm {

/// A command line that isn't taken; what() is all that is to be printed, in ipvsadm's words where it has
/// some.
struct GrammarError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What may be given once, in the order in which ipvsadm checks it against the command. `members` is
/// Turnout's own.
enum class Kind {
  numeric,
  connection,
  service,
  scheduler,
  persistent,
  netmask,
  server,
  forward,
  weight,
  upper_threshold,
  lower_threshold,
  mcast,
  timeout,
  daemon,
  stats,
  rate,
  thresholds,
  persistent_conn,
  nosort,
  syncid,
  exact,
  one_packet,
  persistence_engine,
  scheduler_flags,
  mcast_group,
  mcast_port,
  mcast_ttl,
  sync_maxlen,
  tunnel_info,
  tunnel_type,
  tunnel_port,
  tunnel_nocsum,
  tunnel_csum,
  tunnel_remcsum,
  members,
  none  // commands, -6 and --sort
};
inline constexpr size_t kKinds = static_cast<size_t>(Kind::none);

const char* name_of(Kind kind);  ///< as error messages name it: "service-address"

enum class Value { none, required, optional };

struct Option {
  const char* name;  // "add-service"
  char letter;       // 'A', or '\0'
  Value value;
  Kind kind;
};

std::span<const Option> all_options();

/// By "--name" (or the beginning of it that fits one option only), "--name=value" or "-x…"; null if there is
/// none. Throws GrammarError if several fit.
const Option* find_option(std::string_view word);

/// An option as it was found.
struct Given {
  const Option* option;
  std::string word;  // the word of the command line that it is in
  std::optional<std::string> value;

  bool is(std::string_view name) const { return option->name == name; }
};

/// Walks through the words from left to right, so that the first thing wrong is the one that is said.
class OptionReader {
 public:
  explicit OptionReader(const std::vector<std::string>& words) : words_(words) {}

  /// The next option; nothing at the end. Throws GrammarError: "-q: unknown option".
  std::optional<Given> next();

  /// The words met so far that are no options. After next() gave nothing: all.
  const std::vector<std::string>& arguments() const { return arguments_; }

 private:
  Given read_long(const std::string& word);
  Given read_short();
  std::string take_value(const std::string& word);

  const std::vector<std::string>& words_;
  size_t at_ = 0;        // the next word
  std::string cluster_;  // a word such as -Ln that isn't read to its end, else empty
  size_t letter_ = 0;    // of the cluster, the next one
  std::vector<std::string> arguments_;
};

}  // namespace turnout::cli::ipvsadm
