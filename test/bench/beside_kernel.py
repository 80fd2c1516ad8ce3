#!/usr/bin/env python3
"""turnoutd beside what a kernel of today does by itself, between veth pairs: the same frames, cables, cores, in turns.

The kernel's part are rules of nftables in a device's ingress hook, laid out as nftlb does for DSR. turnoutd runs over
net_af_packet and net_af_xdp. A generator on the first core sends one 60-byte TCP frame of each of many flows, over and
over; what arrives at the real servers' MAC addresses is counted. Two arrangements, as a veth has no interrupt of its
own:

  sender    receiving is done by the core that sends, which is how a veth comes; only turnoutd's worker is on the other
  director  the director has one core for all of its work; receiving is a kernel thread there that comes before all
            others, as a NIC's interrupts do

Veth pairs are not what Turnout is deployed on. Only figures of one run can be compared.
"""

import argparse
import json
import os
import pathlib
import platform
import signal
import statistics
import sys
import tempfile

import flows
from kernel_directors import MEGABYTES, REFERENCE, candidates
from veth_lab import Lab, Played

ARRANGEMENTS = {"sender": False, "director": True}  # whether the director's core does the receiving
RATES = [100_000, 200_000, 300_000, 400_000, 600_000, 800_000, 1_000_000, 0]  # frames a second; 0: the most
SOME_LOSS = 0.01  # of the packets: a machine's other work costs as much now and then
LEAST_SHARE = 0.2  # of the packets, for each of three real servers
HUGEPAGES = pathlib.Path("/sys/kernel/mm/hugepages/hugepages-2048kB")


def want_hugepages() -> None:
    needed = MEGABYTES // 2
    free = int((HUGEPAGES / "free_hugepages").read_text())
    if free < needed:
        total = HUGEPAGES / "nr_hugepages"
        total.write_text(str(int(total.read_text()) + needed - free))
    if int((HUGEPAGES / "free_hugepages").read_text()) < needed:
        sys.exit(f"no {MEGABYTES} MiB of memory are free for hugepages")


def check_shares(name: str, played: Played, servers: int) -> None:
    """A figure counts only if the work was done: each real server has its part."""
    for share in played.shares[:servers]:
        if share < played.delivered * LEAST_SHARE:
            sys.exit(f"{name}: the real servers got {played.shares} packets, which is no balancing")


def describe(rate: int) -> str:
    return f"{rate / 1e6:g}" if rate else "the most"


def measure(lab: Lab, candidate, captures: dict[int, str], args: argparse.Namespace) -> list[dict]:
    results = []
    for count, capture in captures.items():
        lab.play(capture, min(0.5, args.seconds), 400_000)  # every flow gets its entry
        for rate in args.rates:
            played = lab.play(capture, args.seconds, rate)
            check_shares(candidate.name, played, candidate.servers)
            results.append({"candidate": candidate.name, "flows": count, "rate": rate, **vars(played)})
    return results


def run_rounds(args: argparse.Namespace, folder: str) -> list[dict]:
    captures = {count: f"{folder}/{count}.pcap" for count in args.flows}
    for count, path in captures.items():
        flows.write_capture(path, count)
    generator = f"{args.build}/test/bench/frame_generator"
    cores = sorted(os.sched_getaffinity(0))
    results = []
    for number in range(1, args.rounds + 1):
        for arrangement in args.arrangement:
            for candidate in candidates(args.build):
                with Lab(generator, cores) as lab, candidate.running(lab, ARRANGEMENTS[arrangement]):
                    measured = measure(lab, candidate, captures, args)
                results += [{"round": number, "arrangement": arrangement, **result} for result in measured]
                best = max(map(rate_of, measured))
                print(f"  round {number}, {arrangement}: {candidate.name}: up to {best:.2f} Mpps", flush=True)
    return results


def median_of(results: list[dict], value) -> float:
    return statistics.median(value(result) for result in results)


def rate_of(result: dict) -> float:
    """Million packets a second that arrived."""
    return result["delivered"] / result["seconds"] / 1e6


