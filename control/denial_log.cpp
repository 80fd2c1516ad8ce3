#include "control/denial_log.h"

#include <algorithm>
#include <utility>

namespace turnout {

namespace {

std::string endpoint(const IpAddress& address, rte_be16_t port) {
  const std::string text = address.to_string();
  if (port == 0) return text;
  return (address.is_v6() ? "[" + text + "]" : text) + ":" + std::to_string(rte_be_to_cpu_16(port));
}

IpAddress address_of(const Address6& address) {
  std::array<uint8_t, 16> octets;
  std::memcpy(octets.data(), &address, octets.size());
  return from_octets16(octets);
}

bool has_ports(const PacketFields& fields) {
  return fields.protocol == IPPROTO_TCP || fields.protocol == IPPROTO_UDP ||
         fields.protocol == IPPROTO_SCTP || fields.event == PacketEvent::icmp_error;
}

std::string protocol_name(const PacketFields& fields) {
  switch (fields.protocol) {
    case IPPROTO_TCP:
      return "tcp";
    case IPPROTO_UDP:
      return "udp";
    case IPPROTO_SCTP:
      return "sctp";
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
      return "icmp type " + std::to_string(fields.icmp_type);
    default:
      return "protocol " + std::to_string(fields.protocol);
  }
}

std::string event_name(const PacketFields& fields) {
  switch (fields.event) {
    case PacketEvent::syn:
      return fields.protocol == IPPROTO_SCTP ? "INIT" : "SYN";
    case PacketEvent::ack:
      return fields.protocol == IPPROTO_SCTP ? "" : "ACK";
    case PacketEvent::fin:
      return fields.protocol == IPPROTO_SCTP ? "SHUTDOWN" : "FIN";
    case PacketEvent::rst:
      return fields.protocol == IPPROTO_SCTP ? "ABORT" : "RST";
    case PacketEvent::icmp_error:
      return "an ICMP error about it";
    default:
      return "";
  }
}

std::string service_name(uint16_t index, const Registry& registry) {
  if (index == 0) return "";
  for (const auto& [key, numbers] : registry.services()) {
    if (numbers.index == index) return key.to_string();
    for (const auto& [member, number] : numbers.members) {
      if (number == index) return key.to_string();
    }
  }
  return "";
}

std::string sentence(const DenialLog::Entry& entry) {
  const std::string rule = entry.list.empty() ? "default" : entry.prefix + " of list " + entry.list;
  std::string text = "filter " + entry.filter + " (" + rule + ") " +
                     (entry.rejected ? "rejected " : "dropped ") + entry.protocol + " " + entry.source +
                     " -> " + entry.destination;
  if (!entry.event.empty()) text += " " + entry.event;
  text += ", " + std::to_string(entry.bytes) + " bytes, from " + entry.source_mac + " on port '" +
          entry.port + "'";
  if (entry.nth > 1) text += ", number " + std::to_string(entry.nth) + " of that second";
  return text;
}

}  // namespace

void DenialLog::collect(Statistics& statistics, const Names& names) {
  Denial denial;
  for (unsigned worker = 0; worker < statistics.workers(); ++worker) {
    while (statistics.worker(worker).denials.take(denial)) add(denial, names);
  }
}

void DenialLog::add(const Denial& denial, const Names& names) {
  const auto owner = names.book.owner_of(denial.rule);
  if (!owner) return;  // its filter is gone
  const PacketFields& fields = denial.fields;
  const FilterConfig& filter = names.book.configs()[owner->filter];
  const bool is_v4 = fields.version == 4;
  const rte_be16_t from = has_ports(fields) ? fields.client_port : rte_be16_t{0};
  const rte_be16_t to = has_ports(fields) ? fields.destination_port : rte_be16_t{0};
  MacAddress mac;
  std::ranges::copy(denial.source_mac, mac.octets.addr_bytes);
  Entry entry;
  entry.time = std::chrono::system_clock::now();
  entry.filter = filter.name;
  if (owner->list) entry.list = filter.lists[*owner->list].name;
  entry.prefix = owner->prefix;
  entry.protocol = protocol_name(fields);
  entry.source = endpoint(is_v4 ? from_be32(fields.client) : address_of(fields.client6), from);
  entry.destination = endpoint(is_v4 ? from_be32(fields.destination) : address_of(fields.destination6), to);
  entry.event = event_name(fields);
  entry.service = service_name(denial.service, names.registry);
  entry.port = names.config.ports[denial.port].name;
  entry.source_mac = mac.to_string();
  entry.bytes = fields.ip_bytes;
  entry.nth = denial.nth;
  entry.rejected = denial.rejected;
  if (filter.log) limiter_.log(LogLevel::info, sentence(entry));
  entries_.push_back(std::move(entry));
  if (entries_.size() > kKept) entries_.pop_front();
}

}  // namespace turnout
