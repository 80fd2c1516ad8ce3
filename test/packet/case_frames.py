"""What the numbered cases build their packets of. All as octets: what comes out is compared octet for octet."""

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import ARP, Ether

PORT_MAC = ["02:70:63:61:70:%02x" % number for number in range(2)]  # of net_pcap0 and net_pcap1
ROUTER_MAC = "02:00:00:00:00:c1"
BROADCAST = "ff:ff:ff:ff:ff:ff"


def server_mac(number: int) -> str:
    """Of the real server at .<number> of its subnet."""
    return "02:00:00:00:00:%02x" % number


def frame(content, port=0, to=None) -> bytes:
    """From the clients' router to a port of the director, padded to Ethernet's minimum."""
    return bytes(Ether(dst=to or PORT_MAC[port], src=ROUTER_MAC) / content).ljust(60, b"\0")


def tcp(client: str, vip: str, flags: str, source_port=40000, port=80, data=b"", options=(), ip_options=()):
    return (
        IP(src=client, dst=vip, ttl=57, options=list(ip_options))
        / TCP(sport=source_port, dport=port, flags=flags, options=list(options))
        / data
    )


def udp(client: str, vip: str, source_port=40000, port=53, data=b""):
    return IP(src=client, dst=vip, ttl=57) / UDP(sport=source_port, dport=port) / data


def redirected(sent: bytes, to: str, port=0) -> bytes:
    """Direct Routing: the real server's MAC address, that of the port it is reached by, and the rest as it came."""
    return octets(to) + octets(PORT_MAC[port]) + sent[12:]


def octets(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def who_has(wanted: str, asker: str) -> bytes:
    return arp(ROUTER_MAC, BROADCAST, op=1, hwsrc=ROUTER_MAC, psrc=asker, hwdst="00:00:00:00:00:00", pdst=wanted)


def is_at(wanted: str, asker: str, port=0) -> bytes:
    return arp(PORT_MAC[port], ROUTER_MAC, op=2, hwsrc=PORT_MAC[port], psrc=wanted, hwdst=ROUTER_MAC, pdst=asker)


def arp(source: str, to: str, **fields) -> bytes:
    return bytes(Ether(dst=to, src=source) / ARP(**fields)).ljust(60, b"\0")


def echo(client: str, address: str, sequence=1, data=bytes(range(48))) -> bytes:
    return frame(IP(src=client, dst=address, ttl=57, id=7) / ICMP(type=8, id=42, seq=sequence) / data)


def echo_reply(client: str, address: str, sequence=1, data=bytes(range(48))) -> bytes:
    reply = IP(src=address, dst=client, ttl=64, id=7) / ICMP(type=0, id=42, seq=sequence) / data
    return bytes(Ether(dst=ROUTER_MAC, src=PORT_MAC[0]) / reply).ljust(60, b"\0")
