#include "control/cli/import/ipvsadm_rules.h"

#include <array>
#include <map>
#include <sstream>
#include <string_view>

namespace turnout::cli {
namespace {

constexpr uint64_t kDefaultPersistence = 360;  // seconds, of a bare -p

/// Each with a letter of its own; of those with no short form, one that ipvsadm doesn't have.
struct LongForm {
  std::string_view name;
  char letter;
};
constexpr std::array<LongForm, 22> kLongForms{{
    {"--add-service", 'A'},  {"--add-server", 'a'},     {"--tcp-service", 't'}, {"--udp-service", 'u'},
    {"--sctp-service", '^'}, {"--fwmark-service", 'f'}, {"--ipv6", '6'},        {"--scheduler", 's'},
    {"--persistent", 'p'},   {"--netmask", 'M'},        {"--ops", 'o'},         {"--sched-flags", 'b'},
    {"--pe", '*'},           {"--real-server", 'r'},    {"--gatewaying", 'g'},  {"--masquerading", 'm'},
    {"--ipip", 'i'},         {"--weight", 'w'},         {"--u-threshold", 'x'}, {"--l-threshold", 'y'},
    {"--numeric", 'n'},      {"--exact", '='},
}};
constexpr std::string_view kWithValue = "tu^fsMbr*wxy";

/// The options of one line, by letter; the first letter is the command.
struct Rule {
  std::map<char, std::string> options;
  std::string unknown;  // the first word that is no option

  bool has(char letter) const { return options.contains(letter); }
  std::string value(char letter) const { return has(letter) ? options.at(letter) : ""; }
};

char letter_of(const std::string& word) {
  for (const LongForm& form : kLongForms) {
    if (word == form.name) return form.letter;
  }
  const bool is_short = word.size() == 2 && word[0] == '-' && word[1] != '-';
  return is_short ? word[1] : '\0';
}

Rule read_rule(const std::vector<std::string>& words) {
  constexpr std::string_view kKnown = "AEDRSCaedLlZtu^f6spMob*rgmiwxyn=";
  Rule rule;
  for (size_t i = 0; i < words.size(); ++i) {
    const char letter = letter_of(words[i]);
    const bool is_known = letter != '\0' && kKnown.find(letter) != std::string_view::npos;
    if (!is_known && rule.unknown.empty()) rule.unknown = words[i];
    if (!is_known) continue;
    const bool has_next = i + 1 < words.size();
    const bool takes_next = kWithValue.find(letter) != std::string_view::npos ||
                            (letter == 'p' && has_next && words[i + 1][0] != '-');
    rule.options[letter] = takes_next && has_next ? words[++i] : "";
  }
  return rule;
}

struct Endpoint {
  Address address;
  uint16_t port;
};

/// 192.0.2.100:80 or [2001:db8::100]:80; without a port: 0.
std::optional<Endpoint> read_endpoint(const std::string& text) {
  const bool has_brackets = text.starts_with('[');
  const size_t end = has_brackets ? text.find(']') : text.find(':');
  const auto address = read_address(
      text.substr(has_brackets ? 1 : 0, has_brackets && end != std::string::npos ? end - 1 : end));
  if (!address || address->is_v6() != has_brackets) return std::nullopt;
  const size_t colon = has_brackets && end != std::string::npos ? end + 1 : end;
  if (colon >= text.size()) return Endpoint{*address, 0};
  const auto port = text[colon] == ':' ? read_port(text.substr(colon + 1)) : std::nullopt;
  if (!port) return std::nullopt;
  return Endpoint{*address, *port};
}

class RulesReader {
 public:
  explicit RulesReader(Leftovers& leftovers) : leftovers_(leftovers) {}

  std::vector<Draft> read(const std::string& text) {
    std::istringstream lines(text);
    std::string line;
    while (std::getline(lines, line)) {
      ++line_;
      std::istringstream stream(line);
      std::vector<std::string> words;
      for (std::string word; stream >> word;) words.push_back(word);
      if (!words.empty() && words[0][0] != '#') read_line(words, line);
    }
    return std::move(drafts_);
  }

 private:
  void leave(const std::string& reason, const std::string& remedy) {
    leftovers_.add(line_, text_, reason, remedy);
  }

  void read_line(const std::vector<std::string>& words, const std::string& line) {
    const Rule rule = read_rule(words);
    text_ = line.substr(line.find_first_not_of(" \t"));
    if (!rule.unknown.empty()) {
      leave(rule.unknown + " is not known here", "remove it, or write the rule by hand");
    } else if (rule.has('A')) {
      add_service(rule);
    } else if (rule.has('a')) {
      add_server(rule);
    } else {
      leave("only rules that add (-A, -a) describe a configuration", "import what `ipvsadm -S -n` prints");
    }
  }

