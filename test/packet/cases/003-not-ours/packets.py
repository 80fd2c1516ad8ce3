"""What is not forwarded is dropped, for the reason that is counted, and a good packet in between goes its way."""

from case_frames import BROADCAST, frame, redirected, server_mac, tcp, udp
from scapy.layers.inet import GRE, ICMP, IP, TCP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrRouting
from scapy.layers.l2 import Dot1Q

CLIENT, VIP = "203.0.113.7", "192.0.2.100"
SYN = tcp(CLIENT, VIP, "S")
GOOD = frame(SYN)

BAD = [
    ("not_our_mac", frame(SYN, to="02:00:00:00:09:99")),
    ("not_our_mac", frame(SYN, to=BROADCAST)),
    ("unknown_ethertype", frame(b"x" * 46)),
    ("unknown_vlan", frame(Dot1Q(vlan=5) / SYN)),
    ("stacked_vlan", frame(Dot1Q(vlan=5) / Dot1Q(vlan=6) / SYN)),
    ("not_our_address", frame(IPv6(src="2001:db8::1", dst="2001:db8::2") / TCP())),
    ("extension_headers", frame(IPv6(src="2001:db8::1", dst="2001:db8::2") / IPv6ExtHdrRouting(segleft=1) / TCP())),
    ("truncated", GOOD[:20]),
    ("truncated", frame(tcp(CLIENT, VIP, "A", data=b"x" * 200))[:150]),
    ("bad_ip_header", GOOD[:14] + b"\x44" + GOOD[15:]),
    ("fragment", frame(IP(src=CLIENT, dst=VIP, flags="MF") / ICMP())),
    ("fragment", frame(IP(src=CLIENT, dst=VIP, frag=100, proto=1) / (b"x" * 40))),
    ("martian_source", frame(tcp("127.0.0.1", VIP, "S"))),
    ("bad_transport_header", frame(IP(src=CLIENT, dst=VIP) / TCP(dport=80, dataofs=4))),
    ("not_our_address", frame(tcp(CLIENT, "192.0.2.99", "S"))),
    ("own_address_unserved", frame(tcp(CLIENT, "192.0.2.2", "S", port=22))),
    ("unsupported_protocol", frame(IP(src=CLIENT, dst=VIP) / GRE())),
    ("icmp_unmatched", frame(IP(src=CLIENT, dst=VIP) / ICMP(type=3, code=1) / IP(src=VIP, dst=CLIENT) / TCP())),
    ("icmp_unsupported", frame(IP(src=CLIENT, dst=VIP) / ICMP(type=13))),
    ("no_service", frame(tcp(CLIENT, VIP, "S", port=81))),
    ("no_service", frame(udp(CLIENT, VIP, port=80))),
    ("no_server", frame(tcp(CLIENT, "192.0.2.101", "S"))),
]

SENT = {"lan": [one for _, bad in BAD for one in (bad, GOOD)]}
EXPECTED = {"lan": [redirected(GOOD, server_mac(11))] * len(BAD)}
DROPS = {}
for reason, _ in BAD:
    DROPS[reason] = DROPS.get(reason, 0) + 1
