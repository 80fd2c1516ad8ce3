"""Fragmented datagrams: all fragments of one go to the server that its flow has, in whatever order they come.

With net_af_xdp, as net_af_packet is given whole packets by the kernel.
"""

import contextlib
import socket
import time

import pytest
from scapy.layers.inet import IP, UDP, fragment
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment, fragment6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from clients import datagram_answer, echoing
from director import DUAL_PORT, af_xdp, service
from network import Wire
from waiting import wait_for

PORT = 5353
SIZE = 20000
LIFETIME = 2.0  # seconds that fragments are held for, waiting for the first one


@pytest.fixture
def running(dual_network, dual_director):
    servers, servers6 = [server.address for server in dual_network.servers], dual_network.servers6()
    dual_director.start(dual_director.config(
        [service(dual_network.VIP, servers, "rr", "udp", PORT), service(dual_network.VIP6, servers6, "rr", "udp", PORT)],
        devices=[af_xdp(0, "dir0")], ports=[{**DUAL_PORT, "device": "net_af_xdp0"}],
    ))  # fmt: skip
    return dual_director


@pytest.fixture(params=["VIP", "VIP6"])
def vip(request, dual_network):
    """With a server for datagrams on each of the hosts that hold it."""
    address = getattr(dual_network, request.param)
    with echoing(dual_network.servers, address, PORT):
        yield address


def flow(dual_network, vip: str) -> socket.socket:
    """A client's socket with a port of its own, that its flow can be recognized by."""
    made = dual_network.client.socket(socket.SOCK_DGRAM, to=vip)
    made.bind((dual_network.client.address6 if ":" in vip else dual_network.client.address, 0))
    return made


def fragments(dual_network, vip: str, client: socket.socket, said: bytes) -> list[Ether]:
    link = Ether(src=dual_network.client.mac(), dst=dual_network.director.mac("dir0"))
    source, port, *_ = client.getsockname()
    datagram = UDP(sport=port, dport=PORT) / Raw(said)
    if ":" in vip:
        whole = IPv6(bytes(IPv6(src=source, dst=vip) / datagram))  # with its checksum
        whole = IPv6(src=source, dst=vip) / IPv6ExtHdrFragment(id=port) / whole[UDP]
        return [link / part for part in fragment6(whole, 1400)]
    return [link / part for part in fragment(IP(src=source, dst=vip, id=port) / datagram, 1400)]


def send(dual_network, frames: list) -> None:
    with Wire(dual_network.client) as wire:
        for frame in frames:
            wire.send(frame)


def answer(client: socket.socket, said: bytes) -> str:
    name, echoed = client.recvfrom(65535)[0].split(b":", 1)
    assert echoed == said
    return name.decode()


def test_large_datagrams_arrive_whole_at_the_flows_server(dual_network, running, vip):
    said, names = bytes(range(250)) * (SIZE // 250), set()
    for _ in range(6):
        with contextlib.closing(flow(dual_network, vip)) as client:
            small = datagram_answer(client, vip, PORT, b"small")
            assert {datagram_answer(client, vip, PORT, said) for _ in range(5)} == {small}
            names.add(small)
    assert names == {"real1", "real2", "real3"}
    wait_for("nothing held any more", lambda: running.stats()["held_fragments"] == 0, LIFETIME + 2)
    assert running.stats()["drops"]["fragment"] == 0


def test_fragments_may_come_in_any_order(dual_network, running, vip):
    said = bytes(range(250)) * 20
    with contextlib.closing(flow(dual_network, vip)) as client:
        name = datagram_answer(client, vip, PORT, b"small")
        whole = fragments(dual_network, vip, client, said)
        assert len(whole) >= 4
        for order in (whole, whole[::-1], whole[1:] + whole[:1]):
            send(dual_network, order)
            assert answer(client, said) == name
    assert running.stats()["drops"]["fragment"] == 0


def test_a_flow_may_begin_with_its_last_fragment(dual_network, running, vip):
    said = bytes(range(250)) * 20
    with contextlib.closing(flow(dual_network, vip)) as client:
        send(dual_network, fragments(dual_network, vip, client, said)[::-1])
        name = answer(client, said)
        assert datagram_answer(client, vip, PORT, b"small") == name


def test_fragments_whose_first_never_comes_are_dropped(dual_network, running, vip):
    with contextlib.closing(flow(dual_network, vip)) as client:
        orphans = fragments(dual_network, vip, client, bytes(5000))[1:]
        send(dual_network, orphans)
        wait_for("them held", lambda: running.stats()["held_fragments"] == len(orphans), LIFETIME / 2)
        running.check_books()
        wait_for("them dropped", lambda: running.stats()["drops"]["fragment"] == len(orphans), LIFETIME + 2)
    assert running.stats()["held_fragments"] == 0
    running.check_books()


def test_a_flood_of_them_leaves_other_datagrams_alone(dual_network, running, vip):
    with contextlib.closing(flow(dual_network, vip)) as client:
        orphans = [bytes(frame) for frame in fragments(dual_network, vip, client, bytes(5000))[1:]]
        with Wire(dual_network.client) as wire:
            for number in range(5000):
                wire.send(orphans[number % len(orphans)])
                if number % 50 == 49:
                    time.sleep(0.001)
        name = datagram_answer(client, vip, PORT, b"small")
        assert name in {"real1", "real2", "real3"}
    running.check_books()


def test_the_port_outlives_more_punted_frames_than_it_has_buffers_in_the_kernel(dual_network, running):
    """Each frame that control gets gives its buffer back by another way than those that are forwarded."""
    dual_network.client.run("ping", "-q", "-i", "0.0003", "-c", "7000", dual_network.VIP, timeout=120, check=False)
    assert running.stats()["punts"]["icmp_echo"] > 5000
    dual_network.client.forget_neighbors()
    assert dual_network.client.ping(dual_network.VIP) == 1
