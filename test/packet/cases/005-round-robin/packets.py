"""Each connection takes its turn with its SYN, and stays with its real server in whatever order its packets come."""

from case_frames import frame, redirected, server_mac, tcp

SERVERS = [11, 12, 13]


def packets(flags: str) -> list[bytes]:
    return [frame(tcp("203.0.113.7", "192.0.2.100", flags, source_port=1000 + client)) for client in range(60)]


def to_servers(frames: list[bytes]) -> list[bytes]:
    return [redirected(one, server_mac(SERVERS[client % 3])) for client, one in enumerate(frames)]


SENT = {"lan": packets("S") + packets("A")[::-1] + packets("FA")}
EXPECTED = {"lan": to_servers(packets("S")) + to_servers(packets("A"))[::-1] + to_servers(packets("FA"))}
