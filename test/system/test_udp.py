"""UDP services: a flow stays with one real server, and its answers come from the VIP."""

import contextlib
import socket
import threading
from collections import Counter

import pytest

from director import service
from network import Host

PORT = 5353


class Echo:
    """Answers each datagram with its host's name and what it said."""

    def __init__(self, host: Host, vip: str):
        self._name = host.name.encode()
        self._socket = host.socket(socket.SOCK_DGRAM, timeout=None)
        self._socket.bind((vip, PORT))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            said, peer = self._socket.recvfrom(2048)
            if said == b"end":
                return
            self._socket.sendto(self._name + b":" + said, peer)

    def end(self, host: Host, vip: str) -> None:
        with contextlib.closing(host.socket(socket.SOCK_DGRAM)) as teller:
            teller.sendto(b"end", (vip, PORT))
        self._thread.join(5)
        self._socket.close()


@pytest.fixture(scope="module")
def echoes(network):
    running = [(host, Echo(host, network.VIP)) for host in network.servers]
    yield
    for host, echo in running:
        echo.end(host, network.VIP)


def exchange(client: socket.socket, vip: str, said: bytes) -> str:
    client.sendto(said, (vip, PORT))
    answer, sender = client.recvfrom(2048)
    assert sender == (vip, PORT), f"the answer came from {sender}"
    name, echoed = answer.split(b":", 1)
    assert echoed == said
    return name.decode()


def test_a_flow_stays_with_one_server(network, director, servers, echoes):
    director.start(director.config([service(network.VIP, servers, "rr", "udp", PORT)]))
    with contextlib.closing(network.client.socket(socket.SOCK_DGRAM)) as client:
        names = Counter(exchange(client, network.VIP, b"datagram %d" % n) for n in range(30))
    assert list(names.values()) == [30]


@pytest.mark.parametrize("scheduler", ["mh", "rr"])
def test_flows_are_spread(network, director, servers, echoes, scheduler):
    director.start(director.config([service(network.VIP, servers, scheduler, "udp", PORT)]))
    names = Counter()
    for _ in range(60):
        with contextlib.closing(network.client.socket(socket.SOCK_DGRAM)) as client:
            names[exchange(client, network.VIP, b"hello")] += 1
    assert set(names) == {"real1", "real2", "real3"}
    if scheduler == "rr":
        assert set(names.values()) == {20}


def test_the_same_port_of_the_other_protocol_is_another_service(network, director, servers, echoes):
    director.start(director.config([
        service(network.VIP, servers[:1], protocol="udp", port=PORT),
        service(network.VIP, servers[1:2], protocol="tcp", port=PORT),
    ]))  # fmt: skip
    with contextlib.closing(network.client.socket(socket.SOCK_DGRAM)) as client:
        assert exchange(client, network.VIP, b"hello") == "real1"
    assert director.service_stats(service(network.VIP, [], protocol="udp", port=PORT))["connections"] == 1
    assert director.service_stats(service(network.VIP, [], protocol="tcp", port=PORT))["connections"] == 0
