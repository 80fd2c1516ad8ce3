"""Services on IPv6, with both families on one port, as kernels and their tools see it."""

import contextlib
import socket
from collections import Counter

import pytest

from clients import Hammer, ask_many, datagram_answer, echoing, open_connection, who_answers
from director import DUAL_PORT, service
from waiting import wait_for

PORT = 5353


@pytest.fixture
def running(dual_network, dual_director):
    """One service on each family's VIP, and UDP on IPv6's."""
    servers6 = dual_network.servers6()
    dual_director.start(dual_director.config([
        service(dual_network.VIP, [server.address for server in dual_network.servers], "rr"),
        service(dual_network.VIP6, servers6, "rr"),
        service(dual_network.VIP6, servers6, "mh", "udp", PORT),
    ], ports=[DUAL_PORT]))  # fmt: skip
    return dual_director


def test_requests_are_spread_over_the_real_servers(dual_network, running):
    assert ask_many(dual_network.client, dual_network.VIP6, 30) == {"real1": 10, "real2": 10, "real3": 10}
    stats = running.service_stats(service(dual_network.VIP6, []))
    assert stats["connections"] == 30
    assert stats["packets"] == sum(server["packets"] for server in stats["servers"]) >= 30 * 4


def test_both_families_at_once_on_one_port(dual_network, running):
    with Hammer(dual_network.client, dual_network.VIP) as old, Hammer(dual_network.client, dual_network.VIP6) as new:
        wait_for("requests answered on both", lambda: min(old.answers.total(), new.answers.total()) > 300, 20)
    assert (old.failures, new.failures) == ([], [])
    assert set(old.answers) == set(new.answers) == {"real1", "real2", "real3"}


@pytest.mark.parametrize("flows", [1, 40])
def test_datagrams_of_a_flow_stay_together_and_flows_are_spread(dual_network, running, flows):
    names = Counter()
    with echoing(dual_network.servers, dual_network.VIP6, PORT):
        for _ in range(flows):
            with contextlib.closing(dual_network.client.socket(socket.SOCK_DGRAM, to=dual_network.VIP6)) as client:
                said = [datagram_answer(client, dual_network.VIP6, PORT, b"datagram %d" % n) for n in range(5)]
            assert len(set(said)) == 1
            names += Counter(said)
    assert len(names) == min(flows, 3)


def test_connections_are_listed(dual_network, running):
    with open_connection(dual_network.client, dual_network.VIP6):
        listed = running.rpc("connection.list", {"client": dual_network.client.address6})
        assert [connection["vip"] for connection in listed] == [dual_network.VIP6]
        assert listed[0]["server"] in dual_network.servers6()
        assert f"[{dual_network.client.address6}]:{listed[0]['client_port']}" in running.ctl("connections").stdout
        assert f"[{dual_network.VIP6}]:80" in running.ctl("services").stdout


@pytest.mark.parametrize("which", ["VIP6", "DIRECTOR6"])
def test_ping_is_answered(dual_network, running, which):
    assert dual_network.client.ping(getattr(dual_network, which), 3) == 3
    assert running.stats()["punts"]["icmp_echo"] == 3


def test_real_servers_are_found_by_neighbor_discovery(dual_network, running):
    for server in dual_network.servers:
        known = running.neighbor(server.address6)
        assert (known["state"], known["mac"]) == ("reachable", server.mac())
    who = who_answers(dual_network.client, dual_network.VIP6)
    assert who in {"real1", "real2", "real3"}


def test_a_real_servers_new_mac_is_followed(dual_network, running):
    """Its kernel tells of it by an unsolicited neighbour advertisement."""
    server = dual_network.servers[0]
    before = server.mac()
    server.run("sysctl", "-qw", "net.ipv6.conf.eth0.ndisc_notify=1")
    try:
        server.set_mac("02:00:00:00:5e:06")
        wait_for("the new MAC", lambda: running.neighbor(server.address6)["mac"] == "02:00:00:00:5e:06", 5)
    finally:
        server.set_mac(before)
        server.run("sysctl", "-qw", "net.ipv6.conf.eth0.ndisc_notify=0")
        dual_network.client.forget_neighbors()
