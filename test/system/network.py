"""Network namespaces as hosts: made by test/support/network.sh, used from the test's own process.

Sockets made inside a host (`with host.inside()`) stay there, so a test holds clients and servers in plain Python.
"""

import contextlib
import ctypes
import itertools
import json
import os
import re
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


def family_of(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


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

    @property
    def address6(self) -> str:
        """The first of its IPv6 addresses."""
        return next(address for address in self.addresses if ":" in address).split("/")[0]

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
        """What its kernel has learnt by ARP and Neighbor Discovery: address → MAC."""
        entries = json.loads(self.run("ip", "-json", "neighbor", "show", "dev", device).stdout or "[]")
        return {entry["dst"]: entry["lladdr"] for entry in entries if "lladdr" in entry}

    def forget_neighbors(self, device="eth0") -> None:
        self.run("ip", "neighbor", "flush", "dev", device)

    def real_server(self, *arguments, check=True) -> subprocess.CompletedProcess:
        """Namespaces share the machine's files: without a root of its own it has to leave them alone."""
        lasts = "--root" in arguments or "apply" not in arguments
        return self.run(ROOT / "scripts/real-server", *arguments, *([] if lasts else ["--no-persist"]), check=check)

    def ping(self, address: str, count=1, *options) -> int:
        """How many of so many echo requests were answered."""
        said = self.run("ping", "-c", count, "-i", "0.2", "-W", "2", *options, address, check=False).stdout
        found = re.search(r"(\d+) received", said)
        assert found, said
        return int(found[1])

    def socket(self, kind=socket.SOCK_STREAM, timeout=5.0, to="0.0.0.0") -> socket.socket:
        """A socket of the family of the address `to`."""
        with self.inside():
            made = socket.socket(family_of(to), kind)
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

    def lan(self, name: str, *options) -> None:
        self._script("lan", self.lab, name, *options)

    def host(self, name: str, lan: str | None = None, *addresses: str, device="eth0") -> Host:
        self._script("host", self.lab, name)
        host = Host(self.lab, name)
        if lan is not None:
            self.plug(host, device, lan, *addresses)
        return host

    def plug(self, host: Host, device: str, lan: str, *addresses: str) -> None:
        self._script("plug", self.lab, host.name, device, lan, *addresses)
        host.addresses += addresses

    def access(self, host: Host, lan: str, vlan: int, device="eth0") -> None:
        """The switch's port for the host becomes an access port of a VLAN."""
        self._script("access", self.lab, host.name, device, lan, vlan)

    def set_mtu(self, host: Host, lan: str, mtu: int, device="eth0") -> None:
        self._script("mtu", self.lab, host.name, device, lan, mtu)

    def router(self, name: str, *sides: tuple[str, tuple[str, ...]]) -> Host:
        """A host that forwards between LANs: eth0, eth1, … with these addresses, one device for each side."""
        router = self.host(name)
        for number, (lan, addresses) in enumerate(sides):
            self.plug(router, f"eth{number}", lan, *addresses)
        router.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        return router

    def web(self, host: Host) -> None:
        self._script("web", self.lab, host.name)

    def real_server(self, name: str, lan: str, address: str | tuple[str, ...], *vips: str) -> Host:
        """A host that holds the VIPs as a real server does, with nginx answering its name."""
        host = self.host(name, lan, *([address] if isinstance(address, str) else address))
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

    def __init__(self, *options):
        super().__init__()
        try:
            self.lan("lan", *options)
            self.client = self.host("client", "lan", *self.addresses(10))
            self.director = self.host("director", "lan", device="dir0")
            self.servers = [self.real_server(f"real{n}", "lan", self.addresses(10 + n), *self.vips()) for n in (1, 2, 3)]
        except BaseException:
            self.remove()
            raise

    def addresses(self, number: int) -> tuple[str, ...]:
        return (f"192.0.2.{number}/24",)

    def vips(self) -> tuple[str, ...]:
        return (self.VIP, *self.MORE_VIPS)


class DualLan(Lan):
    """The same, and everybody speaks IPv6 as well."""

    VIP6 = "2001:db8::100"
    DIRECTOR6 = "2001:db8::2"
    UNUSED6 = "2001:db8::99"

    def addresses(self, number: int) -> tuple[str, ...]:
        return (*super().addresses(number), f"2001:db8::{number}/64")

    def vips(self) -> tuple[str, ...]:
        return (*super().vips(), self.VIP6)

    def servers6(self) -> list[str]:
        return [server.address6 for server in self.servers]
