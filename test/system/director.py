"""A real turnoutd in a host's namespace, started from a configuration and held to its promises when it ends."""

import contextlib
import copy
import http.client
import json
import os
import re
import signal
import subprocess
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from network import ROOT, Host
from rpc import RpcClient
from waiting import wait_for

BUILD = Path(os.environ.get("TURNOUT_BUILD", ROOT / "build"))
TURNOUTD = BUILD / "turnoutd"
TURNOUTCTL = BUILD / "turnoutctl"
HTTP = ("127.0.0.1", 9877)
METRIC = re.compile(r"^(?P<name>[a-z_]+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)$")


def lcores(workers=1) -> str:
    """EAL's --lcores: control on the first CPU, workers on the second, or all on the only one."""
    cpus = sorted(os.sched_getaffinity(0))
    return ",".join([f"0@{cpus[0]}"] + [f"{n}@{cpus[1 % len(cpus)]}" for n in range(1, workers + 1)])


def af_packet(number: int, interface: str, options="") -> str:
    return f"--vdev=net_af_packet{number},iface={interface}{options}"


def af_xdp(number: int, interface: str) -> str:
    """The driver that shows each frame as it was on the wire; with net_af_packet the kernel puts fragments together first.

    Frames of up to about 2,000 bytes only, as one of them is one of the kernel's chunks.
    """
    return f"--vdev=net_af_xdp{number},iface={interface},force_copy=1"


def service(vip: str, servers: list, scheduler="mh", protocol="tcp", port=80) -> dict:
    """A service as in the file; servers are addresses or (address, weight)."""
    pairs = [server if isinstance(server, tuple) else (server, 1) for server in servers]
    return {
        "vip": vip, "protocol": protocol, "port": port, "scheduler": scheduler,
        "real_servers": [{"address": address, "weight": weight} for address, weight in pairs],
    }  # fmt: skip


def group(name: str | int, members: list[dict], servers: list, scheduler="mh") -> dict:
    """A group as in the file, of what the members' keys name."""
    pooled = service("", servers, scheduler)
    return {"group": name, "members": members, **{name: pooled[name] for name in ("scheduler", "real_servers")}}


def key(of: dict) -> dict:
    """What names a service or a group."""
    return {name: of[name] for name in ("group", "family", "vip", "protocol", "port") if name in of}


def port(*addresses: str, **changes) -> dict:
    """A port as in the file, "lan" on the first net_af_packet unless the test says otherwise."""
    return {"name": "lan", "device": "net_af_packet0", "addresses": list(addresses), **changes}


def read_after_a_poll(read: Callable, polls: Callable):
    """What `read` gives once every worker has ended the pass that it was in.

    A worker counts a burst when it has sent it. The answer may come, and be read, before the worker runs on.
    """
    before = polls(read())

    def read_later():
        later = read()
        return later if all(now > then for now, then in zip(polls(later), before, strict=True)) else None

    return wait_for("a pass of every worker over its queues", read_later, pause=0.001)


DUAL_PORT = port("192.0.2.2/24", "2001:db8::2/64")


