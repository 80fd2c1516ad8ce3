#include "control/rpc_server.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <cerrno>
#include <filesystem>
#include <set>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "control/accept_loop.h"
#include "control/rpc_session.h"

namespace turnout {
namespace {

namespace asio = boost::asio;
using Local = asio::local::stream_protocol;
using boost::system::error_code;

constexpr mode_t kSocketMode = 0660;
constexpr mode_t kDirectoryMode = 0755;

[[noreturn]] void fail(const std::string& path, const std::string& reason, const std::string& remedy) {
  throw std::runtime_error("can't make the control socket " + path + ": " + reason + ": " + remedy);
}

[[noreturn]] void fail(const std::string& path, int error) {
  const std::string remedy =
      error == EACCES || error == EPERM || error == EROFS
          ? "run turnoutd as a user who may write there, or set control.socket to another path"
          : "set control.socket to another path";
  fail(path, std::generic_category().message(error), remedy);
}

Local::endpoint endpoint_of(const std::string& path) {
  if (path.empty())
    fail("\"\"", "the path is empty", "set control.socket to one such as /run/turnout/control.sock");
  try {
    return Local::endpoint(path);
  } catch (const boost::system::system_error&) {
    fail(path, "a UNIX socket's path has at most 107 bytes", "set control.socket to a shorter path");
  }
}

void make_directory(const std::string& path) {
  const std::string directory = std::filesystem::path(path).parent_path();
  if (directory.empty() || ::mkdir(directory.c_str(), kDirectoryMode) == 0 || errno == EEXIST) return;
  if (errno == ENOENT) fail(path, "there is no directory to make " + directory + " in", "make it");
  fail(path, errno);
}

/// Makes way for a new socket at `path`, unless something is there that has to stay.
void remove_stale(asio::io_context& io, const Local::endpoint& endpoint, const std::string& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) {
    if (errno == ENOENT) return;
    fail(path, errno);
  }
  if (!S_ISSOCK(found.st_mode)) {
    fail(path, "there is a file that is not a socket, and it stays",
         "move it away or set control.socket to another path");
  }
  Local::socket probe(io, Local());
  probe.native_non_blocking(true);
  const int result =
      ::connect(probe.native_handle(), endpoint.data(), static_cast<socklen_t>(endpoint.size()));
  if (result == 0 || errno == EAGAIN) {  // EAGAIN: its queue of clients is full
    throw std::runtime_error("another turnoutd answers on " + path +
                             ": stop it first or set control.socket to another path");
  }
  if (errno != ECONNREFUSED && errno != ENOENT) fail(path, errno);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail(path, errno);
}

Local::acceptor listen(asio::io_context& io, const std::string& path) {
  const Local::endpoint endpoint = endpoint_of(path);
  make_directory(path);
  remove_stale(io, endpoint, path);
  Local::acceptor acceptor(io, Local());
  // bind() gives the file the descriptor's mode less the umask, so it is never looser than it should be.
  // Clearing the umask instead would loosen what other threads create meanwhile.
  if (::fchmod(acceptor.native_handle(), kSocketMode) != 0) fail(path, errno);
  error_code error;
  acceptor.bind(endpoint, error);
  if (error) fail(path, error.value());
  if (::chmod(path.c_str(), kSocketMode) != 0) fail(path, errno);  // what the umask took away
  acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) fail(path, error.value());
  return acceptor;
}

/// Tells without waiting: the line fits into a new socket's buffer.
void turn_away(Local::socket socket, size_t clients) {
  const std::string line = rpc_error_line(RpcCode::cannot, "too many clients: " + std::to_string(clients) +
                                                               " are connected: close one and try again") +
                           "\n";
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(line), ignored);
}

}  // namespace

struct RpcServer::State : std::enable_shared_from_this<State> {
  State(std::string socket_path, const RpcDispatcher& methods, const RpcLimits& bounds)
      : path(std::move(socket_path)), dispatcher(methods), limits(bounds) {}

  void start(asio::io_context& io);
  void accepted(Local::socket socket);
  void stop();
  void remove_file() const;

  const std::string path;
  const RpcDispatcher& dispatcher;
  const RpcLimits limits;
  struct stat file {};  // the socket file that is ours
  std::shared_ptr<AcceptLoop<Local>> accepting;
  std::set<std::shared_ptr<Session>> sessions;
};

void RpcServer::State::start(asio::io_context& io) {
  Local::acceptor acceptor = listen(io, path);
  if (::lstat(path.c_str(), &file) != 0) fail(path, errno);
  accepting = std::make_shared<AcceptLoop<Local>>(std::move(acceptor), "control socket",
                                                  [weak = weak_from_this()](Local::socket socket) {
                                                    if (const auto self = weak.lock())
                                                      self->accepted(std::move(socket));
                                                  });
  accepting->start();
}

void RpcServer::State::accepted(Local::socket socket) {
  if (sessions.size() >= limits.clients) return turn_away(std::move(socket), sessions.size());
  const auto forget = [weak = weak_from_this()](const std::shared_ptr<Session>& session) {
    if (const auto self = weak.lock()) self->sessions.erase(session);
  };
  const auto session = std::make_shared<Session>(std::move(socket), dispatcher, limits, forget);
  sessions.insert(session);
  session->start();
}

void RpcServer::State::stop() {
  remove_file();
  accepting->stop();
  for (const auto& session : std::exchange(sessions, {})) session->close();
}

/// Only if it is still ours. While our socket is open, no other file can have its inode number.
void RpcServer::State::remove_file() const {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return;
  if (found.st_dev == file.st_dev && found.st_ino == file.st_ino) ::unlink(path.c_str());
}

RpcServer::RpcServer(asio::io_context& io, std::string path, const RpcDispatcher& dispatcher,
                     RpcLimits limits)
    : state_(std::make_shared<State>(std::move(path), dispatcher, limits)) {
  state_->start(io);
}

RpcServer::~RpcServer() {
  state_->stop();
}

}  // namespace turnout
