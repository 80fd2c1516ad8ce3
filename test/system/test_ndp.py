"""The director's Neighbor Discovery: kernels find, keep and update its addresses, and routers don't move it."""

import json
import time

import pytest
from scapy.layers.inet6 import ICMPv6ND_RA, ICMPv6NDOptPrefixInfo, ICMPv6NDOptSrcLLAddr, IPv6
from scapy.layers.l2 import Ether

from clients import who_answers
from director import DUAL_PORT, Director, service
from network import DualLan, Host, Wire
from solicit import who_advertises
from waiting import wait_for


@pytest.fixture
def configured(dual_network, dual_director):
    """Not started yet."""
    dual_director.write(dual_director.config(
        [service(dual_network.VIP6, dual_network.servers6())], ports=[DUAL_PORT]
    ))  # fmt: skip
    return dual_director


@pytest.fixture
def running(configured):
    configured.start()
    return configured


def state_of(host, address: str) -> list[str]:
    entries = json.loads(host.run("ip", "-6", "-json", "neighbor", "show", address).stdout or "[]")
    return entries[0]["state"] if entries else []


def test_a_kernel_resolves_the_vip_again_and_again(dual_network, running):
    for _ in range(2):
        dual_network.client.forget_neighbors()
        assert dual_network.client.ping(dual_network.VIP6) == 1
        assert state_of(dual_network.client, dual_network.VIP6) == ["REACHABLE"]
        assert dual_network.client.neighbors()[dual_network.VIP6] == dual_network.director.mac("dir0")
    assert running.stats()["punts"]["ndp"] >= 2


def test_a_kernel_finds_that_the_vip_is_still_there(dual_network, running):
    """By solicitations sent to the MAC address that it has (RFC 4861 7.3.3)."""
    client, mac = dual_network.client, dual_network.director.mac("dir0")
    for state in ("probe", "stale"):
        client.run("ip", "neighbor", "replace", dual_network.VIP6, "lladdr", mac, "nud", state, "dev", "eth0")
        assert client.ping(dual_network.VIP6) == 1
        wait_for("REACHABLE", lambda: state_of(client, dual_network.VIP6) == ["REACHABLE"], 8)


@pytest.mark.parametrize("which", ["VIP6", "DIRECTOR6"])
def test_the_director_alone_answers_for_its_addresses(dual_network, running, which):
    assert who_advertises(dual_network.client, getattr(dual_network, which)) == [dual_network.director.mac("dir0")]


def test_it_is_silent_for_others(dual_network, running):
    assert who_advertises(dual_network.client, dual_network.UNUSED6) == []
    assert who_advertises(dual_network.client, dual_network.servers[0].address6) == [dual_network.servers[0].mac()]


@pytest.mark.parametrize(("which", "outcome"), [("VIP6", "dadfailed"), ("DIRECTOR6", "dadfailed"), ("UNUSED6", "free")])
def test_a_host_that_wants_the_address_learns_that_it_is_taken(dual_network, running, which, outcome):
    """Duplicate address detection (RFC 4862 5.4) by a kernel."""
    client, address = dual_network.client, getattr(dual_network, which)

    def found():
        listed = client.run("ip", "-6", "address", "show", "to", f"{address}/128").stdout
        return "dadfailed" if "dadfailed" in listed else None if "tentative" in listed else "free"

    client.run("sysctl", "-qw", "net.ipv6.conf.eth0.accept_dad=1")
    try:
        client.run("ip", "address", "add", f"{address}/64", "dev", "eth0")
        assert wait_for("the kernel's verdict", found, 5) == outcome
    finally:
        client.run("ip", "address", "del", f"{address}/64", "dev", "eth0")
        client.run("sysctl", "-qw", "net.ipv6.conf.eth0.accept_dad=0")


def test_a_stale_entry_is_corrected_when_the_director_starts(dual_network, configured):
    """By an unsolicited advertisement with the override flag; the client sends nothing."""
    client = dual_network.client
    client.run(
        "ip", "neighbor", "replace", dual_network.VIP6, "lladdr", "02:00:00:00:00:99", "nud", "stale", "dev", "eth0"
    )
    configured.start()
    mac = dual_network.director.mac("dir0")
    wait_for("the director's MAC", lambda: client.neighbors()[dual_network.VIP6] == mac, 5)


def test_a_router_advertisement_changes_nothing(dual_network, running):
    client = dual_network.client
    before = running.rpc("port.list"), {each["address"] for each in running.rpc("neighbor.list")}
    said = ICMPv6ND_RA(routerlifetime=1800, chlim=3) / ICMPv6NDOptPrefixInfo(prefix="2001:db8:bad::", prefixlen=64)
    frame = Ether(src=client.mac(), dst="33:33:00:00:00:01") / IPv6(src="fe80::bad", dst="ff02::1", hlim=255) / said
    received = running.stats()["packets"]["received"]
    with Wire(client) as wire:
        for _ in range(5):
            wire.send(frame / ICMPv6NDOptSrcLLAddr(lladdr=client.mac()))
    wait_for("the advertisements counted", lambda: running.stats()["packets"]["received"] >= received + 5)
    assert (running.rpc("port.list"), {each["address"] for each in running.rpc("neighbor.list")}) == before
    assert who_answers(client, dual_network.VIP6).startswith("real")


def in_group_of_vip(switch: Host) -> bool:
    return "port director.dir0 grp ff02::1:ff00:100 " in switch.run("bridge", "mdb", "show").stdout


@pytest.fixture
def snooping_network():
    lan = DualLan("snooping")
    yield lan
    lan.remove()


def test_solicitations_come_through_a_switch_that_snoops(snooping_network, tmp_path):
    """It hands them on to those only who joined the address's group by MLD, and keep saying so when it asks."""
    director, switch = Director(snooping_network.director, tmp_path), Host(snooping_network.lab, "lan")
    director.start(director.config([service(snooping_network.VIP6, snooping_network.servers6())], ports=[DUAL_PORT]))
    try:
        wait_for("the director in the VIP's group", lambda: in_group_of_vip(switch), 5)
        time.sleep(6)  # longer than the switch remembers who does not answer
        assert in_group_of_vip(switch)
        for address in (snooping_network.VIP6, snooping_network.DIRECTOR6):
            snooping_network.client.forget_neighbors()
            assert snooping_network.client.ping(address) == 1
        assert who_answers(snooping_network.client, snooping_network.VIP6).startswith("real")
    finally:
        director.finish()
