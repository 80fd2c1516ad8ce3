"""Two arms: clients on one port's network, real servers on the other's; replies pass the director by."""

from clients import ask_many
from director import af_packet, service

VIP = "198.51.100.100"


def test_clients_and_servers_on_different_ports(empty_network, make_director):
    network = empty_network
    network.lan("clients")
    network.lan("servers")
    client = network.host("client", "clients", "198.51.100.10/24")
    real_servers = [network.real_server(f"real{n}", "servers", f"192.0.2.{10 + n}/24", VIP) for n in (1, 2, 3)]
    router = network.host("router", "clients", "198.51.100.1/24")  # the replies' way
    network.plug(router, "eth1", "servers", "192.0.2.1/24")
    router.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
    for server in real_servers:
        server.real_server("apply", VIP, "--gateway", "192.0.2.1")
    host = network.host("director", "clients", device="dir0")
    network.plug(host, "dir1", "servers")

    director = make_director(host)
    director.start(director.config(
        [service(VIP, [server.address for server in real_servers], "rr")],
        devices=[af_packet(0, "dir0"), af_packet(1, "dir1")],
        ports=[
            {"name": "outside", "device": "net_af_packet0", "addresses": ["198.51.100.2/24"]},
            {"name": "inside", "device": "net_af_packet1", "addresses": ["192.0.2.2/24"]},
        ],
    ))  # fmt: skip

    assert ask_many(client, VIP, 30) == {"real1": 10, "real2": 10, "real3": 10}
    assert [port["name"] for port in director.rpc("port.list")] == ["outside", "inside"]
    ports = {port["name"]: port for port in director.stats()["ports"]}
    assert ports["outside"]["receive_packets"] >= 30 * 4, "what clients send comes in outside"
    assert ports["inside"]["transmit_packets"] >= 30 * 4, "and leaves inside"
    assert ports["inside"]["receive_packets"] < 30, "replies don't come back through the director"
