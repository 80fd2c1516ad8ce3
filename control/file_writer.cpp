#include "control/file_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

namespace turnout {

namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

[[noreturn]] void fail(const std::filesystem::path& file, const char* what) {
  throw std::runtime_error("can't " + std::string(what) + " " + file.string() + ": " + std::strerror(errno) +
                           ": check the directory's permissions and free space");
}

void write_all(const Descriptor& file, std::string_view text, const std::filesystem::path& name) {
  while (!text.empty()) {
    const ssize_t written = write(file.number(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(name, "write");
    text.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

void replace_file(const std::filesystem::path& file, std::string_view text) {
  const std::filesystem::path target = std::filesystem::weakly_canonical(file);  // a link goes on being one
  const std::filesystem::path temporary = target.string() + ".new", backup = target.string() + ".bak";
  struct stat before {};
  const bool existed = stat(target.c_str(), &before) == 0;
  {
    const Descriptor out(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                              existed ? before.st_mode & 0777 : 0640));
    if (out.number() < 0) fail(temporary, "create");
    if (existed && fchmod(out.number(), before.st_mode & 0777) != 0)
      fail(temporary, "set the mode of");  // umask
    // Only root can give a file away; for anybody else the owner is who writes.
    if (existed && fchown(out.number(), before.st_uid, before.st_gid) != 0 && errno != EPERM)
      fail(temporary, "set the owner of");
    write_all(out, text, temporary);
    if (fsync(out.number()) != 0) fail(temporary, "sync");
  }
  if (existed) {
    std::error_code ignored;
    std::filesystem::remove(backup, ignored);
    std::filesystem::create_hard_link(target, backup,
                                      ignored);  // not every file system can; then there is none
  }
  if (rename(temporary.c_str(), target.c_str()) != 0) fail(target, "replace");
  const Descriptor directory(open(target.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.number() >= 0) fsync(directory.number());
}

}  // namespace turnout
