"""Who gets the next connection, over real HTTP: each scheduler against a plain model of its definition."""

import contextlib
import ipaddress
import socket
from collections import Counter

import pytest

from clients import Held, ask_many, connection_to, datagram_answer, echoing, who_answers
from director import group, key, service
from scheduling import RANKS, expected_in_order, limited, weighted
from waiting import wait_for

FIRST_OF_MANY = 200  # last octet of the client's further addresses
UDP_PORT = 5354


@pytest.fixture(scope="module")
def addresses(dual_network) -> list[str]:
    """Of the client, in one subnet."""
    many = [f"192.0.2.{FIRST_OF_MANY + n}" for n in range(12)]
    for address in many:
        dual_network.client.run("ip", "address", "add", f"{address}/24", "dev", "eth0")
    return many


@pytest.fixture
def network(dual_network):
    return dual_network


def totals(director, of: dict) -> dict[str, int]:
    """Active and inactive connections by server address."""
    servers = director.service_stats(of)["servers"]
    return {server["address"]: server["active_connections"] + server["inactive_connections"] for server in servers}


# In turn


def test_rr_is_exact(network, serve, servers):
    serve(service(network.VIP, servers, "rr"))
    assert ask_many(network.client, network.VIP, 33) == {"real1": 11, "real2": 11, "real3": 11}


def test_wrr_is_exact_by_weight(network, serve, servers):
    serve(service(network.VIP, weighted(servers, 5, 1, 3), "wrr"))
    assert ask_many(network.client, network.VIP, 36) == {"real1": 20, "real2": 4, "real3": 12}


# By load


@pytest.mark.parametrize("scheduler", RANKS)
@pytest.mark.parametrize("weights", [(1, 1, 1), (1, 2, 5)])
def test_open_connections_decide(network, serve, servers, scheduler, weights):
    serve(service(network.VIP, weighted(servers, *weights), scheduler))
    with Held(network.client, network.VIP) as held:
        assert held.add(12) == expected_in_order(scheduler, weights, 12)


def test_the_models_differ():
    """Else the test above would not tell one scheduler from another."""
    orders = {name: tuple(expected_in_order(name, (1, 2, 5), 12)) for name in RANKS}
    assert len(set(orders.values())) == len(RANKS)


@pytest.mark.parametrize("vip", ["VIP", "VIP6"])
def test_who_lost_its_connections_gets_the_next(network, serve, standing, servers, vip):
    """And one that is closed, but still remembered, counts for less than one that is open."""
    vip6 = vip == "VIP6"
    vip = getattr(network, vip)
    leasts = serve(service(vip, network.servers6() if vip6 else servers, "lc"))
    with Held(network.client, vip) as held:
        assert held.add(9) == ["real1", "real2", "real3"] * 3
        held.end("real2", 3)

        def none_active():
            return standing.service_stats(leasts)["servers"][1]["active_connections"] == 0

        wait_for("the end of real2's connections being seen", none_active)
        assert held.add(2) == ["real2"] * 2
        held.add(1)
        assert held.count() == {"real1": 3, "real2": 3, "real3": 3}


def test_a_change_to_lc_finds_the_connections_that_were_opened_before(network, serve, standing, servers):
    """rr counts no loads. After the change they are put right within moments, so the first few may go wrong."""
    changed = serve(service(network.VIP, weighted(servers[:2], 1, 0), "rr"))
    with Held(network.client, network.VIP) as held:
        assert held.add(10) == ["real1"] * 10
        standing.rpc("server.edit", {"service": key(changed), "server": {"address": servers[1], "weight": 1}})
        standing.rpc("service.edit", {**key(changed), "scheduler": "lc"})
        held.add(14)
        assert held.count() == {"real1": 12, "real2": 12}
        standing.rpc("service.edit", {**key(changed), "scheduler": "rr"})
        held.end("real1", 12)  # and those that were closed meanwhile are not counted
        standing.rpc("service.edit", {**key(changed), "scheduler": "lc"})
        held.add(12)
        assert held.count() == {"real1": 12, "real2": 12}


# By address


def hash_bucket(address: str, port=0) -> int:
    """LVS's: Knuth's multiplicative hash of the address's words, XORed, and the port, into 2^8 buckets."""
    packed = ipaddress.ip_address(address).packed
    folded = 0
    for at in range(0, len(packed), 4):
        folded ^= int.from_bytes(packed[at : at + 4], "big")
    return (folded + port) * 0x61C88647 % 2**32 >> 24


