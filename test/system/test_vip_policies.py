"""What is set for a VIP as a whole: whether it answers pings, and what becomes of packets for no service."""

import contextlib
import errno
import socket
import time

import pytest
from scapy.layers.inet import ICMP, IP, TCP
from scapy.layers.l2 import Ether

from clients import Hammer, who_answers
from director import DUAL_PORT, key, service
from network import Wire
from waiting import wait_for

CLOSED = 81
FLOOD = 5000


@pytest.fixture
def running(dual_network, dual_director):
    dual_director.start(dual_director.config([
        service(dual_network.VIP, [server.address for server in dual_network.servers]),
        service(dual_network.VIP6, dual_network.servers6()),
    ], ports=[DUAL_PORT]))  # fmt: skip
    return dual_director


@pytest.fixture(params=["VIP", "VIP6"])
def vip(request, dual_network) -> str:
    return getattr(dual_network, request.param)


def test_a_vip_that_answers_no_pings(dual_network, running, vip):
    other = dual_network.VIP if vip == dual_network.VIP6 else dual_network.VIP6
    running.rpc("vip.edit", {"vip": vip, "echo": "no"})
    assert dual_network.client.ping(vip, 3, "-w", "1") == 0
    assert running.stats()["drops"]["echo_off"] >= 3
    assert dual_network.client.ping(other) == 1, "the other one does"
    assert who_answers(dual_network.client, vip).startswith("real")
    running.rpc("vip.edit", {"vip": vip, "echo": "yes"})
    assert dual_network.client.ping(vip) == 1


def test_a_vip_that_answers_pings_while_it_has_a_server(dual_network, running, vip):
    running.rpc("vip.edit", {"vip": vip, "echo": "while_up"})
    assert dual_network.client.ping(vip) == 1
    served = key(service(vip, []))
    addresses = [server["address"] for server in running.service_stats(served)["servers"]]
    for address in addresses:
        running.rpc("server.edit", {"service": served, "server": {"address": address, "weight": 0}})
    assert dual_network.client.ping(vip, 1, "-w", "1") == 0
    running.rpc("server.edit", {"service": served, "server": {"address": addresses[0], "weight": 1}})
    assert dual_network.client.ping(vip) == 1


def attempt(dual_network, vip: str, kind: socket.SocketKind) -> int:
    """The error that a client gets from a port where no service is, before it would ask a second time."""
    with contextlib.closing(dual_network.client.socket(kind, timeout=1.0, to=vip)) as client:
        try:
            client.connect((vip, CLOSED))
            client.send(b"anybody there?")
            client.recv(100)
        except TimeoutError:
            return errno.ETIMEDOUT
        except OSError as error:
            return error.errno
    return 0


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_rejected_clients_know_at_once(dual_network, running, vip, kind):
    running.rpc("vip.edit", {"vip": vip, "unmatched": "reject"})
    assert attempt(dual_network, vip, kind) == errno.ECONNREFUSED
    assert running.stats()["punts"]["unmatched"] == 1
    assert who_answers(dual_network.client, vip).startswith("real")


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_by_default_there_is_silence(dual_network, running, vip, kind):
    assert attempt(dual_network, vip, kind) == errno.ETIMEDOUT
    assert running.stats()["drops"]["no_service"] >= 1


def test_the_configuration_file_sets_it(dual_network, dual_director):
    dual_director.start(dual_director.config(
        [service(dual_network.VIP, [server.address for server in dual_network.servers])],
        vips=[{"address": dual_network.VIP, "echo": "no", "unmatched": "reject"}],
    ))  # fmt: skip
    assert attempt(dual_network, dual_network.VIP, socket.SOCK_STREAM) == errno.ECONNREFUSED
    assert dual_network.client.ping(dual_network.VIP, 1, "-w", "1") == 0
    assert "reject" in dual_director.ctl("vips").stdout


@pytest.mark.parametrize("what", ["pings", "connections to a closed port"])
def test_a_flood_leaves_forwarding_alone(dual_network, running, what):
    """Answers are limited; what is above the limit is dropped or left unanswered, and the books hold."""
    running.rpc("vip.edit", {"vip": dual_network.VIP, "unmatched": "reject"})
    wanted = ICMP() if what == "pings" else TCP(sport=4321, dport=CLOSED, flags="S")
    link = Ether(src=dual_network.client.mac(), dst=dual_network.director.mac("dir0"))
    frame = bytes(link / IP(src=dual_network.client.address, dst=dual_network.VIP) / wanted)
    before = running.stats()["packets"]["originated"]
    with Hammer(dual_network.client, dual_network.VIP6) as hammer, Wire(dual_network.client) as wire:
        wait_for("requests being answered", lambda: hammer.answers.total() > 20)
        for number in range(FLOOD):
            wire.send(frame)
            if number % 100 == 99:
                time.sleep(0.002)
        so_far = hammer.answers.total()
        wait_for("requests being answered", lambda: hammer.answers.total() > so_far + 100)
    assert hammer.failures == []
    assert running.stats()["packets"]["originated"] - before < FLOOD * 0.8
    running.check_books()
