#include <bit>
#include <boost/asio/post.hpp>
#include <unordered_map>

#include "control/methods.h"

namespace turnout {

namespace {

constexpr uint64_t kSlice = 8192;  // buckets looked at between other work: half a megabyte
constexpr size_t kDefaultLimit = 1000;
constexpr size_t kMaxLimit = 100'000;  // some 20 MB of text

const char* name_of(ConnectionState state) {
  switch (state) {
    case ConnectionState::syn_recv:
      return "SYN_RECV";
    case ConnectionState::established:
      return "ESTABLISHED";
    case ConnectionState::fin_wait:
      return "FIN_WAIT";
    case ConnectionState::close:
      return "CLOSE";
    case ConnectionState::udp:
      return "UDP";
    default:
      return "NONE";
  }
}

struct ServerName {
  ServiceKey service;
  IpAddress address;
};

/// One walk through the table, a slice at a time. Keeps itself alive until it has answered.
class Listing : public std::enable_shared_from_this<Listing> {
 public:
  Listing(DaemonView& daemon, boost::asio::io_context& io, const Json& params, RpcDispatcher::Result done)
      : daemon_(daemon), io_(io), done_(std::move(done)) {
    allow_only(params, {"service", "server", "client", "limit"});
    std::optional<ServiceKey> service;
    if (params.contains("service"))
      service = value_or_refuse(parse_service_key(params.at("service"), "/service"));
    if (service && !daemon.director.config().find(*service)) {
      throw RpcError(RpcCode::no_such, "no such service: " + service->to_string(), {{"pointer", "/service"}});
    }
    const std::optional<IpAddress> server = address(params, "server");
    client_ = address(params, "client");
    limit_ = read_limit(params);
    name_servers(service, server);
  }

  void step() {
    const ConnectionTables& tables = daemon_.director.tables();
    const bool more = at_ipv6_ ? visit(tables.ipv6) : visit(tables.ipv4);
    if (!more && !at_ipv6_) {
      at_ipv6_ = true;
      next_ = 0;
    } else if (!more) {
      return done_(std::move(rows_));
    }
    boost::asio::post(io_, [self = shared_from_this()] { self->step(); });
  }

 private:
  static std::optional<IpAddress> address(const Json& params, const char* name) {
    if (!params.contains(name)) return std::nullopt;
    const Json& value = params.at(name);
    const auto parsed = value.is_string() ? parse_address(value.get<std::string>()) : std::nullopt;
    if (parsed) return parsed;
    refuse(RpcCode::invalid_params,
           {{"/" + std::string(name), "must be an IP address, as in \"192.0.2.11\" or \"2001:db8::11\""}});
  }

  static size_t read_limit(const Json& params) {
    if (!params.contains("limit")) return kDefaultLimit;
    const Json& limit = params.at("limit");
    if (limit.is_number_unsigned() && limit.get<uint64_t>() >= 1 && limit.get<uint64_t>() <= kMaxLimit)
      return limit;
    refuse(RpcCode::invalid_params,
           {{"/limit", "must be a whole number from 1 to " + std::to_string(kMaxLimit)}});
  }

  void name_servers(const std::optional<ServiceKey>& service, const std::optional<IpAddress>& server) {
    for (const auto& [key, numbers] : daemon_.director.registry().services()) {
      if (service && !(key == *service)) continue;
      for (const auto& [address, number] : numbers.servers) {
        if (!server || address == *server) names_.emplace(number.slot, ServerName{key, address});
      }
    }
  }

  /// The next slice of a table. False if that was the last, or as many rows as were asked for are there.
  template <typename Table>
  bool visit(const Table& table) {
    const Snapshot& snapshot = daemon_.director.snapshot();
    table.visit(next_, kSlice, [&](const auto& key, ConnectionValue value) {
      if (rows_.size() < limit_) add(key, value, snapshot);
    });
    next_ += kSlice;
    return rows_.size() < limit_ && next_ < table.buckets();
  }

  static IpAddress to_address(rte_be32_t client) { return from_be32(client); }
  static IpAddress to_address(const Address6& client) {
    return boost::asio::ip::address_v6(std::bit_cast<boost::asio::ip::address_v6::bytes_type>(client));
  }

  template <typename Key>
  void add(const Key& key, ConnectionValue value, const Snapshot& snapshot) {
    const IpAddress client = to_address(client_of(key));
    if (client_ && client != *client_) return;
    const auto name = names_.find(value.server());
    if (name == names_.end() || !snapshot.owns(value))
      return;  // its server is gone: not a connection any more
    const uint32_t idle = age_of(value.seen(), daemon_.director.now());
    const uint32_t timeout = snapshot.timeouts.of(value.state());
    if (idle > timeout) return;
    Json row = to_json(name->second.service);
    row.update({{"client", client.to_string()},
                {"client_port", rte_be_to_cpu_16(client_port_of(key))},
                {"server", name->second.address.to_string()},
                {"state", name_of(value.state())},
                {"idle", idle},
                {"expires", timeout - idle}});
    rows_.push_back(std::move(row));
  }

  DaemonView& daemon_;
  boost::asio::io_context& io_;
  RpcDispatcher::Result done_;
  std::optional<IpAddress> client_;
  size_t limit_ = kDefaultLimit;
  std::unordered_map<uint32_t, ServerName> names_;  // of the servers asked for, by slot
  bool at_ipv6_ = false;                            // the table being walked
  uint64_t next_ = 0;                               // bucket of it
  Json rows_ = Json::array();
};

}  // namespace

void add_connection_methods(RpcDispatcher& dispatcher, DaemonView& daemon, boost::asio::io_context& io) {
  dispatcher.add_slow("connection.list", [&daemon, &io](const Json& params, RpcDispatcher::Result done) {
    std::make_shared<Listing>(daemon, io, params, std::move(done))->step();
  });
}

}  // namespace turnout