class Director:
    def __init__(self, host: Host, folder: Path):
        self.host = host
        self.folder = folder
        self.socket = folder / "control.sock"
        self.config_file = folder / "turnout.json"
        self.log_file = folder / "turnoutd.log"
        self.process: subprocess.Popen | None = None

    def config(self, services=(), **changes) -> dict:
        """A whole configuration: one port "lan" on dir0, and what the test changes."""
        return {
            "eal": {
                "lcores": changes.pop("lcores", lcores()),
                "args": ["--no-huge", "--no-shconf", "-m", "512", "--no-pci", "--no-telemetry"]
                + changes.pop("devices", [af_packet(0, "dir0")]),
            },
            "ports": [port("192.0.2.2/24")],
            "control": {"socket": str(self.socket)},
            "http": {"listen": "%s:%d" % HTTP},
            "services": copy.deepcopy(list(services)),
            **changes,
        }

    def write(self, config: dict) -> None:
        self.config_file.write_text(json.dumps(config, indent=2))

    def launch(self, *arguments) -> subprocess.Popen:
        """turnoutd with any arguments; its stdout is a pipe."""
        with open(self.log_file, "a") as log:
            return subprocess.Popen(
                self.host.command(TURNOUTD, *arguments), stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL
            )

    def start(self, config: dict | None = None, resolved=True) -> None:
        """Starts under `config`, or what is in the file, and waits until it forwards and knows its real servers."""
        if config is not None:
            self.write(config)
        self.process = self.launch("--config", self.config_file)
        os.set_blocking(self.process.stdout.fileno(), False)
        said = b""

        def ready():
            nonlocal said
            said += self.process.stdout.read() or b""
            assert self.process.poll() is None, f"turnoutd ended with {self.process.returncode}:\n{self.log()}"
            return b"ready" in said.splitlines()

        try:
            wait_for("turnoutd's line 'ready'", ready, 20)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log()}") from None
        if resolved:
            self.wait_resolved()

    def wait_resolved(self) -> None:
        def all_resolved():
            return all(neighbor["mac"] for neighbor in self.rpc("neighbor.list"))

        wait_for("all neighbours resolved", all_resolved)

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def log(self) -> str:
        return self.log_file.read_text()

    def stop(self, sign=signal.SIGTERM) -> None:
        """Ends it, and holds it to a clean end: status 0 and no socket file left."""
        self.process.send_signal(sign)
        try:
            status = self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"turnoutd did not end within 10 seconds:\n{self.log()}") from None
        finally:
            self.process.stdout.close()
            self.process = None
        assert status == 0, f"turnoutd ended with {status}:\n{self.log()}"
        assert not self.socket.exists(), "turnoutd left its socket behind"

    def finish(self) -> None:
        """After a test: it lives, its books balance, and it ends cleanly."""
        if self.process is None:
            return
        assert self.alive(), f"turnoutd died with {self.process.returncode}:\n{self.log()}"
        try:
            self.check_books()
        finally:
            self.stop()

    # What it says of itself

    def client(self, timeout=10.0) -> RpcClient:
        return RpcClient(self.socket, timeout)

    def rpc(self, method: str, params: dict | None = None):
        with self.client() as client:
            return client.call(method, params)

    def stats(self) -> dict:
        """What was answered before is in it."""

        def polls(stats):
            return [worker["polls"] for worker in stats["workers"]]

        return read_after_a_poll(lambda: self.rpc("stats.get"), polls)

    def service_stats(self, of: dict) -> dict:
        return next(stats for stats in self.stats()["services"] if key(stats) == key(of))

    def active(self, of: dict) -> int:
        """Connections of a service that are open, as far as the director has seen."""
        return self.service_stats(of)["active_connections"]

    def neighbor(self, address: str) -> dict:
        return next(neighbor for neighbor in self.rpc("neighbor.list") if neighbor["address"] == address)

    def generation(self) -> int:
        return self.rpc("daemon.info")["generation"]

    def http(self, path: str) -> tuple[int, str]:
        with self.host.inside():
            connection = http.client.HTTPConnection(*HTTP, timeout=5)
            connection.connect()
        with contextlib.closing(connection):
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()

    def metrics(self) -> dict[str, dict[str, float]]:
        """Name → label set as it is printed → value. What was answered before is in it."""
        return read_after_a_poll(self._scrape, lambda metrics: list(metrics["turnout_worker_polls_total"].values()))

    def _scrape(self) -> dict[str, dict[str, float]]:
        status, body = self.http("/metrics")
        assert status == 200, body
        values = defaultdict(dict)
        for line in body.splitlines():
            if line and not line.startswith("#"):
                match = METRIC.match(line)
                assert match, line
                values[match["name"]][match["labels"] or ""] = float(match["value"])
        return values

    def ctl(self, *arguments, check=True) -> subprocess.CompletedProcess:
        """turnoutctl against this daemon."""
        done = subprocess.run(
            [TURNOUTCTL, "--socket", self.socket, *map(str, arguments)], capture_output=True, text=True, timeout=10
        )
        assert not check or done.returncode == 0, f"turnoutctl {arguments}: {done.returncode}: {done.stdout}{done.stderr}"
        return done

    # Its books

    def check_books(self) -> None:
        """received = transmitted + punted + dropped, to the packet, in stats.get and in /metrics.

        Packets may arrive between two counters being read, so they have a second to come to rest.
        """
        wait_for("stats.get's books balancing", self._stats_balance, 1)
        wait_for("the books of /metrics balancing", self._metrics_balance, 1)

    def _stats_balance(self) -> bool:
        packets = self.stats()["packets"]
        return packets["received"] == packets["transmitted"] + packets["punted"] + packets["dropped"]

    def _metrics_balance(self) -> bool:
        metrics = self.metrics()

        def total(name):
            return sum(metrics[name].values())

        left = total("turnout_port_transmit_packets_total") - total("turnout_originated_packets_total")  # control's own
        left += total("turnout_punted_packets_total") + total("turnout_dropped_packets_total")
        return total("turnout_port_receive_packets_total") == left
