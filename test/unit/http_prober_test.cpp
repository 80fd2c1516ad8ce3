// Checks of type http and https against servers on the loopback, in the same thread.
#include <sys/socket.h>

#include "test/unit/http_prober_lab.h"

namespace turnout::http_prober_test {
namespace {

using namespace std::chrono_literals;
using namespace http_prober_lab;

struct HttpProberTest : HttpProberLab {};

TEST_F(HttpProberTest, AnAnswerIsEnough) {
  const ProbeResult result = check();
  EXPECT_TRUE(result.passed);
  EXPECT_EQ(result.reason, "answered 200 OK");
  EXPECT_EQ(result.hint, "");
}

TEST_F(HttpProberTest, TheRequestIsForThePathAndTheVip) {
  health_.path = "/health?deep=1";
  target_.service.port = 8080;
  check();
  EXPECT_EQ(server_.request,
            "GET /health?deep=1 HTTP/1.1\r\nHost: 192.0.2.100:8080\r\nUser-Agent: turnout/" TURNOUT_VERSION
            "\r\nAccept: */*\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(loopback_.asked_port, 8080);
  health_.port = 80;
  health_.host = "www.example.org";
  check();
  EXPECT_NE(server_.request.find("\r\nHost: www.example.org\r\n"), std::string::npos) << server_.request;
  EXPECT_EQ(loopback_.asked_port, 80);
}

TEST_F(HttpProberTest, StatusOutOfTheRangeFails) {
  server_.answer = {page("", "503 Service Unavailable")};
  const ProbeResult result = check();
  EXPECT_FALSE(result.passed);
  EXPECT_EQ(result.reason, "answered 503 Service Unavailable");
  EXPECT_NE(result.hint.find("200 to 399"), std::string::npos);
  health_.least_status = health_.most_status = 503;
  EXPECT_TRUE(check().passed);
  health_.least_status = health_.most_status = 502;
  EXPECT_FALSE(check().passed);
  health_.least_status = health_.most_status = 504;
  EXPECT_FALSE(check().passed);
}

TEST_F(HttpProberTest, TheTextIsLookedForInThePage) {
  health_.expect = "all is well";
  server_.answer = {page("today all is well here")};
  EXPECT_TRUE(check().passed);
  server_.answer = {page("all is lost")};
  const ProbeResult result = check();
  EXPECT_FALSE(result.passed);
  EXPECT_EQ(result.reason, "the page does not hold \"all is well\"");
  EXPECT_NE(result.hint.find("11 octets of /"), std::string::npos) << result.hint;
  server_.answer = {page("all is well", "500 No")};
  EXPECT_EQ(check().reason, "answered 500 No") << "the status counts first";
}

TEST_F(HttpProberTest, ATextThatComesInPartsIsFound) {
  health_.expect = "all is well";
  server_.answer = {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\nxall \r\n", "3\r\nis \r\n",
                    "5\r\nwell!\r\n", "0\r\n\r\n"};
  EXPECT_TRUE(check().passed);
}

TEST_F(HttpProberTest, APageThatEndsWithItsConnectionIsRead) {
  health_.expect = "well";
  server_.answer = {"HTTP/1.0 200 OK\r\n\r\nall is ", "well"};
  EXPECT_TRUE(check().passed);
  health_.expect = "lost";
  EXPECT_EQ(check().reason, "the page does not hold \"lost\"");
}

TEST_F(HttpProberTest, OfALongPageTheBeginningIsRead) {
  const std::string filling(60'000, 'x');
  health_.expect = "needle";
  server_.answer = {page(filling + "needle" + filling + filling)};
  EXPECT_TRUE(check().passed);
  server_.answer = {page(filling + filling + "needle")};
  EXPECT_EQ(check().reason, "the page does not hold \"needle\"");
  health_.expect = "";
  EXPECT_TRUE(check().passed) << "its length is no fault";
}

TEST_F(HttpProberTest, AnInterimAnswerIsNotTheAnswer) {
  server_.answer = {"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", page("", "204 No Content")};
  EXPECT_EQ(check().reason, "answered 204 No Content");
}

TEST_F(HttpProberTest, NothingListening) {
  Tcp::acceptor gone(io_, {boost::asio::ip::address_v4::loopback(), 0});
  loopback_.server_port = gone.local_endpoint().port();
  gone.close();
  const ProbeResult result = check();
  EXPECT_FALSE(result.passed);
  EXPECT_EQ(result.reason, "RST: nothing listens on the VIP");
  EXPECT_NE(result.hint.find("192.0.2.11"), std::string::npos);
}

TEST_F(HttpProberTest, NoAnswerToSyn) {
  Tcp::acceptor deaf(io_, Tcp::v4());
  deaf.bind({boost::asio::ip::address_v4::loopback(), 0});
  deaf.listen(0);
  Tcp::socket first(io_), second(io_);
  first.connect(deaf.local_endpoint());
  second.async_connect(deaf.local_endpoint(), [](const ErrorCode&) {});
  loopback_.server_port = deaf.local_endpoint().port();  // its queue is full: Linux drops what comes
  health_.timings.timeout = 300ms;
  const ProbeResult result = check();
  EXPECT_EQ(result.reason, "no answer to SYN");
  EXPECT_NE(result.hint.find("scripts/real-server check 192.0.2.100"), std::string::npos) << result.hint;
}

TEST_F(HttpProberTest, NoAnswerToTheRequest) {
  server_.answer.clear();
  server_.closes = false;
  health_.timings.timeout = 300ms;
  EXPECT_EQ(check().reason, "no answer to the request within 300 ms");
}

TEST_F(HttpProberTest, APageThatDoesNotEnd) {
  server_.answer = {"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf"};
  server_.closes = false;
  health_.timings.timeout = 300ms;
  health_.expect = "other half";
  EXPECT_EQ(check().reason, "the page did not end within 300 ms and lacks the text that is expected");
  health_.expect = "half";
  EXPECT_TRUE(check().passed) << "what is there is enough";
}

TEST_F(HttpProberTest, ClosedWithoutAnAnswer) {
  server_.answer.clear();
  EXPECT_EQ(check().reason, "closed without an answer to the request");
}

TEST_F(HttpProberTest, NoHttp) {
  server_.answer = {"SSH-2.0-OpenSSH_9.2p1\r\n\r\n"};
  const ProbeResult result = check();
  EXPECT_FALSE(result.passed);
  EXPECT_EQ(result.reason.rfind("no HTTP answer: ", 0), 0u) << result.reason;
}

TEST_F(HttpProberTest, AHeaderWithoutEndIsGivenUp) {
  server_.answer = {"HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x')};
  server_.closes = false;
  EXPECT_EQ(check().reason.rfind("no HTTP answer: ", 0), 0u);
}

TEST_F(HttpProberTest, AnIcmpErrorWhileItConnects) {
  start();
  loopback_.unreachable({false, "ICMP port unreachable from 192.0.2.11", "a hint"});
  EXPECT_EQ(told_, 0);
  EXPECT_TRUE(run_until([this] { return told_ > 0; }));
  EXPECT_EQ(result_.reason, "ICMP port unreachable from 192.0.2.11");
  EXPECT_EQ(result_.hint, "a hint");
}

TEST_F(HttpProberTest, AnIcmpErrorLaterChangesNothing) {
  server_.answer.clear();
  server_.closes = false;
  health_.timings.timeout = 500ms;
  start();
  ASSERT_TRUE(run_until([this] { return !server_.request.empty(); }));
  loopback_.unreachable({false, "ICMP port unreachable", ""});
  EXPECT_TRUE(run_until([this] { return told_ > 0; }));
  EXPECT_EQ(result_.reason, "no answer to the request within 500 ms");
}

TEST_F(HttpProberTest, WithoutAWayToConnectTheReasonIsSaid) {
  loopback_.refusal = "no interface for health checks";
  const ProbeResult result = check();
  EXPECT_FALSE(result.passed);
  EXPECT_EQ(result.reason, "no interface for health checks");
  EXPECT_EQ(result.hint, "mend it");
}

TEST_F(HttpProberTest, BeyondTheLimitChecksWaitForTheirTurn) {
  loopback_.limit = 2;
  prober_.emplace(io_, loopback_);
  for (int i = 0; i < 10; ++i) start();
  EXPECT_EQ(loopback_.opened, 2);
  EXPECT_TRUE(run_until([this] { return told_ == 10; }));
  EXPECT_EQ(server_.connections, 10);
  EXPECT_TRUE(result_.passed);
}

TEST_F(HttpProberTest, WhoWaitsTooLongIsToldSo) {
  loopback_.limit = 1;
  prober_.emplace(io_, loopback_);
  server_.answer.clear();
  server_.closes = false;
  start();
  health_.timings.timeout = 100ms;
  EXPECT_EQ(loopback_.opened, 1);
  start();
  EXPECT_TRUE(run_until([this] { return told_ == 1; }));
  EXPECT_EQ(result_.reason, "not begun within 100 ms: as many checks as there can be are under way");
  EXPECT_EQ(loopback_.opened, 1);
}

TEST_F(HttpProberTest, HttpsIsSpokenWhateverTheCertificate) {
  server_.speak_tls();
  health_.type = HealthType::https;
  health_.host = "www.example.org";
  health_.expect = "hello";
  const ProbeResult result = check();
  EXPECT_TRUE(result.passed) << result.reason;
  EXPECT_EQ(server_.server_name, "www.example.org");
  EXPECT_NE(server_.request.find("\r\nHost: www.example.org:80\r\n"), std::string::npos) << server_.request;
}

TEST_F(HttpProberTest, TlsIsToldNoAddress) {
  server_.speak_tls();
  health_.type = HealthType::https;
  EXPECT_TRUE(check().passed);
  EXPECT_EQ(server_.server_name, "");
}

TEST_F(HttpProberTest, AnHttpsPageThatIsCutOffIsJudgedByWhatThereIs) {
  server_.speak_tls();
  server_.answer = {"HTTP/1.0 200 OK\r\n\r\nall is well"};  // ended without close_notify
  health_.type = HealthType::https;
  health_.expect = "well";
  EXPECT_TRUE(check().passed);
  health_.expect = "lost";
  EXPECT_EQ(check().reason, "the page does not hold \"lost\"");
}

TEST_F(HttpProberTest, HttpsToAPortWithoutTls) {
  server_.answer = {"HTTP/1.1 400 Bad Request\r\n\r\n"};
  health_.type = HealthType::https;
  health_.timings.timeout = 500ms;
  EXPECT_EQ(check().reason, "no answer to the TLS handshake within 500 ms") << "it waits for a request";
}

TEST_F(HttpProberTest, AServerThatGreetsInsteadOfTls) {
  Tcp::acceptor greeter(io_, {boost::asio::ip::address_v4::loopback(), 0});
  std::optional<Tcp::socket> peer;
  greeter.async_accept([&peer](const ErrorCode& error, Tcp::socket socket) {
    if (error) return;
    peer.emplace(std::move(socket));
    boost::asio::write(*peer, boost::asio::buffer("220 mail.example.org ESMTP\r\n", 28));
  });
  loopback_.server_port = greeter.local_endpoint().port();
  health_.type = HealthType::https;
  const ProbeResult result = check();
  EXPECT_EQ(result.reason.rfind("TLS: ", 0), 0u) << result.reason;
  EXPECT_NE(result.hint.find("openssl s_client -connect"), std::string::npos);
}

TEST_F(HttpProberTest, MayEndAtAnyMoment) {
  for (const HealthType type : {HealthType::http, HealthType::https}) {
    if (type == HealthType::https) server_.speak_tls();
    health_.type = type;
    health_.expect = "hello";
    for (int steps = 0; steps < 25; ++steps) {
      loopback_.limit = 2;
      prober_.emplace(io_, loopback_);
      told_ = 0;
      for (int i = 0; i < 3; ++i) start();
      for (int i = 0; i < steps; ++i) {
        io_.restart();
        io_.run_one_for(20ms);
      }
      prober_.reset();
      EXPECT_EQ(loopback_.opened, loopback_.closed);
      const int before = told_;
      io_.restart();
      io_.run_for(5ms);
      EXPECT_EQ(told_, before) << "after " << steps << " steps";
    }
  }
}

TEST_F(HttpProberTest, MayBeEndedByWhatItTells) {
  prober_->start(target_, health_, [this](const ProbeResult&) {
    ++told_;
    prober_.reset();
  });
  start();
  EXPECT_TRUE(run_until([this] { return told_ == 1; }));
  io_.restart();
  io_.run_for(5ms);
  EXPECT_EQ(told_, 1);
}

TEST_F(HttpProberTest, FramesAreTheConnectorsBusiness) {
  EXPECT_TRUE(prober_->on_frame(7, {}));
  EXPECT_FALSE(prober_->on_frame(8, {}));
}

}  // namespace
}  // namespace turnout::http_prober_test
