"""What packets pay for what they are asked beside their connection: the rate of established flows with each of these
configured beside the rate without, in turns in one run, as beside_testpmd.py measures it.
"""

import contextlib
import functools
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

import flows
from beside_testpmd import Port, stop, turnout_rate
from machine import want_hugepages

FLOWS = 65536
PREFIXES = 100_000  # in a deny list; no client of the capture is in one
PLENTY = 1_000_000_000  # packets a second: none is dropped …
MANY = 1_000_000  # … nor a connection


def write_prefixes(path: pathlib.Path) -> None:
    """Of lengths as blocklists have them: some networks, mostly single addresses."""
    chosen, made = random.Random(1), set()
    while len(made) < PREFIXES:
        length = chosen.choice([32] * 6 + [24] * 3 + list(range(17, 32)))
        address = (11 << 24 | chosen.getrandbits(24)) >> (32 - length) << (32 - length)
        made.add(f"{'.'.join(str(octet) for octet in address.to_bytes(4, 'big'))}/{length}")
    path.write_text("\n".join(sorted(made)))


def filter_by(prefixes: pathlib.Path, *places: str):
    def change(config: dict) -> None:
        lists = [{"name": "bad", "action": "deny", "file": str(prefixes)}]
        config["filters"] = [{"name": "edge", "default": "allow", "lists": lists}]
        if "vip" in places:
            config["vips"] = [{"address": "10.255.0.1", "filter": "edge"}]
        if "service" in places:
            config["services"][0]["filter"] = "edge"
    return change


def limit(**limits):
    return lambda config: config["services"][0].update(limits=limits)


CONNECTIONS = {"connections_per_second": MANY, "client_prefix": {"connections_per_second": MANY},
               "client": {"connections_per_second": MANY, "connections": MANY}}


def changes(prefixes: pathlib.Path) -> dict:
    """What each makes of a configuration."""
    return {
        f"a filter of the VIP, {PREFIXES:,} prefixes": filter_by(prefixes, "vip"),
        "the same filter of the VIP and of the service": filter_by(prefixes, "vip", "service"),
        "a limit of packets": limit(packets_per_second=PLENTY),
        "limits of connections": limit(**CONNECTIONS),
    }


def another_service(config: dict) -> None:
    """That nobody sends to."""
    config["services"].append(dict(config["services"][0], port=flows.PORT + 1))


# What each adds to a configuration, and its filter: all get nothing.
CAPTURES = {
    "a capture that waits for packets of another client": (None, "client=192.0.2.1"),
    "a capture that waits for packets of another service": (another_service,
                                                            f"service=tcp/10.255.0.1:{flows.PORT + 1}"),
}


@contextlib.contextmanager
def capturing(build: str, socket: str, wanted: str):
    command = [f"{build}/turnoutctl", "--socket", socket, "capture", os.devnull, "--filter", wanted]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
            if process.poll() is not None:
                sys.exit("the capture ended before its time")
        finally:
            stop(process)


def measure(build: str, rounds: int, seconds: float) -> dict[str, list[tuple[float, float]]]:
    """Packets per second without and with each, round by round, each beside what came to without it just before."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit("two cores are needed: one for control, one for the worker")
    rates: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        prefixes = pathlib.Path(folder, "prefixes.txt")
        write_prefixes(prefixes)
        port = Port(folder, FLOWS, flows.ACK)
        want_hugepages(port.megabytes + 64)

        def rate(change=None, beside=None) -> float:
            return turnout_rate(build, port, cores[0], cores[-1:], seconds, change, beside)

        for number in range(1, rounds + 1):
            for what, change in changes(prefixes).items():
                rates.setdefault(what, []).append((rate(), rate(change)))
                tell(number, what, *rates[what][-1])
            for what, (change, wanted) in CAPTURES.items():
                beside = functools.partial(capturing, build, wanted=wanted)
                rates.setdefault(what, []).append((rate(), rate(change, beside)))
                tell(number, what, *rates[what][-1])
    return rates


def tell(number: int, what: str, without: float, rate: float) -> None:
    print(f"  round {number}: {what}: {without / 1e6:.2f} Mpps without, {rate / 1e6:.2f} Mpps with, ratio "
          f"{rate / without:.2f}", flush=True)


def rows(rates: dict[str, list[tuple[float, float]]]) -> list[list[str]]:
    """What, the median of the ratios, all of them, and the median rates."""
    found = []
    for what, pairs in rates.items():
        ratios = [rate / without for without, rate in pairs]
        without, rate = (statistics.median(column) for column in zip(*pairs))
        found.append([what, f"{statistics.median(ratios):.2f}", ", ".join(f"{ratio:.2f}" for ratio in ratios),
                      f"{rate / 1e6:.1f} of {without / 1e6:.1f} Mpps"])
    return found
