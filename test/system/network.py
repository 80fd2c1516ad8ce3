"""Network namespaces as hosts: made by test/support/network.sh, used from the test's own process.

Sockets made inside a host (`with host.inside()`) stay there, so a test holds clients and servers in plain Python.
"""

import contextlib
import ctypes
import itertools
import json
import os
import socket
import subprocess
from pathlib import Path

from scapy.layers.l2 import Ether

from waiting import until

ROOT = Path(__file__).resolve().parents[2]
LABS = Path("/run/turnout-lab")
CLONE_NEWNET = 0x40000000  # setns(2)
_libc = ctypes.CDLL(None, use_errno=True)
_home = os.open("/proc/self/ns/net", os.O_RDONLY)  # of this process, before any thread goes elsewhere
_numbers = itertools.count(1)


def _enter_namespace(descriptor: int) -> None:
    """Moves the calling thread, not the process, into a network namespace."""
    if _libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Host:
    def __init__(self, lab: str, name: str):
        self.lab = lab
        self.name = name
        self.namespace = f"{lab}-{name}"
        self.folder = LABS / lab / name
        self.addresses: list[str] = []

    @property
    def address(self) -> str:
        """The first of its addresses, without the prefix length."""
        return self.addresses[0].split("/")[0]

    @contextlib.contextmanager
    def inside(self):
        """The calling thread is in this host's network; what it opens stays there."""
        descriptor = os.open(f"/run/netns/{self.namespace}", os.O_RDONLY)
        try:
            _enter_namespace(descriptor)
            yield
        finally:
            _enter_namespace(_home)
            os.close(descriptor)

    def command(self, *arguments) -> list[str]:
        return ["ip", "netns", "exec", self.namespace, *map(str, arguments)]

    def run(self, *arguments, check=True, timeout=20, **options) -> subprocess.CompletedProcess:
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=timeout, **options)
        if check and done.returncode != 0:
            raise AssertionError(f"{self.name}: {arguments} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def mac(self, device="eth0") -> str:
        return json.loads(self.run("ip", "-json", "link", "show", device).stdout)[0]["address"]

    def set_mac(self, mac: str, device="eth0") -> None:
        self.run("ip", "link", "set", device, "address", mac)

    def set_up(self, up: bool, device="eth0") -> None:
        self.run("ip", "link", "set", device, "up" if up else "down")

    def neighbors(self, device="eth0") -> dict[str, str]:
        """What its kernel has learnt by ARP: address → MAC."""
        entries = json.loads(self.run("ip", "-json", "neighbor", "show", "dev", device).stdout or "[]")
        return {entry["dst"]: entry["lladdr"] for entry in entries if "lladdr" in entry}

    def forget_neighbors(self, device="eth0") -> None:
        self.run("ip", "neighbor", "flush", "dev", device)

    def real_server(self, *arguments, check=True) -> subprocess.CompletedProcess:
        return self.run(ROOT / "scripts/real-server", *arguments, check=check)

    def socket(self, kind=socket.SOCK_STREAM, timeout=5.0) -> socket.socket:
        with self.inside():
            made = socket.socket(socket.AF_INET, kind)
        made.settimeout(timeout)
        return made


class Wire:
    """A host's device, frame by frame: what it receives, and sends by itself."""

    def __init__(self, host: Host, device="eth0"):
        with host.inside():
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))  # ETH_P_ALL
            self._socket.bind((device, 3))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def send(self, frame) -> None:
        self._socket.send(bytes(frame))

    def received(self, wanted, seconds=1.0) -> list[Ether]:
        """The received frames for which `wanted` is true, of the next so many seconds."""
        frames = []
        with contextlib.suppress(TimeoutError):
            for _ in until(seconds):
                self._socket.settimeout(0.1)
                with contextlib.suppress(TimeoutError):
                    data, (_device, _protocol, kind, *_rest) = self._socket.recvfrom(65535)
                    if kind != socket.PACKET_OUTGOING and wanted(frame := Ether(data)):
                        frames.append(frame)
        return frames


class Network:
    """A lab of its own: switches, and hosts plugged into them."""

    def __init__(self):
        self.lab = f"turnout-{os.getpid()}-{next(_numbers)}"
        self._script("create", self.lab, os.getpid())

    @property
    def folder(self) -> Path:
        return LABS / self.lab

    def _script(self, *arguments) -> None:
        done = subprocess.run(
            [ROOT / "test/support/network.sh", *map(str, arguments)], capture_output=True, text=True, timeout=60
        )
        if done.returncode != 0:
            raise AssertionError(f"network.sh {arguments}: {done.stdout}{done.stderr}")

    def lan(self, name: str) -> None:
        self._script("lan", self.lab, name)

    def host(self, name: str, lan: str | None = None, address: str | None = None, device="eth0") -> Host:
        self._script("host", self.lab, name)
        host = Host(self.lab, name)
        if lan is not None:
            self.plug(host, device, lan, address)
        return host

    def plug(self, host: Host, device: str, lan: str, address: str | None = None) -> None:
        self._script("plug", self.lab, host.name, device, lan, *([address] if address else []))
        if address:
            host.addresses.append(address)

    def web(self, host: Host) -> None:
        self._script("web", self.lab, host.name)

    def real_server(self, name: str, lan: str, address: str, *vips: str) -> Host:
        """A host that holds the VIPs as a real server does, with nginx answering its name."""
        host = self.host(name, lan, address)
        host.real_server("apply", *vips)
        self.web(host)
        return host

    def remove(self) -> None:
        self._script("remove", self.lab)


class Lan(Network):
    """What most tests use: one switch, a client, the director and three real servers."""

    VIP = "192.0.2.100"
    MORE_VIPS = ("192.0.2.101", "192.0.2.102")
    DIRECTOR = "192.0.2.2"
    UNUSED = "192.0.2.99"

    def __init__(self):
        super().__init__()
        try:
            self.lan("lan")
            self.client = self.host("client", "lan", "192.0.2.10/24")
            self.director = self.host("director", "lan", device="dir0")
            self.servers = [
                self.real_server(f"real{n}", "lan", f"192.0.2.{10 + n}/24", self.VIP, *self.MORE_VIPS)
                for n in (1, 2, 3)
            ]
        except BaseException:
            self.remove()
            raise
