#include "control/captures.h"

#include <cmath>
#include <utility>

#include "control/base64.h"
#include "control/config_reader.h"
#include "control/event.h"
#include "control/methods.h"

namespace turnout {

namespace {

using std::chrono::milliseconds;

constexpr auto kLook = milliseconds(10);  // packets wait so long to be read, at most
constexpr double kLongestWait = 60;       // seconds

std::string seconds_text(std::chrono::milliseconds time) {
  return seconds_to_json(time).dump() + " s";
}

std::chrono::milliseconds read_wait(const Json& params) {
  const auto found = params.find("wait");
  if (found == params.end()) return milliseconds(0);
  const double seconds = found->is_number() ? found->get<double>() : -1;
  if (!(seconds >= 0 && seconds <= kLongestWait))
    refuse(RpcCode::invalid_params, {{"/wait", "must be a number of seconds from 0 to 60"}});
  return std::chrono::milliseconds(std::llround(seconds * 1000));
}

}  // namespace

void Captures::refuse_second() const {
  if (!capture_) return;
  const auto left = std::max(milliseconds(0), capture_->request().time - capture_->age());
  throw RpcError(RpcCode::cannot,
                 "a capture runs already, number " + std::to_string(capture_->number()) + ", started by " +
                     by_ +
                     ": one runs at a time; end that one (Ctrl-C, or capture.stop), or wait: it ends in " +
                     seconds_text(left) + " at the latest");
}

Json Captures::start(const Json& params, const Caller& caller) {
  CaptureRequest request = CaptureRequest::read(params, daemon_);
  if (session_.expired()) forget();  // whoever has gone needn't be heard of first
  refuse_second();
  const Origin by{.how = "capture.start", .who = author_of(caller)};
  const std::string text = request.to_string();
  try {
    capture_ = std::make_unique<Capture>(daemon_, std::move(request), ++last_number_);
  } catch (const std::runtime_error& error) {
    throw RpcError(RpcCode::cannot,
                   std::string("can't capture: ") + error.what() + "; a smaller snaplen needs less memory");
  }
  by_ = by.who->to_string();
  session_ = caller.session;
  report({EventKind::capture_started,
          Severity::info,
          "capture " + std::to_string(last_number_) + " started by " + by_ + ": " + text + ", for " +
              seconds_text(capture_->request().time) + " at most",
          {{"capture", last_number_},
           {"by", by_},
           {"filter", shortened(text)},
           {"limits", capture_->request().limits()}}});
  watch();
  Json answer = capture_->request().limits();
  answer["capture"] = last_number_;
  answer["filter"] = text;
  return answer;
}

Capture& Captures::capture_of(const Json& params) const {
  const auto found = params.find("capture");
  if (found == params.end() || !found->is_number_unsigned())
    refuse(RpcCode::invalid_params, {{"/capture", "must be the number that capture.start answered"}});
  if (capture_ && *found == capture_->number()) return *capture_;
  throw RpcError(RpcCode::no_such, "no capture " + found->dump() + ": it is over", {{"pointer", "/capture"}});
}

void Captures::read(const Json& params, RpcDispatcher::Result done) {
  allow_only(params, {"capture", "wait"});
  const Capture& capture = capture_of(params);
  const auto wait = read_wait(params);
  if (reader_) throw RpcError(RpcCode::cannot, "somebody else is reading this capture: it has one reader");
  reader_ = Reader{std::move(done), std::chrono::steady_clock::now() + wait};
  if (wait == milliseconds(0) || capture.has_news()) answer();
}

Json Captures::stop(const Json& params) {
  allow_only(params, {"capture"});
  Capture& capture = capture_of(params);
  capture.end(Capture::End::stopped);
  return capture.counts();
}

Json Captures::list() const {
  Json rows = Json::array();
  if (!capture_) return rows;
  Json row = capture_->counts();
  row["capture"] = capture_->number();
  row["by"] = by_;
  row["filter"] = capture_->request().to_string();
  row["limits"] = capture_->request().limits();
  row["age"] = seconds_to_json(capture_->age());
  row["ended"] = capture_->ended() ? Json(name_of(*capture_->ended())) : Json(nullptr);
  rows.push_back(std::move(row));
  return rows;
}

void Captures::watch() {
  timer_.expires_after(kLook);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = error ? nullptr : weak.lock();
    if (self) self->look();
  });
}