def lost_of(result: dict) -> float:
    """Share of what was sent; what is yet on its way when the counters are read may make it less than nothing."""
    return max(1 - result["delivered"] / max(result["sent"], 1), 0)


def cores_cells(results: list[dict]) -> list[str]:
    """How busy the cores were with the kernel's softirqs, and with the director's threads."""
    return [" + ".join(f"{median_of(results, lambda result: result[of][part]):.0%}" for part in (0, 1))
            for of in ("softirq", "cores_used")]  # fmt: skip


def best_of_rounds(results: list[dict]) -> list[float]:
    rounds = sorted({result["round"] for result in results})
    return [max(rate_of(result) for result in results if result["round"] == number) for number in rounds]


def row(name: str, own: list[dict], reference: list[dict], rates: list[int]) -> list[str]:
    by_rate = [[result for result in own if result["rate"] == rate] for rate in rates]
    cells = [f"{median_of(at, rate_of):.2f} ({median_of(at, lost_of):.1%})" for at in by_rate]
    kept = max((median_of(at, rate_of) for at in by_rate if median_of(at, lost_of) < SOME_LOSS), default=0)
    best = best_of_rounds(own)
    ratio = statistics.median(ours / theirs for ours, theirs in zip(best, best_of_rounds(reference)))
    return [name, *cells, f"{kept:.2f}", f"{statistics.median(best):.2f}", f"{ratio:.2f}", *cores_cells(by_rate[-1])]


def table(results: list[dict], rates: list[int]) -> str:
    """Of one arrangement and number of flows, in Markdown."""
    head = ["", *map(describe, rates), f"most with < {SOME_LOSS:.0%} lost", "best", "best ÷ hash's",
            "softirqs, core 0 + 1", "worker + receive thread"]  # fmt: skip
    rows = [head, ["---"] * len(head)]
    reference = [result for result in results if result["candidate"] == REFERENCE]
    for name in dict.fromkeys(result["candidate"] for result in results):
        rows.append(row(name, [result for result in results if result["candidate"] == name], reference, rates))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def report(results: list[dict], args: argparse.Namespace) -> None:
    for arrangement in args.arrangement:
        for count in args.flows:
            chosen = [result for result in results if (result["arrangement"], result["flows"]) == (arrangement, count)]
            print(f"\nReceiving is done by the {arrangement}'s core, {count:,} flows. Million packets a second: "
                  "offered above, what arrived (and what was lost) below, "
                  f"medians of {args.rounds}; cores at the last.\n")
            print(table(chosen, args.rates))


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build-bench", help="where turnoutd and the generator are")
    parser.add_argument("--flows", type=int, action="append", help="how many; may be given several times (1024, 65536)")
    parser.add_argument("--rate", dest="rates", type=int, action="append",
                        help="packets a second to offer, 0 being the most; may be given several times")
    parser.add_argument("--arrangement", choices=ARRANGEMENTS, action="append", help="only this one")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1, help="of each measurement")
    parser.add_argument("--quick", action="store_true", help="one short round, to see that all of it works")
    parser.add_argument("--json", metavar="FILE", help="where to write every single measurement")
    args = parser.parse_args()
    if args.quick:
        args.rounds, args.seconds = 1, 0.5
        args.flows, args.rates = args.flows or [1024], args.rates or [200_000, 0]
    args.flows = args.flows or [1024, 65536]
    args.rates = args.rates or RATES
    args.arrangement = args.arrangement or list(ARRANGEMENTS)
    args.build = os.path.abspath(args.build)
    return args


def main() -> None:
    args = options()
    if len(os.sched_getaffinity(0)) < 2:
        sys.exit("two cores are needed: one for the generator, one for the director")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the networks are removed
    want_hugepages()
    with tempfile.TemporaryDirectory() as folder:
        results = run_rounds(args, folder)
    report(results, args)
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps({"kernel": platform.release(), "results": results}, indent=1))


if __name__ == "__main__":
    main()
