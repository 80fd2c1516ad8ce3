#include "control/cli/ipvsadm/entry.h"

#include <algorithm>
#include <iterator>
#include <ostream>

#include "control/cli/completion/candidates.h"
#include "control/cli/ipvsadm/options.h"
#include "control/cli/ipvsadm/session.h"
#include "control/cli/options.h"

namespace turnout::cli::ipvsadm {
namespace {

using Words = std::vector<std::string>;

/// How many words at the front are turnoutctl's own options.
size_t own_words(const Words& arguments) {
  size_t count = 0;
  while (count < arguments.size()) {
    const std::string& word = arguments[count];
    if (word == "--socket") {
      count += 2;
    } else if (word == "--json" || word.starts_with("--socket=")) {
      ++count;
    } else {
      break;
    }
  }
  return std::min(count, arguments.size());
}

bool is_own(const std::string& word) {
  return word == "-h" || word == "--help" || word == "--version";
}

bool starts_grammar(const std::string& program, const Words& words) {
  if (!words.empty() && words.front() == kCompleteWord) return false;
  if (program.starts_with("turnout-ipvsadm")) return true;
  if (words.empty() || is_own(words.front())) return false;
  try {
    return find_option(words.front()) != nullptr;
  } catch (const GrammarError&) {
    return true;  // the beginning of several
  }
}

/// The words as ipvsadm would be given them; the other two programs are short for -S and -R.
Words words_of(const std::string& program, Words words) {
  if (program == "turnout-ipvsadm-save") words.insert(words.begin(), "-S");
  if (program == "turnout-ipvsadm" && words.empty()) words = {"-L"};
  return words;
}

ExitCode run_restore_program(const Words& words, const Session& session) {
  if (words.empty()) return restore(session, true);
  session.err << session.program
              << ": takes rules on its standard input in place of all that there are, and no arguments\n";
  return kUsage;
}

}  // namespace

std::optional<ExitCode> run_if_grammar(const Words& arguments, const Environment& environment) {
  const auto split = std::next(arguments.begin(), static_cast<std::ptrdiff_t>(own_words(arguments)));
  const Words words(split, arguments.end());
  if (!starts_grammar(environment.program, words)) return std::nullopt;
  const GlobalOptions own = parse_global_options({arguments.begin(), split}, environment.socket);
  const SystemNames names;
  const Session session{.program = environment.program,
                        .version = environment.version,
                        .json = own.json,
                        .call = connect_later(environment, own.socket),
                        .names = names,
                        .in = environment.in,
                        .out = environment.out,
                        .err = environment.err};
  if (environment.program == "turnout-ipvsadm-restore") return run_restore_program(words, session);
  return run(words_of(environment.program, words), session);
}

}  // namespace turnout::cli::ipvsadm
