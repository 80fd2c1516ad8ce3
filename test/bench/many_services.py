#!/usr/bin/env python3
"""What a large configuration costs: start-up with it, applying it whole, and changing one weight in it, under traffic.

turnoutd forwards a capture that net_pcap plays for ever, to one of the services. Each time is taken by the client, from
the first byte of a request that is ready to the last one of its answer: the answer comes after workers have the new
snapshot. Packets lost are those that the books show as dropped meanwhile, and those that the port had no room for.
"""

import argparse
import contextlib
import ipaddress
import json
import os
import pathlib
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import flows

FLOWS = 4096
BUFFERS = 65536
MEGABYTES = 768  # of hugepages: packet buffers and the connection tables
FIRST_VIP = ipaddress.IPv4Address("10.128.0.1")
FIRST_SERVER = ipaddress.IPv4Address("10.192.0.1")
ONE = 1  # services of the small configuration


def real_server(number: int, with_mac: bool) -> dict:
    server = {"address": str(FIRST_SERVER + number), "weight": 1 + number % 3}
    if with_mac:
        server["mac"] = f"02:00:{number >> 24 & 255:02x}:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"
    return server


def services(count: int, servers: int, with_macs: bool) -> list[dict]:
    """Each with real servers of its own. The first has the traffic: its servers are known at any time."""
    vips = [str(ipaddress.IPv4Address(flows.VIP))] + [str(FIRST_VIP + n) for n in range(count - 1)]
    return [{"vip": vip, "protocol": "tcp", "port": flows.PORT,
             "health": {"type": "none"}, "real_servers": [real_server(n * servers + s, with_macs or n == 0) for s in range(servers)]}
            for n, vip in enumerate(vips)]


def configuration(folder: str, lcores: str, megabytes: int, listed: list[dict]) -> dict:
    return {
        "eal": {"lcores": lcores,
                "args": ["--in-memory", "--no-pci", "--no-telemetry", "-m", str(megabytes), "--iova-mode=va",
                         f"--vdev=net_pcap0,rx_pcap={folder}/flows.pcap,infinite_rx=1"]},
        "ports": [{"name": "bench", "device": "net_pcap0", "addresses": ["10.255.0.2/8"]}],
        "buffers": {"count": BUFFERS},
        "connections": {"capacity": 1 << 20},
        "control": {"socket": f"{folder}/control.sock"},
        "http": {"listen": ""},
        "services": listed,
    }


class Client:
    """The control socket, one request at a time."""

    def __init__(self, path: str):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)

    def call(self, method: str, **params) -> tuple[dict, float]:
        """The result, and seconds from the request to its answer."""
        line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode() + b"\n"
        begin = time.perf_counter()
        self.socket.sendall(line)
        parts = [self.socket.recv(1 << 20)]
        while not parts[-1].endswith(b"\n"):
            if not parts[-1]:
                sys.exit(f"turnoutd closed its socket during {method}")
            parts.append(self.socket.recv(1 << 20))
        seconds = time.perf_counter() - begin
        answer = json.loads(b"".join(parts))
        if "error" in answer:
            sys.exit(f"{method} was refused: {answer['error']['message'][:500]}")
        return answer["result"], seconds

    def books(self) -> "Books":
        return Books(self.call("stats.get")[0])


class Books:
    """Packets forwarded and lost up to a moment."""

    def __init__(self, stats: dict):
        self.forwarded = stats["packets"]["transmitted"]
        missed = sum(port["receive_missed"] + port["receive_no_buffer"] for port in stats["ports"])
        self.lost = stats["packets"]["dropped"] + missed
        self.time = time.perf_counter()

    def since(self, before: "Books") -> tuple[int, int, float]:
        """Forwarded, lost, and millions forwarded a second."""
        forwarded = self.forwarded - before.forwarded
        return forwarded, self.lost - before.lost, forwarded / (self.time - before.time) / 1e6


@contextlib.contextmanager
def running(build: str, config: dict, folder: str):
    """A turnoutd with that configuration: its process id, and seconds until it was ready."""
    file = pathlib.Path(folder, "bench.json")
    file.write_text(json.dumps(config))
    begin = time.perf_counter()
    with subprocess.Popen([f"{build}/turnoutd", "--config", str(file), "--log-level", "error"], stdout=subprocess.PIPE,
                          text=True) as process:
        try:
            if process.stdout.readline().strip() != "ready":
                sys.exit("turnoutd did not start")
            yield process.pid, time.perf_counter() - begin
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()


def resident_megabytes(pid: int) -> float:
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    sys.exit("the kernel does not say how much memory turnoutd has")


