"""Real servers and gateways stay where they are, whatever is said of them, and are followed when they move."""

from pathlib import Path

import pytest

from clients import Hammer, who_answers
from director import Director, port, service
from forge import Flood, arp_lies, ndp_lies, random_advertisements, random_claims
from network import DualLan, Wire
from waiting import until, wait_for

LIAR = "02:00:00:00:5e:99"
NEW_MAC = "02:00:00:00:5e:01"
GATEWAY, GATEWAY6 = "192.0.2.1", "2001:db8::1"
WATCH = {"interval": 1, "clear": 5}


@pytest.fixture(scope="module")
def lan():
    """The usual network with both families, and a router."""
    made = DualLan()
    try:
        made.gateway = made.host("gateway", "lan", *made.addresses(1))
        yield made
    finally:
        made.remove()


@pytest.fixture
def director(lan, tmp_path):
    made = Director(lan.director, tmp_path)
    yield made
    made.finish()


@pytest.fixture
def running(lan, director):
    director.start(director.config(
        [service(lan.VIP, [server.address for server in lan.servers], "rr"), service(lan.VIP6, lan.servers6(), "rr")],
        ports=[port("192.0.2.2/24", "2001:db8::2/64", gateway=[GATEWAY, GATEWAY6])], vip_watch=WATCH,
    ))  # fmt: skip
    return director


def lies_about(lan, address: str, mac=LIAR) -> list[bytes]:
    tell, director = (ndp_lies, lan.DIRECTOR6) if ":" in address else (arp_lies, lan.DIRECTOR)
    return tell(address, mac, director, lan.director.mac("dir0"))


def lie(lan, addresses: list[str], seconds: float) -> None:
    frames = [frame for address in addresses for frame in lies_about(lan, address)]
    with Wire(lan.client) as wire:
        try:
            for _ in until(seconds, 0.02):
                for frame in frames:
                    wire.send(frame)
        except TimeoutError:
            pass


def places(director) -> dict[str, tuple]:
    return {each["address"]: (each["mac"], each["mac_changes"]) for each in director.rpc("neighbor.list")}


@pytest.mark.parametrize("family", ["IPv4", "IPv6"])
def test_forged_claims_move_neither_a_server_nor_the_gateway(lan, running, family):
    server, gateway, vip = (
        (lan.servers[0].address, GATEWAY, lan.VIP) if family == "IPv4" else (lan.servers[0].address6, GATEWAY6, lan.VIP6)
    )
    before = places(running)
    with Hammer(lan.client, vip) as hammer:
        lie(lan, [server, gateway], 5)
    assert places(running) == before
    assert hammer.failures == []
    assert hammer.answers["real1"] > 0
    for address in (server, gateway):
        assert running.neighbor(address)["rival"] == LIAR
        assert f"{address} on port 'lan': {LIAR} says that it has that address" in running.log()


def test_a_gateway_that_moves_is_followed(lan, running):
    before = lan.gateway.mac()
    lan.gateway.set_mac(NEW_MAC)
    try:
        lan.gateway.run("arping", "-U", "-c", "1", "-I", "eth0", GATEWAY, check=False)
        wait_for("the new MAC address", lambda: running.neighbor(GATEWAY)["mac"] == NEW_MAC, 5)
        assert f"{GATEWAY} on port 'lan' moved from {before} to {NEW_MAC}" in running.log()
    finally:
        lan.gateway.set_mac(before)


def test_an_ipv6_server_that_moves_is_followed(lan, running):
    server, before = lan.servers[0], lan.servers[0].mac()
    server.set_mac(NEW_MAC)
    try:
        server.forget_neighbors()
        assert server.ping(lan.DIRECTOR6) == 1  # its solicitation says where it is
        wait_for("the new MAC address", lambda: running.neighbor(server.address6)["mac"] == NEW_MAC, 5)
        assert f"{server.address6} on port 'lan' moved from {before} to {NEW_MAC}" in running.log()
    finally:
        server.set_mac(before)
        for host in (lan.client, *lan.servers):
            host.forget_neighbors()


def test_two_machines_with_one_address_are_told_and_the_first_one_keeps_it(lan, running):
    server = lan.servers[0]
    twin = lan.host("twin", "lan", f"{server.address}/24")
    twin.run("arping", "-U", "-c", "1", "-I", "eth0", server.address, check=False)
    wait_for("the rival", lambda: running.neighbor(server.address)["rival"] == twin.mac(), 5)
    assert running.neighbor(server.address)["mac"] == server.mac()
    assert f"{twin.mac()} says that it has that address, but {server.mac()} still answers" in running.log()
    assert {who_answers(lan.client, lan.VIP) for _ in range(6)} == {"real1", "real2", "real3"}

    server.set_up(False)  # now it is the only one
    try:
        wait_for("the other's MAC", lambda: running.neighbor(server.address)["mac"] == twin.mac(), 40)
        assert running.neighbor(server.address)["rival"] is None
    finally:
        twin.set_up(False)
        server.set_up(True)
        server.run("ip", "-6", "address", "replace", f"{server.address6}/64", "dev", "eth0", "nodad")
    wait_for("the server back in its place", lambda: running.neighbor(server.address)["mac"] == server.mac(), 40)


def test_a_fixed_mac_can_not_be_poisoned(lan, director):
    server = lan.servers[0]
    served = service(lan.VIP, [server.address])
    served["real_servers"][0]["mac"] = server.mac()
    director.start(director.config([served], vip_watch=WATCH))
    with Hammer(lan.client, lan.VIP) as hammer:
        lie(lan, [server.address], 3)
    assert hammer.failures == []
    assert set(hammer.answers) == {"real1"}
    assert director.neighbor(server.address)["mac"] == server.mac()
    assert director.neighbor(server.address)["state"] == "fixed"


def resident(director) -> int:
    """Bytes of turnoutd's own memory, found by its socket's owner."""
    status = Path(f"/proc/{director.rpc('daemon.info')['pid']}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS:"))


def test_a_flood_of_random_claims_moves_nobody_fills_no_memory_and_stops_no_traffic(lan, running):
    mac = lan.director.mac("dir0")
    addresses = [server.address for server in lan.servers] + [GATEWAY, lan.VIP, lan.DIRECTOR]
    frames = random_claims(addresses, mac, 30720)
    frames += random_advertisements([*lan.servers6(), GATEWAY6, lan.VIP6, lan.DIRECTOR6], lan.DIRECTOR6, mac, 2048)
    before, memory = places(running), resident(running)
    with Hammer(lan.client, lan.VIP) as hammer, Flood(lan.gateway, frames) as flood:
        wait_for("half a million forged claims", lambda: flood.sent > 500_000, 60)
        so_far = sum(hammer.answers.values())
        wait_for("requests answered meanwhile", lambda: sum(hammer.answers.values()) > so_far + 20, 60)
        assert running.rpc("daemon.info")["generation"] == 1, "control answers"
        assert {row["state"] for row in running.rpc("health.list")} == {"up"}, "checks are answered"
        assert {row["falls"] for row in running.rpc("health.list")} == {0}
    assert places(running) == before
    assert resident(running) < memory + 32 * 1024 * 1024
    assert len(running.metrics()["turnout_vip_conflict"]) <= 256
    assert who_answers(lan.client, lan.VIP).startswith("real")
