"""Path MTU discovery through the director: routers' errors to the VIP reach the real server that they concern."""

import contextlib
import hashlib
import os

import pytest
from scapy.layers.inet import ICMP, IP, TCP
from scapy.layers.inet6 import ICMPv6PacketTooBig
from scapy.layers.l2 import Ether

from clients import get
from director import DUAL_PORT, service
from network import DualLan, Wire
from waiting import wait_for

SIZE = 8 << 20
NARROW = 1280
GATEWAYS = ("--gateway", "192.0.2.1", "--gateway", "2001:db8::1")
FAR, FAR_ROUTER = ("198.51.100.10/24", "2001:db8:1::10/64"), ("198.51.100.1/24", "2001:db8:1::1/64")


class NarrowPath(DualLan):
    """And a client behind a router whose way to it is narrower than what the client itself says it can take."""

    def __init__(self):
        super().__init__()
        try:
            self.lan("far")
            self.router_host = self.router("router", ("lan", self.addresses(1)), ("far", FAR_ROUTER))
            self.router_host.run("ip", "link", "set", "eth1", "mtu", NARROW)
            self.far = self.host("far-client", "far", *FAR)
            for gateway in FAR_ROUTER:
                self.far.run("ip", "route", "add", "default", "via", gateway.split("/")[0])
            self.content = os.urandom(SIZE)
            for server in self.servers:
                server.real_server("apply", *self.vips(), *GATEWAYS)
                (server.folder / "www" / "file").write_bytes(self.content)
        except BaseException:
            self.remove()
            raise


@pytest.fixture(scope="module")
def network():
    made = NarrowPath()
    yield made
    made.remove()


@pytest.fixture
def running(network, director):
    director.start(director.config([
        service(network.VIP, [server.address for server in network.servers], "rr"),
        service(network.VIP6, network.servers6(), "rr"),
    ], ports=[DUAL_PORT]))  # fmt: skip
    return director


def knows_narrow_path(network, server, vip: str) -> bool:
    """Has this real server's kernel learnt the path MTU to the client?"""
    client = network.far.address6 if ":" in vip else network.far.address
    return f"mtu {NARROW}" in server.run("ip", "route", "get", client, "from", vip).stdout


def is_too_big(frame) -> bool:
    return ICMPv6PacketTooBig in frame or (ICMP in frame and (frame[ICMP].type, frame[ICMP].code) == (3, 4))


@pytest.mark.parametrize("which", ["VIP", "VIP6"])
def test_large_downloads_finish_over_a_narrow_path(network, running, which):
    vip = getattr(network, which)
    for server in network.servers:
        settings = server.run("sysctl", "-n", "net.ipv4.ip_no_pmtu_disc", "net.ipv4.tcp_mtu_probing").stdout
        assert settings.split() == ["0", "0"], "nothing but the error helps"
    assert not any(knows_narrow_path(network, server, vip) for server in network.servers)
    for served in (1, 2, 3):
        body, errors = watched_download(network, vip)
        assert hashlib.sha256(body).digest() == hashlib.sha256(network.content).digest()
        assert sum(knows_narrow_path(network, server, vip) for server in network.servers) == served
        told = [seen for seen in errors if seen]
        assert len(told) == 1, "the server that it concerns, and no other"
        assert {error.src for error in told[0]} == {network.director.mac("dir0")}
    assert running.stats()["drops"]["icmp_unmatched"] == 0


def watched_download(network, vip: str) -> tuple[bytes, list[list[Ether]]]:
    """What was downloaded, and the errors that each real server received meanwhile."""
    with contextlib.ExitStack() as stack:
        wires = [stack.enter_context(Wire(server)) for server in network.servers]
        body = get(network.far, vip, "/file", timeout=20)
        return body, [wire.received(is_too_big, 0.1) for wire in wires]


def error_about(network, port: int) -> Ether:
    """What the router would say of a packet of the VIP's from a port that serves nobody."""
    concerned = IP(src=network.VIP, dst=network.far.address, len=1500, flags="DF") / TCP(sport=port, dport=12345)
    link = Ether(src=network.router_host.mac(), dst=network.director.mac("dir0"))
    return link / IP(src="192.0.2.1", dst=network.VIP) / ICMP(type=3, code=4, nexthopmtu=NARROW) / concerned


def drops(running, reason: str) -> int:
    return running.stats()["drops"][reason]


def test_errors_about_nothing_that_is_served_are_dropped(network, running):
    with Wire(network.router_host) as wire:
        for _ in range(10):
            wire.send(error_about(network, 81))
    wait_for("ten counted", lambda: drops(running, "icmp_unmatched") == 10)


def test_timestamp_requests_are_not_supported(network, running):
    link = Ether(src=network.client.mac(), dst=network.director.mac("dir0"))
    with Wire(network.client) as wire:
        for _ in range(10):
            wire.send(link / IP(src=network.client.address, dst=network.VIP) / ICMP(type=13))
    wait_for("ten counted", lambda: drops(running, "icmp_unsupported") == 10)
