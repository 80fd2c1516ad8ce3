"""Real servers' MAC addresses: learnt by ARP, followed when they change, or fixed."""

import pytest

from clients import Hammer, ask_many, connection_to, who_answers
from director import service
from waiting import wait_for

NEW_MAC = "02:00:00:00:5e:01"


@pytest.fixture
def changing_server(network):
    """The first real server, whose MAC address is put back afterwards."""
    server = network.servers[0]
    before = server.mac()
    yield server
    server.set_mac(before)
    network.client.forget_neighbors()


def announce(server) -> None:
    server.run("arping", "-U", "-c", "1", "-I", "eth0", server.address, check=False)  # 1: nobody answered, as it should be


def speak(server, network) -> None:
    server.forget_neighbors()
    server.run("ping", "-c", "1", "-W", "2", network.client.address)


@pytest.mark.parametrize("how", ["gratuitous ARP", "its own traffic"])
def test_a_changed_mac_is_followed(network, director, servers, changing_server, how):
    director.start(director.config([service(network.VIP, servers[:1])]))
    assert who_answers(network.client, network.VIP) == "real1"
    assert director.neighbor(servers[0])["mac"] == changing_server.mac()

    changing_server.set_mac(NEW_MAC)
    if how == "gratuitous ARP":
        announce(changing_server)
    else:
        speak(changing_server, network)
    wait_for("the new MAC address", lambda: director.neighbor(servers[0])["mac"] == NEW_MAC, 5)
    assert director.neighbor(servers[0])["mac_changes"] == 1
    assert who_answers(network.client, network.VIP) == "real1"


def test_traffic_goes_on_over_a_change_of_mac(network, director, servers, changing_server):
    director.start(director.config([service(network.VIP, servers, "rr")]))
    with Hammer(network.client, network.VIP) as hammer:
        wait_for("requests being answered", lambda: hammer.answers["real1"] > 20)
        changing_server.set_mac(NEW_MAC)
        announce(changing_server)
        so_far = hammer.answers["real1"]
        wait_for("the server answering under its new address", lambda: hammer.answers["real1"] > so_far + 50)
    assert hammer.failures == [], "TCP's retransmissions cover the moment in between"


def test_a_server_that_appears_later_is_found(network, director, servers):
    late = network.servers[2]
    late.set_up(False)
    try:
        director.start(director.config([service(network.VIP, servers[2:])]), resolved=False)
        assert director.neighbor(servers[2])["state"] == "incomplete"
        assert director.neighbor(servers[2])["mac"] is None
        with pytest.raises(OSError):
            connection_to(network.client, network.VIP, timeout=1.5)
        assert director.stats()["drops"]["no_server_resolved"] >= 1
        late.set_up(True)
        wait_for("the server being found", lambda: director.neighbor(servers[2])["state"] == "reachable", 10)
        assert who_answers(network.client, network.VIP) == "real3"
    finally:
        late.set_up(True)


def test_a_server_not_yet_found_is_passed_over(network, director, servers):
    """New connections go to those that can be reached."""
    network.servers[2].set_up(False)
    try:
        director.start(director.config([service(network.VIP, servers)]), resolved=False)
        wait_for(
            "the other two being found",
            lambda: all(director.neighbor(server)["mac"] for server in servers[:2]),
        )
        assert set(ask_many(network.client, network.VIP, 30)) == {"real1", "real2"}
    finally:
        network.servers[2].set_up(True)


def test_a_fixed_mac_needs_no_arp(network, director, servers):
    """real2's MAC under real1's address: that real2 answers shows that nobody was asked."""
    served = service(network.VIP, servers[:1])
    served["real_servers"][0]["mac"] = network.servers[1].mac()
    director.start(director.config([served]))
    neighbors = [each for each in director.rpc("neighbor.list") if each["address"] == servers[0]]
    assert [each["state"] for each in neighbors] == ["fixed"]
    assert neighbors[0]["requests"] == 0
    assert who_answers(network.client, network.VIP) == "real2"