def source_server(weights: tuple[int, ...], bucket: int) -> str:
    """As many buckets in a row as a server has weight."""
    row = [f"real{n + 1}" for n, weight in enumerate(weights) for _ in range(weight)]
    return row[bucket % len(row)]


def test_sh_maps_each_client_to_one_server(network, serve, servers, addresses):
    weights = (3, 1, 2)
    serve(service(network.VIP, weighted(servers, *weights), "sh"))
    wanted = {address: source_server(weights, hash_bucket(address)) for address in addresses}
    assert set(wanted.values()) == {"real1", "real2", "real3"}
    for _ in range(2):
        assert {each: who_answers(network.client, network.VIP, source=each) for each in addresses} == wanted
    assert len(ask_many(network.client, network.VIP, 8)) == 1


def test_sh_of_ipv6_goes_by_the_whole_address(network, serve):
    serve(service(network.VIP6, network.servers6(), "sh"))
    wanted = source_server((1, 1, 1), hash_bucket(network.client.address6))
    assert ask_many(network.client, network.VIP6, 8) == {wanted: 8}


def test_sh_port_spreads_a_clients_connections(network, serve, servers):
    serve({**service(network.VIP, servers, "sh"), "scheduler_flags": ["sh-port"]})
    client = network.client
    for port in range(20001, 20013):
        wanted = source_server((1, 1, 1), hash_bucket(client.address, port))
        assert who_answers(client, network.VIP, source_port=port) == wanted, f"port {port}"


def test_sh_fallback_moves_only_the_clients_of_the_server_that_is_gone(network, serve, standing, servers, addresses):
    fixed = serve({**service(network.VIP, servers, "sh"), "scheduler_flags": ["sh-fallback"]})

    def homes():
        return {address: who_answers(network.client, network.VIP, source=address) for address in addresses}

    before = homes()
    standing.rpc("server.edit", {"service": key(fixed), "server": {"address": servers[1], "weight": 0}})
    after = homes()
    assert {address for address in addresses if before[address] != after[address]} == {
        address for address in addresses if before[address] == "real2"
    }
    assert set(after.values()) == {"real1", "real3"}
    standing.rpc("server.edit", {"service": key(fixed), "server": {"address": servers[1], "weight": 1}})
    assert homes() == before


def test_dh_goes_by_the_vip(network, serve, servers):
    vips = (network.VIP, *network.MORE_VIPS)
    serve(group("caches", [key(service(vip, [])) for vip in vips], servers, "dh"))
    wanted = {vip: f"real{hash_bucket(vip) % 3 + 1}" for vip in vips}
    assert len(set(wanted.values())) > 1
    for vip in vips:
        assert ask_many(network.client, vip, 5) == {wanted[vip]: 5}


def test_mh_spreads_a_clients_connections_by_port(network, serve, servers):
    serve({**service(network.VIP, servers, "mh"), "scheduler_flags": ["mh-port"]})
    ports = range(21001, 21025)
    homes = {port: who_answers(network.client, network.VIP, source_port=port) for port in ports}
    assert set(homes.values()) == {"real1", "real2", "real3"}


def test_mh_without_port_maps_each_client_to_one_server(network, serve, servers, addresses):
    serve({**service(network.VIP, servers, "mh"), "scheduler_flags": []})
    homes = {address: who_answers(network.client, network.VIP, source=address) for address in addresses}
    assert set(homes.values()) == {"real1", "real2", "real3"}
    for address in addresses[:3]:
        again = {who_answers(network.client, network.VIP, source=address) for _ in range(6)}
        assert again == {homes[address]}


# By weight alone


def test_fo_uses_the_highest_weight_and_the_next_when_that_is_drained(network, serve, standing, servers):
    over = serve(service(network.VIP, weighted(servers, 1, 9, 4), "fo"))
    assert ask_many(network.client, network.VIP, 6) == {"real2": 6}
    standing.rpc("server.edit", {"service": key(over), "server": {"address": servers[1], "weight": 0}})
    assert ask_many(network.client, network.VIP, 6) == {"real3": 6}
    standing.rpc("server.edit", {"service": key(over), "server": {"address": servers[1], "weight": 5}})
    assert ask_many(network.client, network.VIP, 6) == {"real2": 6}


