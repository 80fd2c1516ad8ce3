"""Several networks on one device, told apart by their VLAN tags; the switch has access ports and a trunk."""

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import ARP, Dot1AD, Dot1Q, Ether

from clients import ask_many
from director import port, service
from network import Network, Wire
from waiting import wait_for

VIP, VIP6 = "203.0.113.80", "2001:db8:99::80"  # on nobody's subnet, so they are answered for on every port
CLIENTS, SERVERS = 10, 20
PLAIN_DIRECTOR = "10.0.0.2"


def subnets(number: int, host: int) -> tuple[str, str]:
    """A host's addresses on network `number`; 0 is the untagged one."""
    return f"10.0.{number}.{host}/24", f"2001:db8:{number}::{host}/64"


class Trunk(Network):
    """Clients on one VLAN and without any, real servers on another, and a router between them for the replies."""

    def __init__(self):
        super().__init__()
        try:
            self.lan("trunk")
            self.client = self.client_on("client", CLIENTS)
            self.plain = self.client_on("plain", 0)
            self.servers = [self.server(n) for n in (1, 2, 3)]
            router = self.router("router", *(("trunk", subnets(number, 1)) for number in (CLIENTS, SERVERS, 0)))
            self.access(router, "trunk", CLIENTS, "eth0")
            self.access(router, "trunk", SERVERS, "eth1")
            self.director = self.host("director", "trunk", device="dir0")
        except BaseException:
            self.remove()
            raise

    def client_on(self, name: str, vlan: int):
        client = self.host(name, "trunk", *subnets(vlan, 10))
        if vlan:
            self.access(client, "trunk", vlan)
        for vip in (VIP, VIP6):
            client.run("ip", "route", "add", vip, "dev", "eth0")
        return client

    def server(self, number: int):
        server = self.real_server(f"real{number}", "trunk", subnets(SERVERS, 10 + number), VIP, VIP6)
        self.access(server, "trunk", SERVERS)
        gateways = [address.split("/")[0] for address in subnets(SERVERS, 1)]
        server.real_server("apply", VIP, VIP6, "--gateway", gateways[0], "--gateway", gateways[1])
        return server


@pytest.fixture(scope="module")
def network():
    made = Trunk()
    yield made
    made.remove()


@pytest.fixture
def running(network, director):
    director.start(director.config([
        service(VIP, [server.address for server in network.servers], "rr"),
        service(VIP6, [server.address6 for server in network.servers], "rr"),
        service(VIP, [network.servers[0].address], "mh", "udp", 53),
    ], ports=[
        port(*subnets(0, 2), name="plain"),
        port(*subnets(CLIENTS, 2), name="clients", vlan=CLIENTS),
        port(*subnets(SERVERS, 2), name="servers", vlan=SERVERS),
    ]))  # fmt: skip
    return director


@pytest.mark.parametrize("vip", [VIP, VIP6])
@pytest.mark.parametrize("who", ["client", "plain"])
def test_requests_from_one_network_are_served_on_another(network, running, who, vip):
    client = getattr(network, who)
    client.forget_neighbors()
    assert ask_many(client, vip, 30) == {"real1": 10, "real2": 10, "real3": 10}
    assert client.neighbors()[vip] == network.director.mac("dir0")
    ports = {each["name"]: each for each in running.stats()["ports"]}
    came_in = ports["clients" if who == "client" else "plain"]
    assert came_in["receive_packets"] >= 30 * 4
    assert ports["servers"]["transmit_packets"] >= 30 * 4


@pytest.mark.parametrize("vlan", [0, CLIENTS])
def test_the_directors_own_addresses_are_found_on_their_network_only(network, running, vlan):
    here, elsewhere = (network.client, network.plain) if vlan else (network.plain, network.client)
    for address in subnets(vlan, 2):
        address = address.split("/")[0]
        assert here.ping(address, 2) == 2
        elsewhere.run("ip", "route", "replace", address, "dev", "eth0")
        assert elsewhere.ping(address, 1, "-w", "1") == 0
        elsewhere.run("ip", "route", "del", address, "dev", "eth0")


def test_real_servers_are_neighbours_on_their_vlan(network, running):
    assert {(each["port"], each["state"]) for each in running.rpc("neighbor.list")} == {("servers", "reachable")}


def drops_of(network, running, frame) -> dict:
    """What ten such frames from the untagged host were dropped for."""
    before, received = running.stats()["drops"], running.stats()["packets"]["received"]
    with Wire(network.plain) as wire:
        for _ in range(10):
            wire.send(frame)
    wait_for("the frames counted", lambda: running.stats()["packets"]["received"] >= received + 10)
    after = running.stats()["drops"]
    return {reason: after[reason] - before[reason] for reason in after if after[reason] != before[reason]}


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        (Dot1Q(vlan=30), "unknown_vlan"),
        (Dot1Q(vlan=4094), "unknown_vlan"),
        (Dot1Q(vlan=CLIENTS) / Dot1Q(vlan=CLIENTS), "stacked_vlan"),
        (Dot1Q(vlan=0) / Dot1Q(vlan=CLIENTS), "stacked_vlan"),
        (Dot1AD(vlan=CLIENTS) / Dot1Q(vlan=CLIENTS), "stacked_vlan"),
    ],
)
def test_tags_that_nobody_configured_are_counted(network, running, tags, reason):
    link = Ether(src=network.plain.mac(), dst=network.director.mac("dir0"))
    frame = link / tags / IP(src="10.0.10.10", dst=VIP) / UDP(sport=999, dport=53)
    assert drops_of(network, running, frame) == {reason: 10}


def test_a_priority_tag_alone_is_as_good_as_none(network, running):
    """VLAN 0 says that the tag is there for its priority (IEEE 802.1Q 9.6)."""
    client, priority = network.plain, Dot1Q(vlan=0, prio=5)
    link = Ether(src=client.mac(), dst=network.director.mac("dir0"))
    assert drops_of(network, running, link / priority / IP(src=client.address, dst=VIP) / UDP(sport=999, dport=53)) == {}
    assert running.service_stats(service(VIP, [], protocol="udp", port=53))["packets"] == 10

    with Wire(client) as wire:
        asked = ARP(op="who-has", hwsrc=client.mac(), psrc=client.address, pdst=PLAIN_DIRECTOR)
        wire.send(Ether(src=client.mac(), dst="ff:ff:ff:ff:ff:ff") / priority / asked)
        answers = wire.received(lambda frame: ARP in frame and frame.dst == client.mac() and frame[ARP].op == 2)
    assert [answer.src for answer in answers] == [network.director.mac("dir0")]
