"""Every packet is accounted for, whatever it is: received = transmitted + punted + dropped."""

import random

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import ARP, Ether, Dot1Q
from scapy.packet import Raw

from clients import who_answers
from director import service
from network import Wire
from waiting import wait_for

SEED = 826  # the same frames in every run
SHORTEST = 20  # the kernels on the way let no frame through that ends within a VLAN tag or the two bytes after it


@pytest.fixture
def running(network, director, servers):
    director.start(director.config([
        service(network.VIP, servers, "rr"),
        service(network.VIP, servers, "mh", "udp", 53),
        service(network.MORE_VIPS[0], [(server, 0) for server in servers]),
    ]))  # fmt: skip
    return director


def received(director) -> int:
    return director.stats()["packets"]["received"]


def is_fragment(frame: bytes) -> bool:
    """The kernel puts fragments together before net_af_packet sees them (PACKET_FANOUT_FLAG_DEFRAG): none can be sent here."""
    packet = Ether(frame)
    return IP in packet and (packet[IP].flags.MF or packet[IP].frag > 0)


def send_all(director, wire: Wire, frames: list[bytes]) -> None:
    """Sends no faster than the director takes them from its ring, and waits until all of them have been counted."""
    expected = received(director)
    for start in range(0, len(frames), 128):
        some = frames[start : start + 128]
        expected += len(some)
        for frame in some:
            wire.send(frame)
        wait_for(f"{len(some)} more frames counted", lambda: received(director) >= expected, 5)


def drop_frames(network) -> dict[str, Ether]:
    """A frame for each reason to drop that a sender can bring about over net_af_packet."""
    client, vip = network.client, network.VIP
    link = Ether(src=client.mac(), dst=network.director.mac("dir0"))
    ip = IP(src=client.address, dst=vip)
    return {
        "not_our_mac": Ether(src=client.mac(), dst="02:00:00:00:00:99") / ip / UDP(dport=53),
        "unknown_ethertype": Ether(src=client.mac(), dst=link.dst, type=0x9999) / Raw(b"x" * 46),
        "truncated": Ether(src=client.mac(), dst=link.dst, type=0x0800) / Raw(bytes(ip / UDP(dport=53))[:16]),
        "bad_ip_header": link / IP(src=client.address, dst=vip, version=5) / UDP(dport=53),
        "martian_source": link / IP(src="127.0.0.1", dst=vip) / UDP(dport=53),
        "bad_transport_header": link / ip / UDP(dport=53, len=4),
        "not_our_address": link / IP(src=client.address, dst="203.0.113.9") / UDP(dport=53),
        "own_address_unserved": link / IP(src=client.address, dst=network.DIRECTOR) / UDP(dport=53),
        "unsupported_protocol": link / IP(src=client.address, dst=vip, proto=47) / Raw(b"x" * 20),
        "icmp_unsupported": link / ip / ICMP(type=13),
        "no_service": link / ip / TCP(dport=81, flags="S"),
        "no_server": link / IP(src=client.address, dst=network.MORE_VIPS[0]) / TCP(dport=80, flags="S"),
    }


def test_each_drop_reason_counts_what_it_says(network, running):
    with Wire(network.client) as wire:
        for reason, frame in drop_frames(network).items():
            before = running.stats()["drops"]
            send_all(running, wire, [bytes(frame)] * 10)
            after = running.stats()["drops"]
            changed = {name: after[name] - before[name] for name in after if after[name] != before[name]}
            assert changed == {reason: 10}


def random_frames(network, chance: random.Random, count: int) -> list[bytes]:
    """Of any length and content, addressed to the director, to everybody or to nobody."""
    source = network.client.mac()
    destinations = [network.director.mac("dir0"), "ff:ff:ff:ff:ff:ff", "02:00:00:00:00:99"]
    types = [0x0800, 0x0806, 0x86DD, 0x8100, 0x88A8, 0x0000, 0xFFFF]
    frames = (
        bytes(Ether(src=source, dst=chance.choice(destinations), type=chance.choice(types)))
        + chance.randbytes(chance.randrange(SHORTEST - 14, 1500))
        for _ in range(count)
    )
    return [frame for frame in frames if not is_fragment(frame)]


def mutated_frames(network, chance: random.Random, count: int) -> list[bytes]:
    """Good frames, of which some bytes behind the addresses are changed and the end may be cut off."""
    client = network.client
    link = Ether(src=client.mac(), dst=network.director.mac("dir0"))
    ip = IP(src=client.address, dst=network.VIP)
    good = [bytes(frame) for frame in (
        link / ip / TCP(sport=1234, dport=80, flags="S"),
        link / ip / TCP(sport=1234, dport=80, flags="A") / Raw(b"GET / HTTP/1.0\r\n\r\n"),
        link / ip / UDP(sport=1234, dport=53) / Raw(b"x" * 30),
        link / ip / ICMP() / Raw(b"x" * 30),
        link / Dot1Q(vlan=5) / ip / UDP(dport=53),
        link / ARP(op="who-has", hwsrc=client.mac(), psrc=client.address, pdst=network.VIP),
        link / ARP(op="is-at", hwsrc=client.mac(), psrc=client.address, pdst=network.DIRECTOR),
    )]  # fmt: skip
    frames = []
    for _ in range(count):
        frame = bytearray(chance.choice(good))
        for _ in range(chance.randrange(0, 6)):
            frame[chance.randrange(12, len(frame))] = chance.randrange(256)
        frames.append(bytes(frame[: chance.randrange(SHORTEST, len(frame) + 1)] if chance.random() < 0.3 else frame))
    return [frame for frame in frames if not is_fragment(frame)]


@pytest.mark.parametrize("make", [random_frames, mutated_frames])
def test_thousands_of_strange_frames_do_no_harm(network, running, make):
    with Wire(network.client) as wire:
        send_all(running, wire, make(network, random.Random(SEED), 4000))
    running.check_books()
    network.client.forget_neighbors()
    assert who_answers(network.client, network.VIP).startswith("real")


def test_the_books_balance_under_traffic_and_changes(network, running, servers):
    """Read again and again while packets flow: what was received has always gone somewhere."""
    frames = mutated_frames(network, random.Random(SEED + 1), 2000)
    with Wire(network.client) as wire:
        for start in range(0, len(frames), 200):
            send_all(running, wire, frames[start : start + 200])
            running.check_books()
    ports = running.stats()["ports"]
    assert ports[0]["receive_packets"] == received(running)
