"""A client stays with its server, whatever it asks for and by which port, in both families."""

import contextlib
import os
import signal
import socket
import time
from collections import Counter
from itertools import chain

import pytest

from clients import connection_to, datagram_answer, echoing, get_over, who_answers
from director import group, key, service
from waiting import wait_for

PORTS = (443, 8000, 8001, 8002)  # where the servers listen beside 80
UDP_PORT = 5355
HOUR = 3600


class Family:
    """The VIP, the real servers' addresses, and some of the client's, in one of the families."""

    def __init__(self, network, version: int):
        self.network = network
        self.is_v6 = version == 6
        self.vip = network.VIP6 if self.is_v6 else network.VIP
        self.servers = network.servers6() if self.is_v6 else [server.address for server in network.servers]
        first, self.bits = ("2001:db8::c8:", 128) if self.is_v6 else ("192.0.2.2", 32)
        self.clients = [f"{first}{n:02}" for n in range(8)]

    def service(self, port=80, **changes) -> dict:
        """Of two servers in turn: without persistence, each connection goes to the other one."""
        return {**service(self.vip, self.servers[:2], "rr", port=port), "persistence": HOUR, **changes}

    def ask(self, client: int, *ports: int) -> set[str]:
        """Who answers a client, over a connection to each port."""
        asked = ports or (80, 80, 80)
        return {who_answers(self.network.client, self.vip, port, source=self.clients[client]) for port in asked}

    def two_clients(self, *ports: int) -> tuple[set[str], set[str]]:
        """Who answers each of two clients that ask by turns."""
        names: list[set[str]] = [set(), set()]
        for port in chain(*[ports or (80,)] * 3):
            for client in (0, 1):
                names[client] |= self.ask(client, port)
        return names[0], names[1]


@pytest.fixture(scope="module")
def families(dual_network) -> dict[int, Family]:
    made = {version: Family(dual_network, version) for version in (4, 6)}
    for family in made.values():
        for address in family.clients:
            length = "64" if family.is_v6 else "24"
            dual_network.client.run("ip", "address", "add", f"{address}/{length}", "dev", "eth0")
    for server in dual_network.servers:
        listen_on(server, *PORTS)
    return made


@pytest.fixture(params=[4, 6], ids=["IPv4", "IPv6"])
def family(request, families) -> Family:
    return families[request.param]


def listen_on(host, *ports: int) -> None:
    """Has the host's nginx listen on more ports."""
    file = host.folder / "nginx.conf"
    more = " ".join(f"listen {port}; listen [::]:{port};" for port in ports)
    file.write_text(file.read_text().replace("listen 80;", f"listen 80; {more}"))
    os.kill(int((host.folder / "nginx.pid").read_text()), signal.SIGHUP)

    def listens():
        with contextlib.suppress(OSError):
            return who_answers(host, host.address, ports[-1])

    wait_for("nginx listening on more ports", listens)


def is_split(names: tuple[set[str], set[str]]) -> bool:
    """Does each of two clients have a server, and not the same one?"""
    return len(names[0]) == len(names[1]) == 1 and names[0] != names[1]


def test_a_clients_connections_reach_one_server(family, serve):
    serve(family.service())
    assert is_split(family.two_clients())


def test_without_persistence_they_do_not(family, serve):
    """Else the tests here would say nothing."""
    serve(family.service(persistence=0))
    assert family.ask(0) == {"real1", "real2"}


def test_the_ports_of_a_group_share_it(family, serve):
    members = [key(service(family.vip, [], port=port)) for port in (80, 443)]
    web = {**group("web", members, family.servers[:2], "rr"), "persistence": HOUR}
    serve({**web, "family": "ipv6"} if family.is_v6 else web)
    assert is_split(family.two_clients(80, 443))


def test_all_ports_share_it(family, serve):
    serve(family.service(0))
    assert is_split(family.two_clients(80, *PORTS))


def test_the_ports_of_a_range_share_it(family, serve):
    serve(family.service("8000-8002"))
    assert is_split(family.two_clients(8000, 8001, 8002))


def test_a_port_of_its_own_goes_before_all_ports(family, serve):
    serve(family.service(0))
    serve({**family.service(443), "real_servers": [{"address": family.servers[2]}]})
    assert family.ask(0, 443, 443) == {"real3"}
    assert len(family.ask(0, 80, 8000)) == 1 and family.ask(0, 80) != {"real3"}


