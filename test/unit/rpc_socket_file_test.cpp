// The file of the control socket: its mode, its directory, and whose it is.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "control/rpc_server.h"
#include "test/support/rpc_server_fixture.h"

namespace turnout::rpc_socket_file_test {
namespace {

TEST_F(RpcServerTest, TheFileIsForOwnerAndGroupWhateverTheUmask) {
  for (const mode_t mask : {0u, 022u, 077u}) {
    const mode_t before = ::umask(mask);
    serve();
    EXPECT_EQ(::umask(before), mask);
    struct stat file {};
    ASSERT_EQ(::stat(path_.c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 07777, 0660u);
    EXPECT_TRUE(S_ISSOCK(file.st_mode));
    server_.reset();
    EXPECT_FALSE(std::filesystem::exists(path_)) << "removed with the server";
  }
}

TEST_F(RpcServerTest, ASecondDaemonIsRefused) {
  serve();
  EXPECT_EQ(failure(),
            "another turnoutd answers on " + path_ + ": stop it first or set control.socket to another path");
  RpcClient client(path_);
  EXPECT_TRUE(answers(client)) << "the first is not disturbed";
}

TEST_F(RpcServerTest, ASocketLeftByADeadDaemonIsReplaced) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path_.copy(address.sun_path, sizeof address.sun_path - 1);
  const int left = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(left, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(left);
  ASSERT_TRUE(std::filesystem::exists(path_));
  serve();
  RpcClient client(path_);
  EXPECT_TRUE(answers(client));
}

TEST_F(RpcServerTest, AFileThatIsNoSocketStays) {
  std::ofstream(path_) << "precious";
  const std::string message = failure();
  EXPECT_NE(message.find(path_), std::string::npos);
  EXPECT_NE(message.find("not a socket"), std::string::npos) << message;
  EXPECT_TRUE(std::filesystem::is_regular_file(path_));
}

TEST_F(RpcServerTest, RemovesOnlyItsOwnFile) {
  serve();
  std::filesystem::remove(path_);
  std::ofstream(path_) << "somebody else's";
  server_.reset();
  EXPECT_TRUE(std::filesystem::is_regular_file(path_));
}

TEST_F(RpcServerTest, MakesItsDirectoryButNotThatOnesParent) {
  path_ = (directory_ / "run" / "control.sock").string();
  const mode_t before = ::umask(022);
  serve();
  ::umask(before);
  EXPECT_EQ(std::filesystem::status(directory_ / "run").permissions(), std::filesystem::perms(0755));
  RpcClient client(path_);
  EXPECT_TRUE(answers(client));

  path_ = (directory_ / "a" / "b" / "control.sock").string();
  EXPECT_NE(failure().find("no directory to make " + (directory_ / "a" / "b").string()), std::string::npos);
}

TEST_F(RpcServerTest, APathThatCannotBeIsNamed) {
  path_ = (directory_ / std::string(120, 'p')).string();
  EXPECT_NE(failure().find("at most 107 bytes"), std::string::npos) << failure();
  path_ = "";
  EXPECT_NE(failure().find("the path is empty"), std::string::npos) << failure();
  std::ofstream(directory_ / "file") << "x";
  path_ = (directory_ / "file" / "control.sock").string();
  EXPECT_NE(failure().find("Not a directory"), std::string::npos) << failure();
}

}  // namespace
}  // namespace turnout::rpc_socket_file_test
