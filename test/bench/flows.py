"""Captures for net_pcap's infinite_rx: one 60-byte TCP frame of each of many flows to one virtual service."""

import random
import struct

VIP = 0x0AFF0001  # 10.255.0.1
PORT = 80
ACK = 0x10
SYN = 0x02


def checksum(header: bytes) -> int:
    """RFC 1071."""
    total = sum(struct.unpack(f">{len(header) // 2}H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def frame(client: int, client_port: int, flags: int) -> bytes:
    ethernet = bytes.fromhex("020000000001" "0200000000fe" "0800")
    ip = bytearray(struct.pack(">BBHHHBBHII", 0x45, 0, 46, 0, 0x4000, 64, 6, 0, client, VIP))
    struct.pack_into(">H", ip, 10, checksum(bytes(ip)))
    tcp = struct.pack(">HHIIBBHHH", client_port, PORT, 1, 1, 0x50, flags, 512, 0, 0)
    return ethernet + bytes(ip) + tcp + bytes(6)


def write_capture(path: str, flows: int, flags: int = ACK) -> None:
    """Clients and ports are random, and the same each time."""
    chosen = random.Random(flows)
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for _ in range(flows):
            data = frame(0x0A000000 | chosen.getrandbits(23), chosen.randint(1024, 65535), flags)
            out.write(struct.pack("<IIII", 0, 0, len(data), len(data)) + data)
