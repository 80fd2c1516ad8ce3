#include "control/cli/completion/placeholders.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "control/event_kind.h"
#include "dataplane/verdict.h"

namespace turnout::cli {
namespace {

/// What only whoever types it can know.
constexpr auto kFreeText = std::to_array<std::string_view>(
    {"SECONDS", "N", "MAC", "T", "NAME", "COUNT", "TEXT", "TIME", "STATE", "ADDRESS", "SORT", "BITS",
     "PREFIX", "DURATION", "CLIENT:PORT", "HEX", "N|none", "TYPE"});

std::vector<Candidate> of_words(std::string_view words, char separator) {
  std::vector<Candidate> candidates;
  while (!words.empty()) {
    const size_t end = std::min(words.find(separator), words.size());
    candidates.push_back({std::string(words.substr(0, end)), ""});
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return candidates;
}

/// "yes|no|while_up": words to choose from.
bool is_choice(const std::string& placeholder) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz_-0123456789|";
  return placeholder.find('|') != std::string::npos &&
         placeholder.find_first_not_of(kLetters) == std::string::npos;
}

/// "tcp" of a service that is already there: the kinds that there are.
std::vector<Candidate> kinds(const Place& place, const DaemonNames& names) {
  if (place.owner == "service add") return of_words("tcp udp sctp group", ' ');
  return names.kinds();
}

std::vector<Candidate> event_kinds() {
  std::vector<Candidate> candidates;
  for (const std::string_view name : kEventKindNames) candidates.push_back({std::string(name), ""});
  return candidates;
}

std::vector<Candidate> drop_reasons() {
  std::vector<Candidate> candidates;
  for (const std::string_view name : kDropReasonNames) candidates.push_back({std::string(name), ""});
  return candidates;
}

using Source = std::vector<Candidate> (*)(const Place&, const DaemonNames&);

/// "tcp", "udp", "sctp" or "group" of the service that the arguments name; "" if they name none.
std::string kind_before(const Place& place) {
  constexpr std::array<std::string_view, 4> kKinds{"tcp", "udp", "sctp", "group"};
  const auto found =
      std::find_first_of(place.before.rbegin(), place.before.rend(), kKinds.begin(), kKinds.end());
  return found == place.before.rend() ? "" : *found;
}

std::string last_before(const Place& place) {
  return place.before.empty() ? "" : place.before.back();
}

std::vector<Candidate> servers(const Place& place, const DaemonNames& names) {
  return names.servers(kind_before(place), last_before(place));
}

/// By what an option or command is called, where its placeholder says too little.
Source source_of_owner(const std::string& owner) {
  if (owner == "scheduler") {
    return [](const Place&, const DaemonNames&) {
      return of_words("rr wrr lc wlc sh dh mh sed nq fo ovf", ' ');
    };
  }
  if (owner == "health") {
    return
        [](const Place&, const DaemonNames&) { return of_words("tcp icmp udp http https exec none", ' '); };
  }
  if (owner == "flags") {
    return [](const Place&, const DaemonNames&) { return of_words("syn ack fin rst", ' '); };
  }
  if (owner == "port") return [](const Place&, const DaemonNames& names) { return names.ports(); };
  if (owner == "client") return [](const Place&, const DaemonNames&) { return std::vector<Candidate>(); };
  if (owner == "rollback") return [](const Place&, const DaemonNames& names) { return names.generations(); };
  return nullptr;
}

std::vector<Candidate> filters(const Place&, const DaemonNames& names) {
  return names.filters();
}

struct Known {
  std::string_view placeholder;
  Source source;
};
constexpr std::array kKnown{
    Known{"tcp", kinds},
    Known{"VIP:PORT",
          [](const Place& place, const DaemonNames& names) { return names.services(kind_before(place)); }},
    Known{"tcp/VIP:PORT", [](const Place&, const DaemonNames& names) { return names.service_paths(); }},
    Known{"KEY", [](const Place&, const DaemonNames& names) { return names.service_paths(); }},
    Known{"ADDR", servers},
    Known{"SERVER", servers},
    Known{"VIP", [](const Place&, const DaemonNames& names) { return names.vips(); }},
    Known{"PORT", [](const Place&, const DaemonNames& names) { return names.ports(); }},
    Known{"KIND", [](const Place&, const DaemonNames&) { return event_kinds(); }},
    Known{"REASON", [](const Place&, const DaemonNames&) { return drop_reasons(); }},
    Known{"G", [](const Place&, const DaemonNames& names) { return names.generations(); }},
    Known{"FILTER", filters},
    Known{"FILTER|none", filters},
    Known{"GENERATION", [](const Place&, const DaemonNames& names) { return names.generations(); }},
};

/// Without what may follow in brackets: "ADDR[,weight=N]" → "ADDR", "[SERVER]" → "SERVER", "WORD…" → "WORD".
std::string stem(const std::string& placeholder) {
  const size_t start = placeholder.starts_with('[') ? 1 : 0;
  const size_t end =
      std::min({placeholder.find('[', start), placeholder.find(']', start), placeholder.find("…", start)});
  return placeholder.substr(start, end == std::string::npos ? end : end - start);
}

bool is_file(const std::string& placeholder) {
  return placeholder == "FILE" || placeholder == "PATH";
}

}  // namespace

Candidates candidates_at(const Place& place, const DaemonNames& names) {
  const std::string placeholder = stem(place.placeholder);
  if (const Source source = source_of_owner(place.owner)) return {source(place, names), false};
  if (is_file(placeholder)) return {{}, true};
  if (is_choice(placeholder)) return {of_words(placeholder, '|'), false};
  const auto* known = std::ranges::find(kKnown, placeholder, &Known::placeholder);
  return {known == kKnown.end() ? std::vector<Candidate>() : known->source(place, names), false};
}

bool is_known_placeholder(const std::string& placeholder) {
  const std::string name = stem(placeholder);
  return is_file(name) || is_choice(name) || name == "TYPE|{" || name == "FLAGS" ||
         std::ranges::find(kFreeText, name) != kFreeText.end() ||
         std::ranges::find(kKnown, name, &Known::placeholder) != kKnown.end();
}

}  // namespace turnout::cli