  std::string service_of(const Rule& rule) const {
    for (const char letter : {'t', 'u', '^', 'f'}) {
      if (rule.has(letter))
        return std::string(1, letter) + rule.value(letter) + (letter == 'f' && rule.has('6') ? " ipv6" : "");
    }
    return "";
  }

  /// Who it is for. False, with a leftover, if that can't be known.
  bool read_key(const Rule& rule, Draft& draft) {
    if (rule.has('f')) {
      draft.mark = read_whole_number(rule.value('f'));
      draft.is_ipv6 = rule.has('6');
      if (!draft.mark) leave("the firewall mark is no number", "give a whole number");
      return draft.mark.has_value();
    }
    const char by = rule.has('u') ? 'u' : rule.has('^') ? '^' : 't';
    draft.protocol = by == 'u' ? "udp" : by == '^' ? "sctp" : "tcp";
    const std::string text = rule.value(by);
    const auto endpoint = read_endpoint(text);
    if (!endpoint) {
      leave("'" + text + "' is no address and port in numbers", "save the rules with `ipvsadm -S -n`");
      return false;
    }
    draft.vip = endpoint->address;
    draft.port = endpoint->port;
    draft.is_ipv6 = draft.vip.is_v6();
    return true;
  }

  void add_service(const Rule& rule) {
    Draft draft;
    draft.line = line_;
    draft.name = text_;
    if (!read_key(rule, draft)) return;
    if (rule.has('s')) draft.scheduler = rule.value('s');
    draft.one_packet = rule.has('o');
    std::istringstream flags(rule.value('b'));
    for (std::string flag; std::getline(flags, flag, ',');) draft.flags.push_back(flag);
    read_persistence(rule, draft);
    if (rule.has('*'))
      leave("Turnout has no persistence engine " + rule.value('*'),
            "its clients are told apart by address alone");
    const auto [first, is_new] = services_.try_emplace(service_of(rule), drafts_.size());
    if (is_new) {
      drafts_.push_back(std::move(draft));
    } else {
      leave("the same service is given already in line " + std::to_string(drafts_[first->second].line),
            "remove one of the two");
    }
  }

  void read_persistence(const Rule& rule, Draft& draft) {
    if (!rule.has('p')) return;
    const auto seconds = rule.value('p').empty() ? kDefaultPersistence : read_whole_number(rule.value('p'));
    if (!seconds) leave("'" + rule.value('p') + "' is no number of seconds", "give a whole number");
    draft.persistence = seconds.value_or(kDefaultPersistence);
    if (!rule.has('M')) return;
    draft.persistence_prefix = read_mask(rule.value('M'), draft.is_ipv6);
    if (!draft.persistence_prefix)
      leave("'" + rule.value('M') + "' is no mask that a prefix length stands for",
            "each client counts by itself");
  }

  void add_server(const Rule& rule) {
    const auto service = services_.find(service_of(rule));
    if (service == services_.end()) {
      leave("its service is not there, or was not taken over", "see the lines about the service");
      return;
    }
    if (rule.has('m') || rule.has('i')) {
      leave(rule.has('m') ? "Turnout forwards by Direct Routing only, not by NAT (-m)"
                          : "Turnout forwards by Direct Routing only, not through a tunnel (-i)",
            "give the real server the VIP with scripts/real-server, then add it");
      return;
    }
    Draft& draft = drafts_[service->second];
    const auto endpoint = read_endpoint(rule.value('r'));
    if (!endpoint) {
      leave("'" + rule.value('r') + "' is no address in numbers", "save the rules with `ipvsadm -S -n`");
      return;
    }
    if (!draft.mark && endpoint->port != 0 && endpoint->port != draft.port)
      leave("Direct Routing never changes the port: the server gets packets for port " +
                std::to_string(draft.port),
            "have it listen there");
    draft.servers.push_back(
        {line_, endpoint->address, number(rule, 'w', 1), number(rule, 'x', 0), number(rule, 'y', 0)});
  }

  uint64_t number(const Rule& rule, char letter, uint64_t otherwise) {
    if (!rule.has(letter)) return otherwise;
    const auto value = read_whole_number(rule.value(letter));
    if (!value)
      leave(std::string("-") + letter + " needs a whole number",
            "the server has " + std::to_string(otherwise) + " instead");
    return value.value_or(otherwise);
  }

  Leftovers& leftovers_;
  std::vector<Draft> drafts_;
  std::map<std::string, size_t> services_;  // index of the draft, by how its rules name it
  size_t line_ = 0;
  std::string text_;  // of the line
};

}  // namespace

std::vector<Draft> read_ipvsadm_rules(const std::string& text, Leftovers& leftovers) {
  return RulesReader(leftovers).read(text);
}

}  // namespace turnout::cli