def control_seconds(pid: int) -> float:
    """Time that the control thread had a processor: on a machine that is shared, less than what passes."""
    fields = pathlib.Path(f"/proc/{pid}/task/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def change_weights(client: Client, listed: list[dict], changes: int) -> list[float]:
    """Milliseconds that each of so many changes took, each to one server of a service chosen at random."""
    chosen = random.Random(changes)
    times = []
    for _ in range(changes):
        service = chosen.choice(listed)
        server = chosen.choice(service["real_servers"])
        server["weight"] = 1 + server["weight"] % 5
        key = {name: service[name] for name in ("vip", "protocol", "port")}
        _, seconds = client.call("server.edit", service=key,
                                 server={"address": server["address"], "weight": server["weight"]})
        times.append(seconds * 1e3)
        time.sleep(0.02)
    return times


def measure_applying(args: argparse.Namespace, folder: str, lcores: str, listed: list[dict]) -> dict:
    """The whole configuration in place of a small one, the small one again, and the whole by turnoutctl."""
    small = configuration(folder, lcores, args.megabytes, listed[:ONE])
    whole = small | {"services": listed}
    with running(args.build, small, folder) as (pid, started):
        client = Client(f"{folder}/control.sock")
        memory = resident_megabytes(pid)
        time.sleep(1)  # every flow gets its entry
        before = client.books()
        apply, busy, clear = [], [], []
        for _ in range(args.rounds):
            used = control_seconds(pid)
            apply.append(client.call("config.apply", config=whole)[1])
            busy.append(control_seconds(pid) - used)
            same = client.call("config.apply", config=whole)[1]
            clear.append(client.call("config.apply", config=small)[1])
            time.sleep(1.5)  # numbers that were given up are let go
        file = pathlib.Path(folder, "whole.json")
        file.write_text(json.dumps(whole))
        begin = time.perf_counter()
        subprocess.run([f"{args.build}/turnoutctl", "--socket", f"{folder}/control.sock", "apply", str(file)],
                       check=True, stdout=subprocess.DEVNULL)
        ctl = time.perf_counter() - begin
        forwarded, lost, rate = client.books().since(before)
        return {"start_small_s": started, "memory_small_mb": memory, "apply_whole_s": statistics.median(apply),
                "apply_whole_max_s": max(apply), "apply_whole_cpu_s": statistics.median(busy),
                "apply_same_s": same, "apply_small_again_s": statistics.median(clear),
                "turnoutctl_apply_s": ctl, "memory_whole_mb": resident_megabytes(pid), "apply_forwarded": forwarded,
                "apply_lost": lost, "apply_mpps": rate}


def measure_changing(args: argparse.Namespace, folder: str, lcores: str, listed: list[dict]) -> dict:
    whole = configuration(folder, lcores, args.megabytes, listed)
    with running(args.build, whole, folder) as (_, started):
        client = Client(f"{folder}/control.sock")
        time.sleep(1)
        quiet = client.books()
        time.sleep(2)
        before = client.books()
        times = change_weights(client, listed, args.changes)
        forwarded, lost, rate = client.books().since(before)
        return {"start_whole_s": started, "change_median_ms": statistics.median(times), "change_max_ms": max(times),
                "changes": len(times), "change_forwarded": forwarded, "change_lost": lost, "change_mpps": rate,
                "quiet_mpps": before.since(quiet)[2]}


def show(args: argparse.Namespace, found: dict) -> None:
    lcores = "one lcore" if args.one_lcore else "two lcores"
    applied = f"median of {args.rounds}, at most {found['apply_whole_max_s']:.2f} s"
    print(f"""{args.services:,} services with {args.servers} real servers each, {lcores}
  start-up until ready        {found['start_whole_s']:8.2f} s   (with one service: {found['start_small_s']:.2f} s)
  apply whole, over socket    {found['apply_whole_s']:8.2f} s   ({applied}; {found['apply_whole_cpu_s']:.2f} s of processor time)
  apply the same again        {found['apply_same_s']:8.2f} s
  apply one service instead   {found['apply_small_again_s']:8.2f} s
  turnoutctl apply FILE       {found['turnoutctl_apply_s']:8.2f} s
  packets meanwhile           {found['apply_lost']:8} lost of {found['apply_forwarded'] / 1e6:.1f} million
  change one weight           {found['change_median_ms']:8.2f} ms  (median of {found['changes']}, at most {found['change_max_ms']:.2f} ms)
  packets meanwhile           {found['change_lost']:8} lost of {found['change_forwarded'] / 1e6:.1f} million
  forwarded a second          {found['change_mpps']:8.2f} million during the changes, {found['quiet_mpps']:.2f} before
  resident memory             {found['memory_whole_mb']:8.0f} MiB (with one service: {found['memory_small_mb']:.0f} MiB)""")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", help="where turnoutd and turnoutctl are")
    parser.add_argument("--services", type=int, default=10_000)
    parser.add_argument("--servers", type=int, default=10, help="of each service")
    parser.add_argument("--changes", type=int, default=50, help="of one weight each")
    parser.add_argument("--rounds", type=int, default=3, help="of applying the whole")
    parser.add_argument("--megabytes", type=int, default=MEGABYTES, help="of hugepages")
    parser.add_argument("--one-lcore", action="store_true", help="control and worker share one")
    parser.add_argument("--json", metavar="FILE", help="write the figures there as well")
    args = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    lcores = str(cores[-1]) if args.one_lcore or len(cores) < 2 else f"{cores[0]},{cores[-1]}"
    listed = services(args.services, args.servers, with_macs=True)
    with tempfile.TemporaryDirectory() as folder:
        flows.write_capture(f"{folder}/flows.pcap", FLOWS)
        found = measure_applying(args, folder, lcores, listed) | measure_changing(args, folder, lcores, listed)
    show(args, found)
    if args.json:
        figures = {"services": args.services, "servers": args.servers} | found
        pathlib.Path(args.json).write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