def test_fo_uses_the_next_when_the_highest_goes_down(network, serve, servers):
    """On a VIP that no test counts connections of: what is cut off is sent again for long."""
    vip = network.MORE_VIPS[1]
    fast = {"type": "tcp", "interval": 0.5, "timeout": 0.45, "rise": 1, "fall": 3}
    serve({**service(vip, weighted(servers, 4, 9, 1), "fo"), "health": fast})

    def answered() -> str | None:
        with contextlib.suppress(OSError):
            return who_answers(network.client, vip)
        return None

    wait_for("real2 serving", lambda: answered() == "real2")
    network.servers[1].set_up(False)
    try:
        wait_for("real1 serving in its place", lambda: answered() == "real1")
        assert {answered() for _ in range(5)} <= {"real1", None}
    finally:
        network.servers[1].set_up(True)
    wait_for("real2 serving again", lambda: answered() == "real2")


def test_ovf_fills_the_highest_weight_and_overflows_to_the_next(network, serve, standing, servers):
    over = serve(service(network.VIP, weighted(servers, 2, 4, 3), "ovf"))
    with Held(network.client, network.VIP) as held:
        # a server is passed over once its active connections exceed its weight
        assert held.add(12) == ["real2"] * 5 + ["real3"] * 4 + ["real1"] * 3
        assert is_refused(network, standing)
        held.end("real3", 1)

        def has_three():
            return standing.service_stats(over)["servers"][2]["active_connections"] == 3

        wait_for("its end being seen", has_three)
        assert held.add(1) == ["real3"]


# Thresholds


def is_refused(network, director) -> bool:
    """A connection finds no server, for that reason."""
    before = director.stats()["drops"]["no_server_free"]
    with contextlib.suppress(TimeoutError):
        connection_to(network.client, network.VIP, timeout=0.4).close()
        return False
    return director.stats()["drops"]["no_server_free"] > before


@pytest.mark.parametrize("scheduler", ["rr", "wrr", "wlc", "mh", "sh"])
def test_when_all_are_full_connections_are_dropped_for_that_reason(network, serve, standing, servers, scheduler):
    flags = [f"{scheduler}-fallback"] if scheduler in ("mh", "sh") else []
    full = limited(service(network.VIP, servers, scheduler), (2, 0), (1, 0), (3, 0))
    full = serve({**full, "scheduler_flags": flags})
    with Held(network.client, network.VIP) as held:
        held.add(6)
        assert held.count() == {"real1": 2, "real2": 1, "real3": 3}
        assert is_refused(network, standing)
        standing.rpc("server.edit", {"service": key(full), "server": {"address": servers[1], "upper_threshold": 2}})
        assert held.add(1) == ["real2"]


@pytest.mark.parametrize("scheduler", ["mh", "sh"])
def test_without_fallback_a_full_servers_clients_are_dropped(network, serve, standing, servers, scheduler):
    serve({**limited(service(network.VIP, servers, scheduler), *[(2, 0)] * 3), "scheduler_flags": []})
    with Held(network.client, network.VIP) as held:
        assert len(set(held.add(2))) == 1
        assert is_refused(network, standing)


def test_a_full_server_is_open_again_below_its_lower_threshold(network, serve, standing, servers):
    """real1 says below 2, real2 nothing: below three quarters of its upper one. real3 takes all the rest.

    On the first VIP they come down to where they are still full, on the second to where they are open.
    """
    client = network.client
    still, again = [
        serve(limited(service(vip, servers, "rr"), (4, 2), (4, 0))) for vip in (network.VIP, network.MORE_VIPS[0])
    ]
    with Held(client, still["vip"]) as full, Held(client, again["vip"]) as opened:
        for held in (full, opened):
            held.add(12)
            assert held.count() == {"real1": 4, "real2": 4, "real3": 4}
            assert held.add(3) == ["real3"] * 3
        for held, left in ((full, (2, 3)), (opened, (1, 2))):
            held.end("real1", 4 - left[0])
            held.end("real2", 4 - left[1])
        forgotten = [
            (still, {servers[0]: 2, servers[1]: 3, servers[2]: 7}),
            (again, {servers[0]: 1, servers[1]: 2, servers[2]: 7}),
        ]
        wait_for("closed ones being forgotten", lambda: all(totals(standing, of) == left for of, left in forgotten), 30)
        assert full.add(3) == ["real3"] * 3
        assert sorted(opened.add(3)) == ["real1", "real2", "real3"]


# Each datagram by itself


def test_one_packet_schedules_each_datagram(network, serve, servers):
    serve({**service(network.VIP, servers, "rr", "udp", UDP_PORT), "one_packet": True})
    with echoing(network.servers, network.VIP, UDP_PORT):
        with contextlib.closing(network.client.socket(socket.SOCK_DGRAM)) as client:
            names = Counter(datagram_answer(client, network.VIP, UDP_PORT, b"%d" % n) for n in range(9))
    assert names == {"real1": 3, "real2": 3, "real3": 3}
