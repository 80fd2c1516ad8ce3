#!/usr/bin/env python3
"""Forwarding rate of turnoutd beside `dpdk-testpmd --forward-mode=mac`, in turns over the same port on the same core.

testpmd rewrites the MAC addresses and looks at nothing: it is what the port and the driver can do. The port is net_pcap
with infinite_rx=1, which plays a capture for ever and drops what is sent. Only ratios of one run mean something: both
rates move with the machine and with the size of the capture.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import flows
from machine import want_hugepages

POOL_HEADROOM = 65536  # packets beyond those of the capture
BYTES_PER_PACKET = 2560  # of pool memory
REAL_SERVERS = 32


class Port:
    """A capture of so many flows for each receive queue, and the EAL arguments of the port that plays them."""

    def __init__(self, folder: str, count: int, flags: int, queues: int = 1):
        self.count, self.queues = count, queues
        captures = [f"{folder}/{count}.{queue}of{queues}.pcap" for queue in range(queues)]
        for queue, capture in enumerate(captures):
            flows.write_capture(capture, count, flags, seed=queue)
        self.vdev = ",".join(["net_pcap0", *(f"rx_pcap={capture}" for capture in captures), "infinite_rx=1"])
        self.packets = count * queues + max(POOL_HEADROOM, count // 4)
        self.megabytes = 1024 + self.packets * BYTES_PER_PACKET // 2**20

    def eal(self) -> list[str]:
        return ["--in-memory", "--no-pci", "-m", str(self.megabytes), "--iova-mode=va", f"--vdev={self.vdev}"]


def lcores(control: int, workers: list[int]) -> str:
    """For EAL: the first lcore on the core `control`, the others on those of `workers`."""
    return ",".join(f"{lcore}@{core}" for lcore, core in enumerate([control, *workers]))


def stop(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def testpmd_rate(port: Port, control: int, workers: list[int], seconds: float) -> float:
    """Packets per second, from what testpmd says it forwarded when it is stopped."""
    command = ["stdbuf", "-oL", "dpdk-testpmd", f"--lcores={lcores(control, workers)}", *port.eal(), "--", "-i", "--port-topology=loop",
               "--forward-mode=mac", f"--nb-cores={len(workers)}", f"--rxq={port.queues}", f"--txq={port.queues}",
               "--burst=32", f"--total-num-mbufs={port.packets}"]
    with tempfile.NamedTemporaryFile("r") as output, open(output.name, "w") as to, subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=to, stderr=subprocess.STDOUT, text=True) as process:
        try:
            say(process, "start\n")
            wait_for_word(process, output, "mac packet forwarding")
            time.sleep(1)
            say(process, "clear fwd stats all\n")
            begin = time.monotonic()
            time.sleep(seconds)
            say(process, "stop\n")
            elapsed = time.monotonic() - begin
            process.communicate("quit\n", timeout=60)
        finally:
            stop(process)
        said = read_all(output)
    counted = re.findall(r"Accumulated forward statistics.*?TX-packets:\s*(\d+)", said, re.DOTALL)
    if not counted:
        sys.exit("dpdk-testpmd gave no figure:\n" + said[-2000:])
    return int(counted[-1]) / elapsed


def say(process: subprocess.Popen, text: str) -> None:
    process.stdin.write(text)
    process.stdin.flush()


def read_all(file) -> str:
    file.seek(0)
    return file.read()


def wait_for_word(process: subprocess.Popen, output, word: str, seconds: float = 120) -> None:
    """Until testpmd forwards: it takes a command when it has cloned the whole capture, which takes as long as it takes."""
    deadline = time.monotonic() + seconds
    while word not in read_all(output):
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit("dpdk-testpmd does not start:\n" + read_all(output)[-2000:])
        time.sleep(0.1)


def turnout_config(port: Port, control: int, workers: list[int], folder: str) -> dict:
    servers = [{"address": f"10.255.1.{n}", "mac": f"02:00:00:00:01:{n:02x}"} for n in range(1, REAL_SERVERS + 1)]
    return {
        "eal": {"lcores": lcores(control, workers), "args": port.eal()},
        "ports": [{"name": "bench", "device": "net_pcap0", "addresses": ["10.255.0.2/8"], "rx_queues": port.queues}],
        "buffers": {"count": port.packets},
        "connections": {"capacity": max(1 << 20, port.count * port.queues * 2)},
        "control": {"socket": f"{folder}/control.sock"},
        "http": {"listen": ""},
        "services": [{"vip": "10.255.0.1", "protocol": "tcp", "port": flows.PORT, "health": {"type": "none"},
                      "real_servers": servers}],
    }


def forwarded(build: str, socket: str) -> tuple[int, float]:
    answer = subprocess.run([f"{build}/turnoutctl", "--socket", socket, "--json", "stats"], capture_output=True,
                            text=True, check=True)
    return json.loads(answer.stdout)["packets"]["transmitted"], time.monotonic()


def turnout_rate(build: str, port: Port, control: int, workers: list[int], seconds: float, change=None,
                 beside=None) -> float:
    """Packets per second that turnoutd forwarded to real servers. `change`: is given the configuration first; `beside`: a
    context for the time of measuring, made of the control socket's path."""
    with tempfile.TemporaryDirectory() as folder:
        config = turnout_config(port, control, workers, folder)
        if change:
            change(config)
        path = pathlib.Path(folder, "bench.json")
        path.write_text(json.dumps(config))
        command = [f"{build}/turnoutd", "--config", str(path), "--log-level", "error"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                if process.stdout.readline().strip() != "ready":
                    sys.exit("turnoutd did not start")
                time.sleep(1 + port.count / 2_000_000)  # every flow gets its entry
                socket = f"{folder}/control.sock"
                with beside(socket) if beside else contextlib.nullcontext():
                    before, begin = forwarded(build, socket)
                    time.sleep(seconds)
                    after, end = forwarded(build, socket)
            finally:
                stop(process)
    return (after - before) / (end - begin)


def measure(build: str, count: int, rounds: int, seconds: float, flags: int = flows.ACK) -> list[tuple[float, float]]:
    """Packets per second of testpmd and of turnoutd, round by round."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit("two cores are needed: one for control, one for the worker")
    rates = []
    with tempfile.TemporaryDirectory() as folder:
        port = Port(folder, count, flags)
        want_hugepages(port.megabytes + 64)
        for number in range(1, rounds + 1):
            rates.append((testpmd_rate(port, cores[0], cores[-1:], seconds),
                          turnout_rate(build, port, cores[0], cores[-1:], seconds)))
            reference, ours = rates[-1]
            print(f"  {count:>9,} flows, round {number}: testpmd {reference / 1e6:6.2f} Mpps, turnoutd "
                  f"{ours / 1e6:6.2f} Mpps, ratio {ours / reference:.2f}", flush=True)
    return rates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", help="where turnoutd and turnoutctl are")
    parser.add_argument("--flows", type=int, action="append",
                        help="how many; may be given several times (65536, 1048576)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5, help="of measuring, for each program and round")
    parser.add_argument("--syn", action="store_true", help="every packet is a SYN")
    args = parser.parse_args()
    flags = flows.SYN if args.syn else flows.ACK
    for count in args.flows or [65536, 1 << 20]:
        rates = measure(args.build, count, args.rounds, args.seconds, flags)
        ratio = statistics.median(ours / reference for reference, ours in rates)
        print(f"{count:,} flows: turnoutd forwards {ratio:.2f} of what testpmd does (median of {args.rounds})")


if __name__ == "__main__":
    main()
