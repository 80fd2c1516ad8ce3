"""In by one port and out by the other, in both directions at once; the source is the MAC address of the port out."""

from case_frames import frame, redirected, server_mac, tcp, udp

WEB = [frame(tcp(f"203.0.113.{n}", "192.0.2.100", flags, source_port=1000 + n)) for n in range(1, 101) for flags in "SA"]
NAMES = [frame(udp("203.0.113.7", "198.51.100.100", source_port=n, data=b"q" * n), port=1) for n in range(1, 101)]

SENT = {"front": WEB, "back": NAMES}
EXPECTED = {
    "front": [redirected(one, server_mac(12), port=0) for one in NAMES],
    "back": [redirected(one, server_mac(11), port=1) for one in WEB],
}
