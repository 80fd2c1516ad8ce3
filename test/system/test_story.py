"""The story the quickstart tells: HTTP through the VIP reaches every real server, in the scheduler's proportions."""

import os
import subprocess
from collections import Counter

import pytest

from clients import ask_many
from director import BUILD, service
from network import ROOT


def test_curl_through_the_vip(network, director, servers):
    director.start(director.config([service(network.VIP, servers)]))
    answers = Counter(
        network.client.run("curl", "-sf", "--max-time", "5", f"http://{network.VIP}/").stdout.strip() for _ in range(60)
    )
    assert set(answers) == {"real1", "real2", "real3"}
    assert director.service_stats(service(network.VIP, []))["connections"] == 60


def test_rr_gives_each_server_the_same_number_of_connections(network, director, servers):
    director.start(director.config([service(network.VIP, servers, "rr")]))
    assert ask_many(network.client, network.VIP, 60) == {"real1": 20, "real2": 20, "real3": 20}


def test_wrr_gives_connections_in_proportion_to_the_weights(network, director, servers):
    director.start(director.config([service(network.VIP, list(zip(servers, (1, 2, 3))), "wrr")]))
    assert ask_many(network.client, network.VIP, 60) == {"real1": 10, "real2": 20, "real3": 30}


@pytest.mark.parametrize("scheduler", ["mh", "rr", "wrr"])
def test_a_server_of_weight_0_gets_no_new_connections(network, director, servers, scheduler):
    director.start(director.config([service(network.VIP, list(zip(servers, (1, 0, 1))), scheduler)]))
    assert set(ask_many(network.client, network.VIP, 40)) == {"real1", "real3"}


def test_counters_tell_what_was_served(network, director, servers):
    served = service(network.VIP, servers, "rr")
    director.start(director.config([served]))
    ask_many(network.client, network.VIP, 30)

    stats = director.service_stats(served)
    assert stats["connections"] == 30
    assert [server["connections"] for server in stats["servers"]] == [10, 10, 10]
    assert stats["packets"] == sum(server["packets"] for server in stats["servers"]) >= 30 * 4  # SYN, ACK, GET, FIN
    assert stats["bytes"] == sum(server["bytes"] for server in stats["servers"]) > 0
    connections = director.rpc("connection.list", {"client": network.client.address})
    assert len(connections) == 30
    assert {connection["server"] for connection in connections} == set(servers)


def test_the_director_alters_no_byte_of_the_ip_packet(network, director, servers):
    """The client's TTL arrives as it was sent: the packet was switched, not routed."""
    director.start(director.config([service(network.VIP, servers[:1])]))
    network.client.run("sysctl", "-qw", "net.ipv4.ip_default_ttl=33")
    try:
        capture = subprocess.Popen(
            network.servers[0].command("tcpdump", "-ni", "eth0", "-v", "-c", "1", "tcp[tcpflags] & tcp-syn != 0"),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert "listening" in capture.stderr.readline()
        ask_many(network.client, network.VIP, 1)
        said, _ = capture.communicate(timeout=10)
    finally:
        network.client.run("sysctl", "-qw", "net.ipv4.ip_default_ttl=64")
    assert "ttl 33" in said and f"> {network.VIP}.80" in said


def test_the_quickstart_script():
    done = subprocess.run(
        [ROOT / "scripts/quickstart"], capture_output=True, text=True, timeout=300,
        env={**os.environ, "TURNOUT_BUILD": str(BUILD)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All 60 requests were answered" in done.stdout
    namespaces = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout
    assert "quickstart-" not in namespaces, "the quickstart left namespaces behind"
