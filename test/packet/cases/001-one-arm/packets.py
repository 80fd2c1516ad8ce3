"""Clients and real servers on one port: what comes in goes out there, and only its MAC addresses are others."""

from case_frames import frame, redirected, server_mac, tcp, udp
from scapy.layers.inet import IPOption_Router_Alert

CLIENT, VIP = "203.0.113.7", "192.0.2.100"

WEB = [
    frame(tcp(CLIENT, VIP, "S", options=[("MSS", 1460)])),
    frame(tcp(CLIENT, VIP, "A")),
    frame(tcp(CLIENT, VIP, "PA", data=b"GET / HTTP/1.0\r\n\r\n")),
    frame(tcp(CLIENT, VIP, "A", data=bytes(range(250)) * 5)),
    frame(tcp(CLIENT, VIP, "A", data=b"x" * 1460)),  # 1514 octets
    frame(tcp(CLIENT, VIP, "A", ip_options=[IPOption_Router_Alert()])),
    frame(tcp(CLIENT, VIP, "FA")),
    frame(tcp(CLIENT, VIP, "R")),
    frame(tcp("203.0.113.8", VIP, "A")),  # in the middle of a connection that nobody knows
]
NAMES = [frame(udp(CLIENT, VIP, data=b"query")), frame(udp(CLIENT, VIP))]

SENT = {"lan": WEB + NAMES}
EXPECTED = {"lan": [redirected(one, server_mac(11)) for one in WEB] + [redirected(one, server_mac(12)) for one in NAMES]}
