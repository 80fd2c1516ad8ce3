#!/usr/bin/env python3
"""Writes the fuzz targets' seeds: a frame of each kind that there is code for. Run it where a kind is added.

usage: make_seeds.py [FOLDER]     by default seeds/ beside this file
"""

import sys
from pathlib import Path

from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption, fragment
from scapy.layers.inet6 import (
    ICMPv6DestUnreach, ICMPv6EchoRequest, ICMPv6MLQuery2, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6ND_RA, ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptSrcLLAddr, ICMPv6PacketTooBig, ICMPv6ParamProblem, ICMPv6TimeExceeded, IPv6, IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, RouterAlert, fragment6,
)  # fmt: skip
from scapy.layers.l2 import ARP, Dot1AD, Dot1Q, Ether
from scapy.layers.sctp import SCTP, SCTPChunkAbort, SCTPChunkError, SCTPChunkInit, SCTPChunkSACK, SCTPChunkShutdown
from scapy.packet import Packet, Raw

OUR_MAC, CLIENT_MAC = "02:00:00:00:01:00", "02:00:00:00:00:c1"
VIP, OWN, CLIENT = "192.0.2.100", "192.0.2.2", "203.0.113.7"
VIP6, OWN6, CLIENT6 = "2001:db8::100", "2001:db8::2", "2001:db8:7::7"

LINK = Ether(src=CLIENT_MAC, dst=OUR_MAC)
IP4, IP6 = IP(src=CLIENT, dst=VIP), IPv6(src=CLIENT6, dst=VIP6)
REPLY4 = IP(src=VIP, dst=CLIENT) / TCP(sport=80, dport=40000)
REPLY6 = IPv6(src=VIP6, dst=CLIENT6) / UDP(sport=53, dport=40000)
SYN, QUERY = TCP(sport=40000, dport=80, flags="S"), UDP(sport=40000, dport=53) / Raw(b"question")


def packet_kinds() -> dict[str, tuple[int, list[Packet]]]:
    """Name → settings of the target, and the frames."""
    long4 = fragment(IP4 / UDP(sport=40000, dport=53) / Raw(bytes(3000)), 1400)
    long6 = fragment6(IP6 / IPv6ExtHdrFragment(id=7) / UDP(sport=40000, dport=53) / Raw(bytes(3000)), 1400)
    data = TCP(sport=40000, dport=80, flags="PA") / Raw(b"GET / HTTP/1.0\r\n\r\n")
    errors4 = [ICMP(type=3, code=4, nexthopmtu=1280), ICMP(type=11), ICMP(type=12), ICMP(type=4), ICMP(type=5)]
    errors6 = [ICMPv6PacketTooBig(mtu=1280), ICMPv6DestUnreach(), ICMPv6TimeExceeded(), ICMPv6ParamProblem()]
    return {
        "tcp": (0, [LINK / IP4 / SYN, LINK / IP4 / data, LINK / IP4 / TCP(sport=40000, dport=80, flags="FA")]),
        "udp": (0, [LINK / IP4 / QUERY]),
        "tcp6": (0, [LINK / IP6 / SYN, LINK / IP6 / data]),
        "udp6": (0, [LINK / IP6 / QUERY]),
        "sctp": (0, [LINK / IP4 / SCTP(dport=80) / SCTPChunkInit(), LINK / IP4 / SCTP(dport=80) / SCTPChunkSACK() / SCTPChunkShutdown()]),
        "sctp6": (0, [LINK / IP6 / SCTP(dport=80) / SCTPChunkError() / SCTPChunkAbort()]),
        "options": (0, [LINK / IP(src=CLIENT, dst=VIP, options=[IPOption(b"\x01" * 8)]) / SYN]),
        "extensions": (0, [LINK / IP6 / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / IPv6ExtHdrRouting() / SYN]),
        "fragments": (0, [LINK / part for part in long4]),
        "fragments-reversed": (0, [LINK / part for part in reversed(long4)]),
        "fragments6": (0, [LINK / part for part in long6]),
        "fragments6-reversed": (0, [LINK / part for part in reversed(long6)]),
        "icmp-errors": (0, [LINK / IP4 / SYN] + [LINK / IP4 / error / REPLY4 for error in errors4]),
        "icmp6-errors": (0, [LINK / IP6 / QUERY] + [LINK / IP6 / error / REPLY6 for error in errors6]),
        "pings": (4, [LINK / IP4 / ICMP(), LINK / IP6 / ICMPv6EchoRequest(), LINK / IP(src=CLIENT, dst=OWN) / ICMP()]),
        "own": (2, [LINK / IP(src=CLIENT, dst=OWN) / SYN, LINK / IPv6(src=CLIENT6, dst=OWN6) / SYN]),
        "unmatched": (4, [LINK / IP4 / TCP(dport=81, flags="S"), LINK / IP6 / UDP(dport=81)]),
        "other": (0, [LINK / IP(src=CLIENT, dst=VIP, proto=47) / Raw(bytes(20)), LINK / Raw(bytes(46))]),
        "vlan": (1, [LINK / Dot1Q(vlan=10) / IP4 / SYN, LINK / Dot1Q(vlan=10) / IP6 / SYN, LINK / IP4 / SYN]),
        "priority": (0, [LINK / Dot1Q(vlan=0, prio=5) / IP4 / QUERY, LINK / Dot1Q(vlan=9) / IP4 / QUERY]),
        "stacked": (1, [LINK / Dot1AD(vlan=10) / Dot1Q(vlan=11) / IP4 / SYN, LINK / Dot1Q(vlan=10) / Dot1Q() / IP4]),
        "narrow": (8, [LINK / IP(src=CLIENT, dst=VIP, flags="DF") / QUERY / Raw(bytes(200)), LINK / IP6 / QUERY / Raw(bytes(200))]),
        "arp": (0, [Ether(src=CLIENT_MAC, dst="ff:ff:ff:ff:ff:ff") / ARP(psrc=CLIENT, pdst=VIP)]),
        "ndp": (0, [solicitation()]),
    }  # fmt: skip


