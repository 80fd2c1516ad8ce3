"""ARP requests and neighbour solicitations that every host hears, and who answers them."""

import socket

from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptSrcLLAddr, IPv6
from scapy.layers.l2 import ARP, Ether
from scapy.utils6 import in6_getnsma, in6_getnsmac

from network import Host, Wire


def who_has(client: Host, target: str) -> list[str]:
    """The MAC addresses that claim an IPv4 address, all of them."""
    def answered(frame) -> bool:
        return ARP in frame and frame[ARP].op == 2 and frame[ARP].psrc == target

    request = ARP(op="who-has", hwsrc=client.mac(), psrc=client.address, pdst=target)
    with Wire(client) as wire:
        wire.send(Ether(src=client.mac(), dst="ff:ff:ff:ff:ff:ff") / request)
        return [answer[ARP].hwsrc for answer in wire.received(answered)]


def who_advertises(client: Host, target: str) -> list[str]:
    """The MAC addresses in all answers; what hosts announce unasked is no answer."""
    def answered(frame) -> bool:
        return ICMPv6ND_NA in frame and frame[ICMPv6ND_NA].tgt == target and frame[ICMPv6ND_NA].S == 1

    group = in6_getnsma(socket.inet_pton(socket.AF_INET6, target))
    frame = Ether(src=client.mac(), dst=in6_getnsmac(group))
    frame /= IPv6(src=client.address6, dst=socket.inet_ntop(socket.AF_INET6, group), hlim=255)
    with Wire(client) as wire:
        wire.send(frame / ICMPv6ND_NS(tgt=target) / ICMPv6NDOptSrcLLAddr(lladdr=client.mac()))
        return [answer.src for answer in wire.received(answered)]
