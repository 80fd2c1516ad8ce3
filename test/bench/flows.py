#!/usr/bin/env python3
"""Makes a capture of many flows for DPDK's net_pcap port: one short TCP frame of each flow, to one or more services.

With infinite_rx=1 the port plays the capture for ever, which makes a load generator of any DPDK program:

  flows.py --flows 65536 flows.pcap
  dpdk-testpmd -l 0,1 --in-memory --no-pci --vdev=net_pcap0,rx_pcap=flows.pcap,infinite_rx=1 -- -i

Services are 10.255.0.1, 10.255.0.2, … (over IPv6 2001:db8::1, …), port 80. Clients and their ports are random, and
the same each time.
"""

import argparse
import random
import struct

VIP = 0x0AFF0001  # 10.255.0.1
PORT = 80
ACK = 0x10
SYN = 0x02
FLAGS = {"fin": 0x01, "syn": SYN, "rst": 0x04, "ack": ACK}
CLIENTS = 0x0A000000  # 10.0.0.0/9
VIP6 = bytes.fromhex("20010db8" "0000000000000000")  # and the service's number
CLIENTS6 = bytes.fromhex("20010db8" "0001000000000000")
ETHERNET = bytes.fromhex("020000000001" "0200000000fe")
SHORTEST = 60  # octets of a frame without its check sequence
PCAP_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)


def checksum(header: bytes) -> int:
    """RFC 1071."""
    total = sum(struct.unpack(f">{len(header) // 2}H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def tcp_header(client_port: int, flags: int) -> bytes:
    return struct.pack(">HHIIBBHHH", client_port, PORT, 1, 1, 0x50, flags, 512, 0, 0)


def frame(client: int, client_port: int, flags: int, service: int = 0) -> bytes:
    """`client`: its address as a number. `service`: 0-based."""
    ip = bytearray(struct.pack(">BBHHHBBHII", 0x45, 0, 46, 0, 0x4000, 64, 6, 0, client, VIP + service))
    struct.pack_into(">H", ip, 10, checksum(bytes(ip)))
    return (ETHERNET + b"\x08\x00" + bytes(ip) + tcp_header(client_port, flags)).ljust(SHORTEST, b"\0")


def frame6(client: int, client_port: int, flags: int, service: int = 0) -> bytes:
    """`client`: the last 32 bits of its address. `service`: 0-based."""
    ip = struct.pack(">IHBB", 0x60000000, 20, 6, 64)
    ip += CLIENTS6 + struct.pack(">I", client) + VIP6 + struct.pack(">I", 1 + service)
    return ETHERNET + b"\x86\xdd" + ip + tcp_header(client_port, flags)


def write_capture(path: str, flows: int, flags: int = ACK, ipv6: bool = False, services: int = 1,
                  seed: int = 0) -> None:
    """`seed`: the flows of another one are others."""
    chosen = random.Random(flows + seed)
    make = frame6 if ipv6 else frame
    with open(path, "wb") as out:
        out.write(PCAP_HEADER)
        for number in range(flows):
            client, client_port = CLIENTS | chosen.getrandbits(23), chosen.randint(1024, 65535)
            data = make(client, client_port, flags, number % services)
            out.write(struct.pack("<IIII", 0, 0, len(data), len(data)) + data)


def flags_of(names: str) -> int:
    try:
        return sum({FLAGS[name] for name in names.lower().split("+")})
    except KeyError as unknown:
        raise argparse.ArgumentTypeError(f"{unknown} is no TCP flag of {', '.join(FLAGS)}") from None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("capture", help="the file to write")
    parser.add_argument("--flows", type=int, default=65536, help="how many, a frame each (65536)")
    parser.add_argument("--flags", type=flags_of, default=ACK, help="TCP flags, as ack, syn or fin+ack (ack)")
    parser.add_argument("--ipv6", action="store_true", help="over IPv6")
    parser.add_argument("--services", type=int, default=1, help="how many the flows are for, in turn (1)")
    args = parser.parse_args()
    write_capture(args.capture, args.flows, args.flags, args.ipv6, args.services)


if __name__ == "__main__":
    main()
