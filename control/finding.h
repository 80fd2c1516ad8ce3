// What is wrong, for the operator: what it is about, what it means, how that is known, and what mends it.
#pragma once

#include <string>
#include <vector>

namespace turnout {

enum class Severity { info, warning, critical };  // in rising order
const char* to_string(Severity severity);

struct Finding {
  Severity severity = Severity::info;
  std::string code;      // for programs: "vip_conflict"
  std::string subject;   // what it is about: "192.0.2.100", "tcp 192.0.2.100:80", "port 'lan'"
  std::string meaning;   // one sentence
  std::string evidence;  // the packet or the counter that shows it
  std::string remedy;    // the command that mends it, or what to do
};
using Findings = std::vector<Finding>;

}  // namespace turnout
