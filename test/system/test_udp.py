"""UDP services: a flow stays with one real server, and its answers come from the VIP."""

import contextlib
import socket
from collections import Counter

import pytest

from clients import datagram_answer, echoing
from director import service

PORT = 5353


@pytest.fixture(scope="module")
def echoes(network):
    with echoing(network.servers, network.VIP, PORT):
        yield


def exchange(client: socket.socket, vip: str, said: bytes) -> str:
    return datagram_answer(client, vip, PORT, said)


def test_a_flow_stays_with_one_server(network, director, servers, echoes):
    director.start(director.config([service(network.VIP, servers, "rr", "udp", PORT)]))
    with contextlib.closing(network.client.socket(socket.SOCK_DGRAM)) as client:
        names = Counter(exchange(client, network.VIP, b"datagram %d" % n) for n in range(30))
    assert list(names.values()) == [30]


@pytest.mark.parametrize("scheduler", ["mh", "rr"])
def test_flows_are_spread(network, director, servers, echoes, scheduler):
    director.start(director.config([service(network.VIP, servers, scheduler, "udp", PORT)]))
    names = Counter()
    for port in range(40000, 40060):  # one that came twice would be one flow
        with contextlib.closing(network.client.socket(socket.SOCK_DGRAM)) as client:
            client.bind(("", port))
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
