#include "control/cli/doctor_page.h"

#include <algorithm>
#include <cctype>

#include "control/cli/status.h"
#include "control/cli/wrap.h"

namespace turnout::cli {
namespace {

constexpr size_t kIndent = 10;  // as wide as "CRITICAL  "

std::string in_capitals(std::string word) {
  for (char& c : word) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  word.resize(std::max(word.size() + 1, kIndent), ' ');
  return word;
}

std::string count_of(const Json& findings, const std::string& severity, const char* one, const char* many) {
  size_t count = 0;
  for (const Json& finding : findings) count += text(finding, "severity") == severity ? 1 : 0;
  return count == 0 ? "" : std::to_string(count) + ' ' + (count == 1 ? one : many);
}

/// "1 critical, 2 warnings, 3 remarks"
std::string summary(const Json& findings) {
  std::string result;
  for (const std::string& part : {count_of(findings, "critical", "critical", "critical"),
                                  count_of(findings, "warning", "warning", "warnings"),
                                  count_of(findings, "info", "remark", "remarks")}) {
    if (!part.empty()) result += (result.empty() ? "" : ", ") + part;
  }
  return result.empty() ? "Nothing found" : result;
}

/// `lead`: what the first line has in place of the indent.
std::string paragraph(const std::string& lead, const std::string& said, size_t columns) {
  return lead + wrap(said, columns, kIndent) + '\n';
}

std::string describe(const Json& finding, size_t columns) {
  const std::string indent(kIndent, ' ');
  const std::string what =
      text(finding, "subject") + ": " + text(finding, "meaning") + " [" + text(finding, "code") + ']';
  return paragraph(in_capitals(text(finding, "severity")), what, columns) +
         paragraph(indent, "Seen: " + text(finding, "evidence"), columns) +
         paragraph(indent, "Mend: " + text(finding, "remedy"), columns);
}

}  // namespace

std::string doctor_page(const Json& result, size_t columns) {
  const Json& findings = member(result, "findings");
  std::string page =
      wrap(summary(findings) + ". Looked at: " + joined(member(result, "checked")) + '.', columns, 0) + '\n';
  for (const Json& finding : findings) page += '\n' + describe(finding, columns);
  return page;
}

ExitCode doctor_exit_code(const Json& result) {
  const std::string severity = text(result, "severity");
  if (severity == "ok" || severity == "info") return kDone;
  return severity == "warning" ? kWarning : kCritical;
}

}  // namespace turnout::cli
