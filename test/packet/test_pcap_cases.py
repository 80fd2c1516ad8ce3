"""turnoutd itself over net_pcap ports: what a capture sends it, and what it sends, compared octet for octet.

Each folder of cases/ is a case: config.json (without what depends on where the test runs) and packets.py, which says
what is SENT and what is EXPECTED, by the ports' names, and what of it is counted as DROPS and PUNTS. Needs no root.
"""

import contextlib
import json
import os
import runpy
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from scapy.utils import RawPcapReader, RawPcapWriter

from case_frames import PORT_MAC, octets

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "test" / "system"))

from rpc import RpcClient  # noqa: E402  (it lives with the system tests)
from waiting import wait_for  # noqa: E402

TURNOUTD = Path(os.environ.get("TURNOUT_BUILD", ROOT / "build")) / "turnoutd"
CASES = sorted((Path(__file__).parent / "cases").glob("[0-9][0-9][0-9]-*"))
ETHERNET = 1  # a capture's link type
ARP, IPV4 = b"\x08\x06", b"\x08\x00"


@dataclass
class Case:
    """A case's files. Frames are bytes, by port's name."""

    config: dict
    sent: dict[str, list[bytes]]
    expected: dict[str, list[bytes]]
    drops: dict[str, int] = field(default_factory=dict)
    punts: dict[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> "Case":
        packets = runpy.run_path(str(folder / "packets.py"))
        return cls(
            json.loads((folder / "config.json").read_text()),
            packets["SENT"],
            packets["EXPECTED"],
            packets.get("DROPS", {}),
            packets.get("PUNTS", {}),
        )

    def port_names(self) -> list[str]:
        return [port["name"] for port in self.config["ports"]]


def lcores(workers: int) -> str:
    """EAL's --lcores: lcore 0 for control, or for all if there is no worker's."""
    cpus = sorted(os.sched_getaffinity(0))
    return ",".join(f"{number}@{cpus[number % len(cpus)]}" for number in range(workers + 1))


def write_capture(file: Path, frames: list[bytes]) -> None:
    with contextlib.closing(RawPcapWriter(str(file), linktype=ETHERNET)) as writer:
        writer.write_header(None)
        for frame in frames:
            writer.write_packet(frame)


def read_capture(file: Path) -> list[bytes]:
    with contextlib.closing(RawPcapReader(str(file))) as reader:
        return [frame for frame, _ in reader]


def is_announcement(frame: bytes) -> bool:
    """Gratuitous ARP of the director's: a request from its own MAC for the address that it comes from."""
    own = any(frame[6:12] == octets(mac) for mac in PORT_MAC)
    return own and frame[12:14] == ARP and frame[20:22] == b"\0\1" and frame[28:32] == frame[38:42]


def is_flow(frame: bytes) -> bool:
    return frame[12:14] == IPV4 and frame[23] in (6, 17)


class Turnoutd:
    """One run of a case: it gets what is sent, and is asked what it counts."""

    def __init__(self, case: Case, folder: Path, workers: int):
        self.names = case.port_names()
        self.folder = folder
        self.socket = folder / "socket"
        devices = []
        for number, name in enumerate(self.names):
            write_capture(self._capture(name, "in"), case.sent.get(name, []))
            captures = f"rx_pcap={self._capture(name, 'in')},tx_pcap={self._capture(name, 'out')}"
            devices.append(f"--vdev=net_pcap{number},{captures}")
        config = {
            **case.config,
            "eal": {
                "lcores": lcores(workers),
                "args": ["--no-huge", "-m", "256", "--no-pci", "--no-telemetry", "--no-shconf", *devices],
            },
            "control": {"socket": str(self.socket)},
            "vip_watch": {"interval": 0},
            "http": {"listen": ""},
        }
        (folder / "turnout.json").write_text(json.dumps(config, indent=2))

    def _capture(self, name: str, direction: str) -> Path:
        return self.folder / f"{name}-{direction}.pcap"

    def log(self) -> str:
        return (self.folder / "log").read_text()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """From its line `ready` to its clean end."""
        with open(self.folder / "log", "w") as log:
            process = subprocess.Popen(
                [TURNOUTD, "--config", self.folder / "turnout.json"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip
        try:
            assert process.stdout.readline() == b"ready\n", self.log()
            yield
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0, self.log()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            process.stdout.close()

    def stats(self) -> dict:
        with RpcClient(self.socket) as client:
            return client.call("stats.get")

    def wait_until_done(self, frames: int) -> dict:
        """Until all frames are accounted for, and control has been quiet for a while."""

        def all_accounted_for():
            packets = self.stats()["packets"]
            return frames == packets["received"] == packets["transmitted"] + packets["punted"] + packets["dropped"]

        wait_for(f"all {frames} frames accounted for", all_accounted_for, 20)
        sent, since = -1, time.monotonic()
        while time.monotonic() < since + 0.3:
            stats = self.stats()
            if stats["packets"]["originated"] != sent:
                sent, since = stats["packets"]["originated"], time.monotonic()
            time.sleep(0.02)
        return stats

    def sent(self, name: str) -> list[bytes]:
        return read_capture(self._capture(name, "out"))


def check_port(name: str, sent: list[bytes], expected: list[bytes]) -> None:
    """Forwarded frames are in the order they came; control's answers are not bound to it."""

    def text(frames):
        return [frame.hex() for frame in frames]

    assert text(filter(is_flow, sent)) == text(filter(is_flow, expected)), f"forwarded by {name}"
    answers = Counter(text(frame for frame in sent if not is_flow(frame)))
    assert answers == Counter(text(frame for frame in expected if not is_flow(frame))), f"sent by control on {name}"


@pytest.mark.parametrize("workers", [0, 1], ids=["control-and-worker-on-one-lcore", "two-lcores"])
@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_case(folder: Path, workers: int, tmp_path: Path) -> None:
    assert TURNOUTD.exists(), f"{TURNOUTD} is missing; build first: meson compile -C {TURNOUTD.parent}"
    case = Case.load(folder)
    turnoutd = Turnoutd(case, tmp_path, workers)
    with turnoutd.running():
        stats = turnoutd.wait_until_done(sum(len(frames) for frames in case.sent.values()))

    assert {reason: count for reason, count in stats["drops"].items() if count} == case.drops
    assert {kind: count for kind, count in stats["punts"].items() if count} == case.punts
    for name in case.port_names():
        sent = turnoutd.sent(name)
        announced = [frame for frame in sent if is_announcement(frame)]
        assert announced, f"{name}: the director's addresses were not announced"
        check_port(name, [frame for frame in sent if frame not in announced], case.expected.get(name, []))


def test_there_are_cases() -> None:
    assert CASES and [folder.name[:3] for folder in CASES] == [f"{number:03}" for number in range(1, len(CASES) + 1)]