def solicitation(source=CLIENT6) -> Packet:
    asked = Ether(src=CLIENT_MAC, dst="33:33:ff:00:01:00") / IPv6(src=source, dst="ff02::1:ff00:100", hlim=255)
    asked /= ICMPv6ND_NS(tgt=VIP6)
    return asked if source == "::" else asked / ICMPv6NDOptSrcLLAddr(lladdr=CLIENT_MAC)


def link_kinds() -> dict[str, tuple[int, Packet]]:
    """Name → what the target is to take it for, and the frame."""
    to_all, near = Ether(src=CLIENT_MAC, dst="ff:ff:ff:ff:ff:ff"), IPv6(src=CLIENT6, dst=OWN6, hlim=255)
    told = ICMPv6ND_NA(tgt=VIP6, O=1, S=0) / ICMPv6NDOptDstLLAddr(lladdr=CLIENT_MAC)
    query = IPv6(src="fe80::1", dst="ff02::1", hlim=1) / IPv6ExtHdrHopByHop(options=[RouterAlert()]) / ICMPv6MLQuery2()
    return {
        "arp-request": (0, to_all / ARP(hwsrc=CLIENT_MAC, psrc="192.0.2.9", pdst=VIP)),
        "arp-probe": (0, to_all / ARP(hwsrc=CLIENT_MAC, psrc="0.0.0.0", pdst=VIP)),
        "arp-reply": (0, LINK / ARP(op=2, hwsrc=CLIENT_MAC, psrc=VIP, hwdst=OUR_MAC, pdst=OWN)),
        "solicitation": (1, solicitation()),
        "duplicate-probe": (1, solicitation("::")),
        "advertisement": (1, LINK / near / told),
        "router": (1, LINK / near / ICMPv6ND_RA()),
        "ping": (2, LINK / IP4 / ICMP() / Raw(bytes(32))),
        "ping6": (2, LINK / IP6 / ICMPv6EchoRequest(data=bytes(32))),
        "ping6-extensions": (2, LINK / IP6 / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / ICMPv6EchoRequest()),
        "refuse-tcp": (3, LINK / IP4 / TCP(dport=81, flags="S")),
        "refuse-tcp-ack": (3, LINK / IP4 / TCP(dport=81, flags="A", ack=7) / Raw(b"data")),
        "refuse-tcp6": (3, LINK / IP6 / TCP(dport=81, flags="S")),
        "refuse-udp": (3, LINK / IP4 / UDP(dport=81) / Raw(bytes(900))),
        "refuse-udp6": (3, LINK / IP6 / UDP(dport=81) / Raw(bytes(1400))),
        "refuse-gre": (3, LINK / IP(src=CLIENT, dst=VIP, proto=47) / Raw(bytes(20))),
        "too-big": (4, LINK / IP(src=CLIENT, dst=VIP, flags="DF") / UDP(dport=53) / Raw(bytes(1450))),
        "too-big6": (4, LINK / IP6 / UDP(dport=53) / Raw(bytes(1450))),
        "mld-query": (5, Ether(src=CLIENT_MAC, dst="33:33:00:00:00:01") / query),
    }


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "seeds"
    for target in ("packet", "link"):
        (folder / target).mkdir(parents=True, exist_ok=True)
    for name, (settings, frames) in packet_kinds().items():
        wire = [bytes(frame) for frame in frames]
        joined = b"".join(len(frame).to_bytes(2, "little") + frame for frame in wire)
        (folder / "packet" / name).write_bytes(bytes([settings]) + joined)
    for name, (kind, frame) in link_kinds().items():
        (folder / "link" / name).write_bytes(bytes([kind]) + bytes(frame))


if __name__ == "__main__":
    main()