def test_clients_of_a_prefix_share_it(family, serve):
    serve(family.service(persistence_prefix=family.bits - 1))
    assert family.ask(0) == family.ask(1), "the two clients of the prefix"
    assert family.ask(2) == family.ask(3), "and the two of the next"
    assert family.ask(0) != family.ask(2)


def test_a_whole_subnet_shares_it(family, serve):
    serve(family.service(persistence_prefix=64 if family.is_v6 else 24))
    assert len(set.union(*(family.ask(client) for client in range(len(family.clients))))) == 1


def test_the_client_of_a_drained_server_goes_elsewhere(family, serve, standing):
    served = serve(family.service())
    [name] = family.ask(0)
    open_one = connection_to(family.network.client, family.vip, source=family.clients[0])
    with contextlib.closing(open_one):
        assert get_over(open_one).decode().strip() == name
        address = family.servers[int(name[-1]) - 1]
        standing.rpc("server.edit", {"service": key(served), "server": {"address": address, "weight": 0}})
        [other] = family.ask(0)
        assert other != name
        assert get_over(open_one).decode().strip() == name, "what is open stays"
        standing.rpc("server.edit", {"service": key(served), "server": {"address": address, "weight": 1}})
        assert family.ask(0) == {other}, "the client stays with its new server"


def test_the_client_of_a_server_in_maintenance_goes_elsewhere(family, serve, standing):
    serve(family.service())
    [name] = family.ask(0)
    config = standing.rpc("config.get")
    resting = [family.servers[int(name[-1]) - 1]]
    standing.rpc("config.apply", {"config": {**config, "maintenance": resting}})
    try:
        assert family.ask(0).isdisjoint({name})
    finally:
        standing.rpc("config.apply", {"config": config})


@contextlib.contextmanager
def datagrams(family, serve, persistence: int):
    """A UDP service. Gives a function that sends a datagram of a new flow and says who answered."""
    served = service(family.vip, family.servers, "rr", "udp", UDP_PORT)
    serve({**served, "persistence": persistence})

    def ask() -> str:
        with contextlib.closing(family.network.client.socket(socket.SOCK_DGRAM, to=family.vip)) as client:
            return datagram_answer(client, family.vip, UDP_PORT, b"hello")

    with echoing(family.network.servers, family.vip, UDP_PORT):
        yield ask


def test_it_ends_so_long_after_the_last_packet(family, serve):
    with datagrams(family, serve, 1) as ask:
        before = Counter(ask() for _ in range(5))
        time.sleep(3)  # for certain
        after = Counter(ask() for _ in range(5))
    assert (len(before), len(after)) == (1, 1)
    assert before != after, "the turn has come to another server"


def test_closed_connections_keep_it_no_longer(family, serve):
    serve(family.service(persistence=1))
    before = family.ask(0)
    time.sleep(3)  # for certain
    after = family.ask(0)
    assert (len(before), len(after)) == (1, 1)
    assert before != after


def test_templates_are_counted_beside_connections(family, serve, standing):
    served = serve(family.service())
    for client in range(3):
        family.ask(client)
    servers = standing.service_stats(served)["servers"]
    assert sum(server["active_connections"] + server["inactive_connections"] for server in servers) == 9
    assert sum(server["connections"] for server in servers) == 9
    assert sum(server["persistent"] for server in servers) == 3


def test_the_client_of_a_server_that_is_down_goes_elsewhere(family, serve):
    """The last test: what is cut off is sent again for long, and would be counted with others' connections."""
    fast = {"type": "tcp", "interval": 0.5, "timeout": 0.45, "rise": 1, "fall": 3}
    serve(family.service(health=fast))
    wait_for("both servers being up", lambda: is_split(family.two_clients()))
    [name] = family.ask(0)
    host = next(server for server in family.network.servers if server.name == name)
    host.run("ip", "address", "del", family.vip, "dev", "lo")

    def answers():
        with contextlib.suppress(OSError):
            return family.ask(0)

    try:
        assert wait_for("another server answering", answers).isdisjoint({name})
    finally:
        host.real_server("apply", family.vip)