void Captures::look() {
  if (!capture_) return;
  if (session_.expired()) return forget();
  capture_->tick();
  if (reader_ && (capture_->has_news() || std::chrono::steady_clock::now() >= reader_->deadline)) answer();
  if (capture_) watch();
}

void Captures::answer() {
  const Reader reader = *std::exchange(reader_, std::nullopt);
  Json result;
  try {
    result["data"] = base64(capture_->read());
  } catch (const std::exception& error) {
    report({EventKind::capture_ended,
            Severity::warning,
            std::string("capture broken off: ") + error.what(),
            {}});
    forget();
    return reader.done({{"data", ""}, {"over", true}, {"ended", "failed"}, {"reason", error.what()}});
  }
  result.update(capture_->counts());
  result["ended"] = capture_->ended() ? Json(name_of(*capture_->ended())) : Json(nullptr);
  result["reason"] = capture_->ended() ? Json(words_of(*capture_->ended())) : Json(nullptr);
  result["over"] = capture_->is_over();
  if (capture_->is_over()) forget();
  reader.done(std::move(result));
}

/// The capture is over, or nobody is left to read it.
void Captures::forget() {
  if (!capture_) return;
  capture_->end(Capture::End::client_gone);  // unless it has ended for another reason
  captured_before_ += capture_->captured();
  missed_before_ += capture_->missed();
  Json fields = capture_->counts();
  fields["capture"] = capture_->number();
  fields["by"] = by_;
  fields["reason"] = name_of(*capture_->ended());
  report({EventKind::capture_ended, Severity::info,
          "capture " + std::to_string(capture_->number()) + " ended after " + seconds_text(capture_->age()) +
              ", as " + words_of(*capture_->ended()) + ": " + std::to_string(capture_->captured()) +
              " packets captured, " + std::to_string(capture_->missed()) + " missed",
          std::move(fields)});
  capture_.reset();
  reader_.reset();
}

Findings Captures::findings() const {
  if (!is_active()) return {};
  const std::string subject = "capture " + std::to_string(capture_->number());
  const std::string evidence = "started by " + by_ + " " + seconds_text(capture_->age()) + " ago, " +
                               capture_->request().to_string() + ": " + std::to_string(capture_->captured()) +
                               " packets captured, " + std::to_string(capture_->missed()) + " missed";
  Findings findings{{Severity::info, "capture_running", subject,
                     "packets are being copied for a capture, which costs the workers some of their time",
                     evidence,
                     "nothing, if it is wanted; it ends by itself, or with Ctrl-C where it was started"}};
  if (capture_->missed() > 0) {
    findings.push_back(
        {Severity::warning, "capture_missed", subject,
         "the capture lacks packets: its reader does not keep up; what is forwarded is not concerned",
         evidence, "a narrower filter, a shorter --snaplen, or a faster disk for its file"});
  }
  return findings;
}

void add_capture_methods(RpcDispatcher& dispatcher, Captures& captures) {
  dispatcher.add_for_caller("capture.start", [&captures](const Json& params, const Caller& caller) {
    return captures.start(params, caller);
  });
  dispatcher.add_slow("capture.read", [&captures](const Json& params, RpcDispatcher::Result done) {
    captures.read(params, std::move(done));
  });
  dispatcher.add("capture.stop", [&captures](const Json& params) { return captures.stop(params); });
  dispatcher.add("capture.list", [&captures](const Json& params) {
    allow_only(params, {});
    return captures.list();
  });
}

}  // namespace turnout
