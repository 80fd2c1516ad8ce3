"""Other machines that say they have the VIP: found, named, told how to be mended, and the VIP taken back."""

import pytest
from scapy.layers.inet6 import ICMPv6ND_NA
from scapy.layers.l2 import ARP

from clients import who_answers
from director import DUAL_PORT, service
from network import Wire
from waiting import wait_for

FAST = {"interval": 0.5, "clear": 6}
LISTEN = {"interval": 0, "clear": 6}


@pytest.fixture
def start(dual_network, dual_director):
    """Starts the director for both families, its VIPs watched by these settings."""
    def started(watch=FAST):
        servers = [server.address for server in dual_network.servers]
        dual_director.start(dual_director.config(
            [service(dual_network.VIP, servers, "rr"), service(dual_network.VIP6, dual_network.servers6(), "rr")],
            ports=[DUAL_PORT], vip_watch=watch,
        ))  # fmt: skip
        return dual_director

    return started


@pytest.fixture
def thief(dual_network):
    """A real server that the test makes loud; it is mended afterwards."""
    server = dual_network.servers[1]
    yield server
    server.run("ip", "address", "del", f"{dual_network.VIP6}/128", "dev", "eth0", check=False)
    mend(server, dual_network)
    for host in (dual_network.client, *dual_network.servers):
        host.forget_neighbors()


def set_loud(server, name: str) -> None:
    server.run("sysctl", "-qw", *(f"net.ipv4.conf.{device}.{name}=0" for device in ("all", "eth0")))


def mend(server, network) -> None:
    server.real_server("apply", *network.vips())


def say_something(server, vip: str, to) -> None:
    """In the VIP's name, to a machine whose MAC address it has to find out first. The answer goes to the director."""
    server.forget_neighbors()
    address = to.address6 if ":" in vip else to.address
    server.run("ping", "-c", "1", "-W", "1", "-I", vip, address, check=False)


def conflicts(director) -> dict[str, float]:
    return director.metrics()["turnout_vip_conflict"]


def labels(vip: str, mac: str, server="") -> str:
    return f'vip="{vip}",mac="{mac}",server="{server}"'


def is_told(director, kind: str, vip: str, mac: str, server: str) -> bool:
    wanted = {"vip": vip, "mac": mac, "server": server or None, "port": "lan"}.items()
    return any(wanted <= event.items() for event in director.rpc("events.list", {"kinds": [kind]})["events"])


def wait_for_conflict(director, vip: str, mac: str, server: str, *words: str) -> None:
    """In the metric and in the log, where one line has all the words."""
    wait_for("the conflict in the metric", lambda: conflicts(director).get(labels(vip, mac, server)) == 1)
    assert is_told(director, "vip_conflict_begun", vip, mac, server)
    lines = [line for line in director.log().splitlines() if f"VIP {vip} on port 'lan': " in line]
    assert any(all(word in line for word in (mac, server, "mend: ", *words)) for line in lines), lines


def wait_until_over(director, vip: str, mac: str, server: str) -> None:
    wait_for("the conflict's end", lambda: conflicts(director).get(labels(vip, mac, server)) == 0, 20)
    wait_for("the end in the log", lambda: any(
        f"VIP {vip}: " in line and mac in line and "no longer claims it" in line for line in director.log().splitlines()
    ))  # fmt: skip
    assert is_told(director, "vip_conflict_ended", vip, mac, server)


def check_served_by_director(network, director, vip: str) -> None:
    """A client that has just looked for the VIP, and may have believed the thief, is the director's soon."""
    ours = network.director.mac("dir0")
    for _ in range(3):
        network.client.forget_neighbors()
        network.client.ping(vip)
        wait_for("the director's MAC in the client's table", lambda: network.client.neighbors().get(vip) == ours, 5)
    of = next(each for each in director.rpc("service.list") if each["vip"] == vip)
    before = director.service_stats(of)["connections"]
    assert len({who_answers(network.client, vip) for _ in range(6)}) == 3
    assert director.service_stats(of)["connections"] == before + 6


def test_without_a_thief_nothing_is_said(dual_network, start):
    director = start()
    dual_network.servers[0].forget_neighbors()
    say_something(dual_network.servers[0], dual_network.VIP, dual_network.client)
    assert dual_network.client.ping(dual_network.VIP, 5) == 5
    assert conflicts(director) == {}
    assert "mend" not in director.log()


