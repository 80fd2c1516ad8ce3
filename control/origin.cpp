#include "control/origin.h"

#include <pwd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <memory>

namespace turnout {
namespace {

std::string user_name(uint32_t uid) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/etc/passwd", "re"), std::fclose);
  if (!file) return "";
  std::array<char, 4096> line;
  passwd entry{};
  passwd* found = nullptr;
  while (::fgetpwent_r(file.get(), &entry, line.data(), line.size(), &found) == 0 && found) {
    if (entry.pw_uid == uid) return entry.pw_name;
  }
  return "";
}

std::string program_name(int32_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
  std::string name;
  std::getline(file, name);
  for (char& c : name) {
    if (c < ' ' || c > '~') c = '?';
  }
  return name;
}

}  // namespace

Author author_of(const Caller& caller) {
  return {.uid = caller.uid,
          .user = user_name(caller.uid),
          .pid = caller.pid,
          .program = caller.pid > 0 ? program_name(caller.pid) : ""};
}

std::string Author::to_string() const {
  const std::string name = user.empty() ? "user " + std::to_string(uid) : user;
  if (pid <= 0) return name;
  if (program.empty()) return name + " with process " + std::to_string(pid);
  return name + " with " + program + "[" + std::to_string(pid) + "]";
}

std::string Origin::to_string() const {
  return how + (restored ? " to generation " + std::to_string(*restored) : "") +
         (who ? " by " + who->to_string() : "");
}

}  // namespace turnout
