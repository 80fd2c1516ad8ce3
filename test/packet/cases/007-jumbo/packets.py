"""Frames that fill several of the driver's packet buffers are forwarded whole."""

from case_frames import frame, redirected, server_mac, tcp

DATA = bytes(range(256)) * 35
FRAMES = [frame(tcp("203.0.113.7", "192.0.2.100", "A", data=DATA[:size])) for size in (1990, 2048, 4000, 8960)]

SENT = {"lan": FRAMES}
EXPECTED = {"lan": [redirected(one, server_mac(11)) for one in FRAMES]}
