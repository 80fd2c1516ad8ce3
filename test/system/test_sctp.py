"""SCTP by packets, as not every kernel has it: what a client sends arrives at one real server, and is known by its state."""

from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.layers.sctp import SCTP, SCTPChunkAbort, SCTPChunkCookieEcho, SCTPChunkData, SCTPChunkInit, SCTPChunkShutdown

from director import DUAL_PORT, service
from network import Wire

PORT = 3868  # Diameter, RFC 6733


def arrived(wires: list[Wire], vip: str) -> list[tuple[int, SCTP]]:
    """Which real server got what."""
    layer = IPv6 if ":" in vip else IP
    return [
        (n, frame)
        for n, wire in enumerate(wires)
        for frame in wire.received(lambda frame: SCTP in frame and frame[layer].dst == vip, 0.2)
    ]


def test_an_association_reaches_one_server_chunk_by_chunk(dual_network, lan, dual_director):
    vip, servers = lan
    of_sctp = {**service(vip, servers, "rr", "sctp", PORT), "health": {"type": "none"}}
    dual_director.start(dual_director.config([of_sctp], ports=[DUAL_PORT]))
    dual_director.wait_resolved()
    client = dual_network.client
    network = IPv6(src=client.address6, dst=vip) if ":" in vip else IP(src=client.address, dst=vip)
    link = Ether(src=client.mac(), dst=dual_network.director.mac("dir0"))
    chunks = [
        (SCTPChunkInit(init_tag=7), "SYN_RECV"),
        (SCTPChunkCookieEcho(cookie=b"cookie"), "ESTABLISHED"),
        (SCTPChunkData(data=b"hello", beginning=1, ending=1), "ESTABLISHED"),
        (SCTPChunkShutdown(), "FIN_WAIT"),
        (SCTPChunkAbort(), "CLOSE"),
    ]
    reached = set()
    for port in (40001, 40002, 40003):
        wires = [Wire(server) for server in dual_network.servers]
        got = set()
        for chunk, state in chunks:
            sent = network / SCTP(sport=port, dport=PORT, tag=9) / chunk
            with Wire(client) as wire:
                wire.send(link / sent)
            came = arrived(wires, vip)
            assert [bytes(frame[type(network)]) for _number, frame in came] == [bytes(sent)], "each once, and unchanged"
            got.add(came[0][0])
            listed = dual_director.rpc("connection.list", {"client": str(network.src)})
            assert [row["state"] for row in listed if row["client_port"] == port] == [state]
        assert len(got) == 1
        reached |= got
        for wire in wires:
            wire.__exit__()
    assert len(reached) == 3
    text = dual_director.ctl("connections", "--service", f"sctp/[{vip}]:{PORT}" if ":" in vip else f"sctp/{vip}:{PORT}").stdout
    assert str(network.src) in text and "CLOSE" in text


def test_ipvsadm_knows_it(dual_network, dual_director):
    dual_director.start(dual_director.config(ports=[DUAL_PORT]))
    vip, server = dual_network.VIP, dual_network.servers[0].address
    dual_director.ctl("-A", "--sctp-service", f"{vip}:{PORT}", "-s", "rr")
    dual_director.ctl("-a", "--sctp-service", f"{vip}:{PORT}", "-r", server, "-g")
    rules = dual_director.ctl("-S", "-n").stdout.splitlines()
    assert f"-A --sctp-service {vip}:{PORT} -s rr" in rules
    assert f"SCTP {vip}:{PORT} rr" in dual_director.ctl("-L", "-n").stdout
    assert {row["type"] for row in dual_director.rpc("health.list") if row["protocol"] == "sctp"} == {"icmp"}
    dual_director.ctl("-D", "--sctp-service", f"{vip}:{PORT}")
