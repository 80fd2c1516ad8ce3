// What an import does not take over: nothing is dropped without a line that says so.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace turnout::cli {

struct Leftover {
  size_t line;         // of the file that is read, from 1
  std::string what;    // as it stands there
  std::string reason;  // why it is not taken over, or not as it stands
  std::string remedy;  // what to do

  bool operator==(const Leftover&) const = default;
};

class Leftovers {
 public:
  /// Once, however many services the line is about.
  void add(size_t line, std::string what, std::string reason, std::string remedy);
  const std::vector<Leftover>& all() const { return all_; }

  /// In the file's order: "FILE:12: what: reason; remedy", a line each.
  void print(const std::string& file, std::ostream& out) const;

 private:
  std::vector<Leftover> all_;
};

}  // namespace turnout::cli
