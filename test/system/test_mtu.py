"""Jumbo frames where the configuration says so, and what becomes of frames that are too long for where they go."""

import contextlib
import errno
import socket

import pytest

from clients import datagram_answer, echoing, get
from director import DUAL_PORT, af_packet, port, service
from network import DualLan, Network
from waiting import wait_for

PORT = 5353
JUMBO = 9000
ROOM = ",blocksz=65536,framesz=16384,framecnt=512"  # net_af_packet's own default takes frames of 2048 bytes at most
IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, DONT, DO = 10, 23, 0, 2  # ip(7), ipv6(7); not in Python's socket


def datagrams(host, vip: str, discover: int) -> socket.socket:
    """A socket whose packets may (DONT) or may not (DO) be fragmented on the way."""
    made = host.socket(socket.SOCK_DGRAM, to=vip)
    if ":" in vip:
        made.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, discover)
    else:
        made.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, discover)
    return made


@pytest.fixture(scope="module")
def network():
    lan = DualLan()
    try:
        for host in (lan.client, *lan.servers):
            lan.set_mtu(host, "lan", JUMBO)
        lan.set_mtu(lan.director, "lan", JUMBO, "dir0")
        yield lan
    finally:
        lan.remove()


@pytest.mark.parametrize("which", ["VIP", "VIP6"])
def test_jumbo_frames_end_to_end(network, director, which):
    vip = getattr(network, which)
    servers = network.servers6() if ":" in vip else [server.address for server in network.servers]
    director.start(director.config(
        [service(vip, servers), service(vip, servers, "mh", "udp", PORT)],
        devices=[af_packet(0, "dir0", ROOM)], ports=[{**DUAL_PORT, "mtu": JUMBO}],
    ))  # fmt: skip
    assert [each["mtu"] for each in director.rpc("port.list")] == [JUMBO]
    said = bytes(JUMBO - 48)  # with the longer of the two IP headers, and UDP's
    with echoing(network.servers, vip, PORT), contextlib.closing(datagrams(network.client, vip, DO)) as client:
        names = {datagram_answer(client, vip, PORT, said[len("realN:"):]) for _ in range(10)}
    assert len(names) == 1
    assert get(network.client, vip).startswith(b"real")
    assert director.stats()["drops"]["too_big"] == 0


VIP, VIP6 = "198.51.100.100", "2001:db8:1::100"  # on the clients' network


class TwoSizes(Network):
    """Clients with jumbo frames on one port of the director, real servers without on the other."""

    def __init__(self):
        super().__init__()
        try:
            self.lan("clients")
            self.lan("servers")
            self.client = self.host("client", "clients", "198.51.100.10/24", "2001:db8:1::10/64")
            self.router("router", ("clients", ("198.51.100.1/24", "2001:db8:1::1/64")),
                        ("servers", ("192.0.2.1/24", "2001:db8::1/64")))  # fmt: skip
            self.server = self.real_server("real1", "servers", ("192.0.2.11/24", "2001:db8::11/64"), VIP, VIP6)
            self.server.real_server("apply", VIP, VIP6, "--gateway", "192.0.2.1", "--gateway", "2001:db8::1")
            self.director = self.host("director", "clients", device="dir0")
            self.plug(self.director, "dir1", "servers")
            self.set_mtu(self.client, "clients", JUMBO)
            self.set_mtu(self.director, "clients", JUMBO, "dir0")
        except BaseException:
            self.remove()
            raise


@pytest.fixture
def narrowing(tmp_path):
    network = TwoSizes()
    yield network
    network.remove()


def test_what_is_too_long_for_the_real_servers_side(narrowing, make_director):
    director = make_director(narrowing.director)
    director.start(director.config(
        [service(VIP, [narrowing.server.address], "mh", "udp", PORT),
         service(VIP6, [narrowing.server.address6], "mh", "udp", PORT)],
        devices=[af_packet(0, "dir0", ROOM), af_packet(1, "dir1")],
        ports=[port("198.51.100.2/24", "2001:db8:1::2/64", name="outside", mtu=JUMBO),
               port("192.0.2.2/24", "2001:db8::2/64", name="inside", device="net_af_packet1")],
    ))  # fmt: skip
    with echoing([narrowing.server], VIP, PORT), echoing([narrowing.server], VIP6, PORT):
        for vip in (VIP, VIP6):
            with contextlib.closing(datagrams(narrowing.client, vip, DO)) as client:
                client.connect((vip, PORT))
                client.send(bytes(4000))
                with pytest.raises(OSError) as refused:
                    client.recv(100)
                assert refused.value.errno == errno.EMSGSIZE, "the director says what fits"
                assert "mtu 1500" in narrowing.client.run("ip", "route", "get", vip).stdout
                client.send(bytes(1400))
                assert client.recv(2000) == b"real1:" + bytes(1400)
    assert director.stats()["punts"]["too_big"] == 2

    narrowing.client.run("ip", "route", "flush", "cache")
    with contextlib.closing(datagrams(narrowing.client, VIP, DONT)) as client:
        client.sendto(bytes(4000), (VIP, PORT))
        wait_for("it dropped", lambda: director.stats()["drops"]["too_big"] == 1)
        client.settimeout(0.5)
        with pytest.raises(TimeoutError):
            client.recv(100)
