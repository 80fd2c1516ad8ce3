"""The kernel interface: the director's own addresses belong to the kernel's programs, and the VIPs to the director.

A NIC that DPDK has is out of the kernel's sight. By net_af_packet it hears what comes in as well, and would answer on
dir0 for the addresses that it has on the kernel interface, so here it is told not to.
"""

import contextlib
import os
import socket
import threading
import time

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from clients import Hammer, who_answers
from director import DUAL_PORT, service
from network import Wire
from waiting import until, wait_for

TAP = "turnout0"
PORT = 2222
BULK = 2 << 20


DEAF = ("net.ipv4.conf.dir0.rp_filter=1", "net.ipv4.conf.dir0.arp_ignore=8")  # IPv6 is off on dir0


@pytest.fixture
def running(dual_network, dual_director):
    dual_network.director.run("sysctl", "-qw", *DEAF)
    dual_director.start(dual_director.config([
        service(dual_network.VIP, [server.address for server in dual_network.servers]),
        service(dual_network.VIP6, dual_network.servers6()),
    ], ports=[{**DUAL_PORT, "kernel_interface": TAP}]))  # fmt: skip
    return dual_director


@pytest.fixture(params=["DIRECTOR", "DIRECTOR6"])
def own(request, dual_network) -> str:
    return getattr(dual_network, request.param)


def conversation(dual_network, address: str) -> tuple[socket.socket, socket.socket]:
    """A TCP connection from the client to a program on the director, both ends of it."""
    with contextlib.closing(dual_network.director.socket(to=address)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, PORT))
        listener.listen()
        client = dual_network.client.socket(timeout=10, to=address)
        client.connect((address, PORT))
        server, _ = listener.accept()
    server.settimeout(10)
    return client, server


def read_all(end: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        said = end.recv(65536)
        assert said, "the other end hung up"
        got += said
    return got


def test_the_interface_is_the_ports(dual_network, running):
    said = dual_network.director.run("ip", "address", "show", "dev", TAP).stdout
    for expected in (dual_network.director.mac("dir0"), "mtu 1500", "inet 192.0.2.2/24", "inet6 2001:db8::2/64"):
        assert expected in said
    for vip in (dual_network.VIP, dual_network.VIP6):
        assert vip not in said


def test_a_program_on_the_director_is_reached_while_requests_go_on(dual_network, running, own):
    """As with SSH: a connection that lasts, with little and much to say in both directions."""
    with Hammer(dual_network.client, dual_network.VIP6 if ":" in own else dual_network.VIP) as hammer:
        client, server = conversation(dual_network, own)
        with contextlib.closing(client), contextlib.closing(server):
            for number in range(100):
                client.sendall(b"key %04d" % number)
                server.sendall(read_all(server, 8).upper())
                assert read_all(client, 8) == b"KEY %04d" % number
                time.sleep(0.01)
            exchange_bulk(client, server)
        wait_for("requests being answered", lambda: hammer.answers.total() > 100)
    assert hammer.failures == []
    assert running.stats()["punts"]["kernel"] > 100


def exchange_bulk(client: socket.socket, server: socket.socket) -> None:
    """Both ends send at once, and each gets what the other sent."""
    said, got = [os.urandom(BULK), os.urandom(BULK)], [b"", b""]

    def read(number: int, end: socket.socket) -> None:
        got[number] = read_all(end, BULK)

    readers = [threading.Thread(target=read, args=(0, server)), threading.Thread(target=read, args=(1, client))]
    readers.append(threading.Thread(target=client.sendall, args=(said[0],)))
    for thread in readers:
        thread.start()
    server.sendall(said[1])
    for thread in readers:
        thread.join(20)
    assert got == said


def test_programs_on_the_director_reach_others(dual_network, running, own):
    server = dual_network.servers[0]
    assert who_answers(dual_network.director, server.address6 if ":" in own else server.address) == "real1"


def test_ping_is_answered_once(dual_network, running, own):
    """By one of the two, not by both."""
    said = dual_network.client.run("ping", "-c", "5", "-i", "0.2", "-W", "2", own).stdout
    assert "5 received" in said
    assert "DUP" not in said


def test_a_flood_of_it_leaves_forwarding_alone(dual_network, running):
    frame = bytes(Ether(src=dual_network.client.mac(), dst=dual_network.director.mac("dir0"))
                  / IP(src=dual_network.client.address, dst=dual_network.DIRECTOR) / UDP(dport=9) / bytes(100))  # fmt: skip
    with Hammer(dual_network.client, dual_network.VIP) as hammer, Wire(dual_network.client) as wire:
        for _ in until(10):
            for _ in range(20000):
                wire.send(frame)
            if running.stats()["drops"]["punt_limited"] > 0:
                break
        so_far = hammer.answers.total()
        wait_for("requests being answered", lambda: hammer.answers.total() > so_far + 100)
    assert hammer.failures == []
    running.check_books()


def test_it_is_gone_when_the_director_is(dual_network, running):
    dual_network.director.run("ip", "link", "show", TAP)
    running.stop()
    assert dual_network.director.run("ip", "link", "show", TAP, check=False).returncode == 1
