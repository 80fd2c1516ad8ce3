// trace
#include <algorithm>

#include "control/methods.h"
#include "control/trace.h"
#include "control/trace_worker.h"

namespace turnout {

namespace {

constexpr size_t kLeastFrame = 14, kLongestFrame = 9216;

IpAddress read_address(const Json& params, const char* name) {
  const std::string at = std::string("/") + name;
  if (!params.contains(name)) refuse(RpcCode::invalid_params, {{at, "missing: give an IP address"}});
  const Json& value = params.at(name);
  const auto address = value.is_string() ? parse_address(value.get<std::string>()) : std::nullopt;
  if (!address) refuse(RpcCode::invalid_params, {{at, "must be an IP address, as in \"203.0.113.7\""}});
  return *address;
}

uint16_t read_port(const Json& params, const char* name) {
  const Json value = params.value(name, Json());
  if (value.is_number_unsigned() && value.get<uint64_t>() <= UINT16_MAX) return value.get<uint16_t>();
  refuse(RpcCode::invalid_params,
         {{std::string("/") + name, "missing or no port: give a number from 0 to 65535"}});
}

uint8_t read_flags(const Json& params) {
  constexpr std::pair<const char*, uint8_t> kFlags[] = {
      {"syn", 0x02}, {"ack", 0x10}, {"fin", 0x11}, {"rst", 0x04}};
  const Json value = params.value("flags", Json("syn"));
  for (const auto& [name, bits] : kFlags) {
    if (value == name) return bits;
  }
  refuse(RpcCode::invalid_params, {{"/flags", R"(must be "syn", "ack", "fin" or "rst")"}});
}

Protocol read_protocol(const Json& params) {
  const Json value = params.value("protocol", Json());
  if (value == "tcp") return Protocol::tcp;
  if (value == "udp") return Protocol::udp;
  if (value == "sctp") return Protocol::sctp;
  refuse(RpcCode::invalid_params, {{"/protocol", R"(must be "tcp", "udp" or "sctp")"}});
}

TracedPacket read_packet(const Json& params) {
  TracedPacket packet;
  packet.protocol = read_protocol(params);
  packet.source = read_address(params, "source");
  packet.source_port = read_port(params, "source_port");
  packet.destination = read_address(params, "destination");
  packet.destination_port = read_port(params, "destination_port");
  packet.tcp_flags = read_flags(params);
  if (packet.source.is_v4() != packet.destination.is_v4())
    refuse(RpcCode::invalid_params, {{"/source", "is of another family than the destination"}});
  return packet;
}

/// A whole Ethernet frame in hexadecimal, as `tcpdump -xx` shows it without its offsets.
std::vector<uint8_t> read_frame(const Json& value) {
  std::string digits = value.is_string() ? value.get<std::string>() : "";
  std::erase_if(digits, [](char c) { return c == ' ' || c == ':' || c == '\n'; });
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  const bool fits =
      digits.size() % 2 == 0 && digits.size() >= 2 * kLeastFrame && digits.size() <= 2 * kLongestFrame;
  if (!fits || std::ranges::any_of(digits, [&](char c) { return digit(c) < 0; })) {
    refuse(RpcCode::invalid_params,
           {{"/frame", "must be a whole Ethernet frame in hexadecimal, of 14 to 9216 octets"}});
  }
  std::vector<uint8_t> frame;
  for (size_t i = 0; i < digits.size(); i += 2)
    frame.push_back(static_cast<uint8_t>(digit(digits[i]) << 4 | digit(digits[i + 1])));
  return frame;
}

size_t read_ingress(const Json& params, const Config& config) {
  if (!params.contains("port")) return 0;
  const auto named = [&](const PortConfig& port) { return params.at("port") == port.name; };
  const auto found = std::ranges::find_if(config.ports, named);
  if (found != config.ports.end()) return static_cast<size_t>(found - config.ports.begin());
  throw RpcError(RpcCode::no_such, "no such port: " + params.at("port").dump(), {{"pointer", "/port"}});
}

Json trace(const DaemonView& daemon, const Json& params) {
  allow_only(params, {"protocol", "source", "source_port", "destination", "destination_port", "flags", "port",
                      "frame"});
  const Director& director = daemon.director;
  const size_t port = read_ingress(params, director.config());
  const std::vector<uint8_t> frame = params.contains("frame")
                                         ? read_frame(params.at("frame"))
                                         : frame_of(read_packet(params), director.snapshot(), port);
  Json answer = trace_frame(director, port, frame);
  add_worker(answer, trace_worker(daemon, port, frame), daemon.worker_lcores.size());
  return answer;
}

}  // namespace

void add_trace_methods(RpcDispatcher& dispatcher, DaemonView& daemon) {
  dispatcher.add("trace", [&daemon](const Json& params) { return trace(daemon, params); });
}

}  // namespace turnout