def test_arp_ignore_0_is_found_named_and_countered_until_it_is_mended(dual_network, start, thief):
    director = start()
    set_loud(thief, "arp_ignore")
    wait_for_conflict(
        director, dual_network.VIP, thief.mac(), thief.address, "answers ARP requests",
        f"ssh {thief.address} sudo sysctl -w net.ipv4.conf.all.arp_ignore=1",
    )  # fmt: skip
    page = director.ctl("doctor", check=False)
    assert page.returncode == 5, page.stdout
    assert "[vip_conflict]" in page.stdout and "arp_ignore=1" in page.stdout
    check_served_by_director(dual_network, director, dual_network.VIP)
    mend(thief, dual_network)
    wait_until_over(director, dual_network.VIP, thief.mac(), thief.address)
    assert "vip_conflict" not in {finding["code"] for finding in director.rpc("doctor")["findings"]}


def test_arp_announce_0_is_found_named_and_countered_until_it_is_mended(dual_network, start, thief):
    director, vip = start(), dual_network.VIP
    set_loud(thief, "arp_announce")

    assert who_answers(dual_network.client, vip).startswith("real")
    with Wire(dual_network.client) as wire:
        say_something(thief, vip, dual_network.client)
        heard = [frame[ARP].hwsrc for frame in wire.received(lambda frame: ARP in frame and frame[ARP].psrc == vip, 2)]
    ours = dual_network.director.mac("dir0")
    assert thief.mac() in heard
    assert ours in heard[heard.index(thief.mac()):], "taken back after the claim"
    wait_for_conflict(
        director, vip, thief.mac(), thief.address, "sender of its own ARP requests",
        f"ssh {thief.address} sudo sysctl -w net.ipv4.conf.all.arp_announce=2",
    )  # fmt: skip
    check_served_by_director(dual_network, director, vip)
    mend(thief, dual_network)
    say_something(thief, vip, dual_network.client)
    wait_until_over(director, vip, thief.mac(), thief.address)


def test_an_ipv6_vip_on_a_network_card_is_found_named_and_countered_until_it_is_mended(dual_network, start, thief):
    director, vip = start(), dual_network.VIP6
    thief.run("ip", "address", "add", f"{vip}/128", "dev", "eth0", "nodad")
    wait_for_conflict(
        director, vip, thief.mac(), thief.address6, "answers neighbour solicitations", "must be on lo only",
        f"ssh {thief.address6} sudo sh -s check {vip} < scripts/real-server",
    )  # fmt: skip
    check_served_by_director(dual_network, director, vip)
    thief.run("ip", "address", "del", f"{vip}/128", "dev", "eth0")
    wait_until_over(director, vip, thief.mac(), thief.address6)


def test_an_ipv6_vip_as_the_source_of_solicitations_is_found(dual_network, start, thief):
    director, vip = start(LISTEN), dual_network.VIP6
    thief.run("ip", "address", "add", f"{vip}/128", "dev", "eth0", "nodad")
    with Wire(dual_network.client) as wire:
        say_something(thief, vip, dual_network.client)
        ours = dual_network.director.mac("dir0")
        assert wire.received(lambda frame: ICMPv6ND_NA in frame and frame[ICMPv6ND_NA].tgt == vip and frame.src == ours)
    wait_for_conflict(
        director, vip, thief.mac(), thief.address6, "source of its own neighbour solicitations", "preferred_lft 0"
    )
    thief.run("ip", "address", "del", f"{vip}/128", "dev", "eth0")
    wait_until_over(director, vip, thief.mac(), thief.address6)


@pytest.mark.parametrize("which", ["VIP", "VIP6"])
def test_another_machine_that_has_the_vip_is_no_real_servers(dual_network, start, which):
    director, vip, other = start(), getattr(dual_network, which), dual_network.client
    address = f"{vip}/{128 if ':' in vip else 32}"
    other.run("ip", "address", "add", address, "dev", "eth0", *(["nodad"] if ":" in vip else []))
    try:
        wait_for_conflict(director, vip, other.mac(), "", "which is no real server's", "the other director")
    finally:
        other.run("ip", "address", "del", address, "dev", "eth0")
    wait_until_over(director, vip, other.mac(), "")


def test_the_directors_own_address_on_another_machine_is_said(dual_network, start):
    director, other = start(), dual_network.client
    other.run("ip", "address", "add", f"{dual_network.DIRECTOR}/32", "dev", "eth0")
    try:
        other.run("arping", "-U", "-c", "1", "-I", "eth0", dual_network.DIRECTOR, check=False)
        wait_for("the line in the log", lambda: any(
            f"own address {dual_network.DIRECTOR} on port 'lan': {other.mac()}" in line
            for line in director.log().splitlines()
        ))  # fmt: skip
    finally:
        other.run("ip", "address", "del", f"{dual_network.DIRECTOR}/32", "dev", "eth0")
        for host in (other, *dual_network.servers):
            host.forget_neighbors()
