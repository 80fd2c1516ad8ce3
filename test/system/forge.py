"""ARP and Neighbor Discovery frames that lie, and floods of them."""

import ctypes
import random
import socket
import struct
import threading

from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6NDOptDstLLAddr, IPv6
from scapy.layers.l2 import ARP, Ether

from network import Host

BROADCAST = "ff:ff:ff:ff:ff:ff"
FRAMES_AT_ONCE = 256
_libc = ctypes.CDLL(None, use_errno=True)


def arp_lies(address: str, mac: str, director: str, director_mac: str) -> list[bytes]:
    """`address` is at `mac`: as a reply to the director, as announcements of both forms, and as a question."""
    arp = [
        Ether(src=mac, dst=director_mac) / ARP(op=2, hwsrc=mac, psrc=address, hwdst=director_mac, pdst=director),
        Ether(src=mac, dst=BROADCAST) / ARP(op=1, hwsrc=mac, psrc=address, pdst=address),
        Ether(src=mac, dst=BROADCAST) / ARP(op=2, hwsrc=mac, psrc=address, hwdst=mac, pdst=address),
        Ether(src=mac, dst=BROADCAST) / ARP(op=1, hwsrc=mac, psrc=address, pdst=director),
    ]
    return [bytes(frame) for frame in arp]


def ndp_lies(address: str, mac: str, director: str, director_mac: str) -> list[bytes]:
    """The same by advertisements: in answer, and unasked."""
    option = ICMPv6NDOptDstLLAddr(lladdr=mac)
    ndp = [
        Ether(src=mac, dst=director_mac) / IPv6(src=address, dst=director, hlim=255)
        / ICMPv6ND_NA(tgt=address, R=0, S=1, O=1) / option,
        Ether(src=mac, dst="33:33:00:00:00:01") / IPv6(src=address, dst="ff02::1", hlim=255)
        / ICMPv6ND_NA(tgt=address, R=0, S=0, O=1) / option,
    ]  # fmt: skip
    return [bytes(frame) for frame in ndp]


def random_claims(addresses: list[str], director_mac: str, count: int) -> list[bytes]:
    """Each from a MAC of its own: every other one claims one of the addresses, the rest any at all."""
    dice = random.Random(1)
    director = bytes.fromhex(director_mac.replace(":", ""))
    frames = []
    for number in range(count):
        mac = bytes([6]) + dice.randbytes(5)
        sender = socket.inet_aton(dice.choice(addresses)) if number % 2 else dice.randbytes(4)
        destination = director if number % 5 == 0 else b"\xff" * 6
        head = destination + mac + b"\x08\x06" + struct.pack("!HHBBH", 1, 0x800, 6, 4, 2 if number % 5 == 0 else 1)
        frames.append((head + mac + sender + destination + sender).ljust(60, b"\0"))
    return frames


def random_advertisements(addresses: list[str], director: str, director_mac: str, count: int) -> list[bytes]:
    """The same of IPv6, for all to hear or for the director alone."""
    dice = random.Random(2)
    frames = []
    for number in range(count):
        mac = ":".join(f"{octet:02x}" for octet in b"\x06" + dice.randbytes(5))
        frames.append(ndp_lies(dice.choice(addresses), mac, director, director_mac)[number % 2])
    return frames


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Message(ctypes.Structure):  # struct mmsghdr of sendmmsg(2)
    _fields_ = (
        ("name", ctypes.c_void_p), ("name_length", ctypes.c_uint), ("vectors", ctypes.POINTER(_Vector)),
        ("vector_count", ctypes.c_size_t), ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int), ("sent", ctypes.c_uint),
    )  # fmt: skip


class Flood:
    """Sends the frames again and again from a host, as fast as one thread can, as long as the block lasts."""

    def __init__(self, host: Host, frames: list[bytes], device="eth0"):
        with host.inside():
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            self._socket.bind((device, 0))
        self._data = [ctypes.create_string_buffer(frame, len(frame)) for frame in frames]
        self._vectors = (_Vector * len(frames))(*[(ctypes.addressof(data), len(data)) for data in self._data])
        self._messages = (_Message * len(frames))()
        for message, vector in zip(self._messages, self._vectors, strict=True):
            message.vectors = ctypes.pointer(vector)
            message.vector_count = 1
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.sent = 0

    def _run(self) -> None:
        size, at = ctypes.sizeof(_Message), 0
        while not self._stop.is_set():
            first = ctypes.byref(self._messages, at * size)
            sent = _libc.sendmmsg(self._socket.fileno(), first, min(FRAMES_AT_ONCE, len(self._messages) - at), 0)
            self.sent += max(sent, 0)  # none: the device's queue is full
            at = (at + FRAMES_AT_ONCE) % len(self._messages)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(10)
        self._socket.close()
