#include "control/cli/plan.h"

#include <array>
#include <string_view>
#include <vector>

namespace turnout::cli {
namespace {

struct Verb {
  std::string_view word;
  char sign;
};
constexpr std::array<Verb, 3> kVerbs{{{"add ", '+'}, {"remove ", '-'}, {"change ", '~'}}};

constexpr std::string_view kService = "service";  // "add service, …" and "remove service with …"

struct Line {
  char sign = '~';
  std::string words;
};

/// All that is said about one thing, in the order in which it is said.
struct Paragraph {
  std::string subject;
  Line head;
  std::vector<Line> lines;
};

Line line_of(std::string_view sentence) {
  for (const Verb& verb : kVerbs) {
    if (sentence.starts_with(verb.word)) return {verb.sign, std::string(sentence.substr(verb.word.size()))};
  }
  return {'~', std::string(sentence)};
}

std::vector<Paragraph> paragraphs_of(const Json& changes) {
  std::vector<Paragraph> paragraphs;
  for (const Json& change : changes) {
    const std::string sentence = text(change);
    const size_t colon = sentence.find(": ");
    const std::string subject = sentence.substr(0, colon);
    if (paragraphs.empty() || paragraphs.back().subject != subject)
      paragraphs.push_back({subject, {'~', subject}, {}});
    if (colon == std::string::npos) continue;
    const Line line = line_of(std::string_view(sentence).substr(colon + 2));
    Paragraph& paragraph = paragraphs.back();
    if (line.sign != '~' && line.words.starts_with(kService)) {
      paragraph.head = {line.sign, subject + line.words.substr(kService.size())};
    } else {
      paragraph.lines.push_back(line);
    }
  }
  return paragraphs;
}

std::string painted(const Line& line, bool colour) {
  constexpr std::string_view kGreen = "\x1b[32m", kRed = "\x1b[31m", kYellow = "\x1b[33m", kPlain = "\x1b[0m";
  const std::string words = std::string(1, line.sign) + ' ' + line.words;
  if (!colour) return words;
  const std::string_view paint = line.sign == '+' ? kGreen : line.sign == '-' ? kRed : kYellow;
  return std::string(paint) + words + std::string(kPlain);
}

}  // namespace

std::string plan_page(const Json& changes, bool colour) {
  std::string page;
  for (const Paragraph& paragraph : paragraphs_of(changes)) {
    page += painted(paragraph.head, colour) + '\n';
    for (const Line& line : paragraph.lines) page += "    " + painted(line, colour) + '\n';
  }
  return page;
}

}  // namespace turnout::cli
