"""A thousand random changes under load: what they don't name feels nothing of them."""

import contextlib
import http.client
import os
import random
import socket
import threading

from clients import Hammer, connection_to, datagram_answer, echoing, get_over, who_answers
from director import DUAL_PORT, group, key, service
from storm import Storm
from waiting import wait_for

CHANGES = 1000
UDP_PORT = 5356


class Wanderer:
    """Another client: asks the services of the storm, which may answer or not, as long as the block lasts."""

    def __init__(self, host, vip: str, seed: int):
        self._host = host
        self._vip = vip
        self._random = random.Random(seed)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.requests = self.answers = 0

    def _run(self) -> None:
        while not self._stop.is_set():
            self.requests += 1
            port = self._random.choice((80, 80, 443, 8050, 9000))
            with contextlib.suppress(OSError, AssertionError, http.client.HTTPException):
                with contextlib.closing(connection_to(self._host, self._vip, port, timeout=self._random.choice((0.2, 1.0)))) as connection:
                    get_over(connection, close=True)
                    self.answers += 1

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(10)


class Calm:
    """Services that no change names: of one VIP in each family, TCP and UDP, and connections that stay open."""

    def __init__(self, network, servers: list[str]):
        self.network = network
        self.http = service(network.VIP, servers, "wlc")
        self.http6 = service(network.VIP6, network.servers6(), "mh")
        self.udp = {**service(network.VIP, servers, "rr", "udp", UDP_PORT), "health": {"type": "none"}}
        self.bound = {**group("calm", [key(service(network.VIP6, [], "rr", "udp", UDP_PORT))], network.servers6(), "rr"),
                      "family": "ipv6", "persistence": 3600, "health": {"type": "none"}}  # fmt: skip
        self.services = [self.http, self.http6, self.udp, self.bound]
        self._open: list = []
        self._datagrams_sent = 0
        self._segments_before = self._segments()

    def connect(self, stack: contextlib.ExitStack) -> None:
        client = self.network.client
        for vip in [self.network.VIP] * 6 + [self.network.VIP6] * 6:
            connection = stack.enter_context(contextlib.closing(connection_to(client, vip)))
            self._open.append((connection, get_over(connection)))
        self._flow = stack.enter_context(contextlib.closing(client.socket(socket.SOCK_DGRAM)))
        self._flow6 = stack.enter_context(contextlib.closing(client.socket(socket.SOCK_DGRAM, to=self.network.VIP6)))
        self._names = self._datagrams()

    def _datagrams(self) -> tuple[str, str, str]:
        """Who answers a flow of each family, and a new flow of a client that is bound to a server."""
        self._datagrams_sent += 1
        with contextlib.closing(self.network.client.socket(socket.SOCK_DGRAM, to=self.network.VIP6)) as new:
            return (
                datagram_answer(self._flow, self.network.VIP, UDP_PORT, b"calm"),
                datagram_answer(self._flow6, self.network.VIP6, UDP_PORT, b"calm"),
                datagram_answer(new, self.network.VIP6, UDP_PORT, b"calm"),
            )

    def check(self) -> None:
        """All of it goes on where it began."""
        for connection, before in self._open:
            assert get_over(connection) == before
        names = self._datagrams()
        assert names == self._names
        assert names[2] == names[1], "the client is bound to its server"

    def _segments(self) -> int:
        """That the client has ever sent."""
        heads, values = [
            line.split() for line in self.network.client.run("cat", "/proc/net/snmp").stdout.splitlines() if line.startswith("Tcp:")
        ]
        counters = dict(zip(heads, values))
        return int(counters["OutSegs"]) + int(counters["RetransSegs"])

    def check_counters(self, director, requests: list[int]) -> None:
        """Each packet that the client sent was forwarded and counted, and each connection counted once."""
        http, http6, udp, bound = [director.service_stats(each) for each in self.services]
        assert [http["connections"], http6["connections"]] == [count + 6 for count in requests]
        assert (udp["packets"], udp["connections"]) == (self._datagrams_sent, 1)
        assert (bound["packets"], bound["connections"]) == (2 * self._datagrams_sent, 1 + self._datagrams_sent)
        assert http["packets"] + http6["packets"] == self._segments() - self._segments_before
        for each in (http, http6):
            assert each["packets"] == sum(server["packets"] for server in each["servers"])


def test_a_thousand_changes_harm_nothing_that_they_do_not_name(dual_network, dual_director, servers):
    seed = int(os.environ.get("TURNOUT_STORM_SEED", random.SystemRandom().getrandbits(32)))
    print(f"TURNOUT_STORM_SEED={seed}")
    network, director = dual_network, dual_director
    calm = Calm(network, servers)
    director.start(director.config(calm.services, ports=[DUAL_PORT]))
    with contextlib.ExitStack() as stack:
        for vip in (network.VIP, network.VIP6):
            stack.enter_context(echoing(network.servers, vip, UDP_PORT))
        storm = Storm(director, network.MORE_VIPS[0], servers, calm.services, seed)
        stack.callback(storm.close)
        calm.connect(stack)
        hammers = [stack.enter_context(Hammer(network.client, vip)) for vip in (network.VIP, network.VIP6)]
        wanderer = stack.enter_context(Wanderer(network.host("stranger", "lan", "192.0.2.20/24"), network.MORE_VIPS[0], seed))
        for number in range(CHANGES):
            kind = storm.change()
            if number % 50 == 49:
                assert storm.differences() == [], f"after change {number}, {kind}"
                calm.check()
                assert [hammer.failures for hammer in hammers] == [[], []], f"after change {number}, {kind}"
        for _ in range(20 * CHANGES):  # a thousand changes may take less time than the wanderer's requests
            if wanderer.answers > 0:
                break
            storm.change()
        storm.calm_down()
        calm.check()
        assert storm.differences() == []
    check_aftermath(network, director, calm, hammers, wanderer)


def check_aftermath(network, director, calm: Calm, hammers: list[Hammer], wanderer: Wanderer) -> None:
    assert [hammer.failures for hammer in hammers] == [[], []]
    requests = [hammer.answers.total() for hammer in hammers]
    assert min(requests) > 0
    wait_for("the last packets being counted", lambda: director.active(calm.http) + director.active(calm.http6) == 0)
    calm.check_counters(director, requests)
    check_fresh_service(network, director)
    assert wanderer.answers > 0, f"no service of the storm has ever answered, in {wanderer.requests} requests"


def check_fresh_service(network, director) -> None:
    """A service that comes after all that begins at nothing, whoever had its numbers before."""
    fresh = service(network.MORE_VIPS[1], [server.address for server in network.servers], "lc")
    director.rpc("service.add", {**fresh, "health": {"type": "none"}})
    director.wait_resolved()
    with contextlib.ExitStack() as stack:
        names = []
        for _ in range(9):
            connection = stack.enter_context(contextlib.closing(connection_to(network.client, fresh["vip"])))
            names.append(get_over(connection).decode().strip())
        assert names == ["real1", "real2", "real3"] * 3
        stats = director.service_stats(fresh)
        assert [server["active_connections"] for server in stats["servers"]] == [3, 3, 3]
        assert stats["connections"] == 9

    def closed():
        return director.active(fresh) == 0

    wait_for("their ends being seen", closed)
    assert who_answers(network.client, fresh["vip"]) in ("real1", "real2", "real3")
