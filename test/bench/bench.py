#!/usr/bin/env python3
"""Measures all that Turnout's speed is judged by, says what is reached, and keeps docs/performance.md true.

Parts: testpmd (turnoutd beside dpdk-testpmd's MAC forwarding, see beside_testpmd.py), workers (two of them beside
one), policies (turnoutd with filters, limits or a capture beside without), table (the connection table beside rte_hash),
pipeline (the forwarder in one process), control (scheduler tables and snapshots), latency (what a worker adds) and
instructions (valgrind's counts). Only ratios of one run mean something, and only on a machine with nothing else to do.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import beside_testpmd
import flows
import instructions
import machine
import policies
import report
import two_workers
from figures import Figures
from results import Results

PARTS = ["testpmd", "workers", "policies", "table", "pipeline", "control", "latency", "instructions"]
QUICK_TABLE = "/65536/"
QUICK_PIPELINE = "^parse|^match/1$|^established/.*/(1024|4096|65536)/|^burst|^pair/(new|ipv6/65536)/"


class Bench:
    def __init__(self, args: argparse.Namespace, folder: str):
        self.args, self.folder = args, folder
        self.parts = args.only or PARTS
        self.failed: list[str] = []
        self.machine = machine.describe(args.build)
        self.beside = self.run("testpmd", self.measure_beside, {})
        self.workers = self.run("workers", lambda: two_workers.measure(args.build, args.rounds, args.seconds), [])
        self.policies = self.run("policies", lambda: policies.measure(args.build, args.rounds, args.seconds))
        programs = {"table": self.measure_table, "pipeline": self.measure_pipeline, "control": self.measure_control}
        reports = [self.run(part, measure) for part, measure in programs.items()]
        self.results = Results([report for report in reports if report])
        self.latency = self.run("latency", self.measure_latency)
        self.instructions = self.run("instructions", lambda: instructions.measure(args.build, folder, args.quick))
        self.figures = Figures(self.results, self.beside, self.workers).rows
        self.failed += self.results.failed

    def run(self, part: str, measure, nothing=None):
        if part not in self.parts:
            return nothing
        print(f"{part}:", flush=True)
        begin = time.monotonic()
        try:
            found = measure()
        except (Exception, SystemExit) as error:
            self.failed.append(f"{part}: {error}")  # and what the other parts find is not lost
            return nothing
        print(f"  took {time.monotonic() - begin:.0f} s", flush=True)
        return found

    def measure_beside(self) -> dict[int, list[tuple[float, float]]]:
        args = self.args
        flags = flows.SYN if args.syn else flows.ACK
        counts = args.flows or ([65536] if args.quick else [65536, 1 << 20])
        return {count: beside_testpmd.measure(args.build, count, args.rounds, args.seconds, flags) for count in counts}

    def program(self, name: str, *options: str) -> dict:
        """Runs one of Google Benchmark's programs. What it measured."""
        out = pathlib.Path(self.folder, f"{name}.json")
        command = [f"{self.args.build}/test/bench/{name}", f"--benchmark_out={out}", *options]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{name} failed:\n{done.stderr[-2000:]}")
        for line in done.stderr.splitlines():  # the rest is Google Benchmark's, about the machine
            if line.startswith("warning:"):
                print(f"  {line}", flush=True)
        return json.loads(out.read_text())

    def rounds(self, quick_filter: str) -> list[str]:
        least = "0.05" if self.args.quick else "0.25"
        options = [f"--rounds={self.args.rounds}", f"--benchmark_min_time={least}"]
        return options + ([f"--benchmark_filter={quick_filter}"] if self.args.quick else [])

    def measure_table(self) -> dict:
        machine.want_hugepages(1600)
        return self.program("table_benchmark", *self.rounds(QUICK_TABLE))

    def measure_pipeline(self) -> dict:
        machine.want_hugepages(1100)
        return self.program("pipeline_benchmark", *self.rounds(QUICK_PIPELINE))

    def measure_control(self) -> dict:
        chosen = "/4093/|/1$" if self.args.quick else "."
        return self.program("build_benchmark", f"--benchmark_filter={chosen}")

    def measure_latency(self) -> dict | None:
        if len(os.sched_getaffinity(0)) < 2:
            print("  needs two cores: left out")
            return None
        machine.want_hugepages(300)
        out = pathlib.Path(self.folder, "latency.json")
        seconds = 1 if self.args.quick else 5
        subprocess.run([f"{self.args.build}/test/bench/latency", f"--seconds={seconds}", f"--json={out}"],
                       stdout=subprocess.DEVNULL, check=True)
        return json.loads(out.read_text())

    def texts(self) -> list[str]:
        parts = [report.figures_table(self.figures)] if self.figures else []
        if self.policies:
            parts.append(report.policies_table(self.policies))
        if self.latency:
            parts.append(report.latency_text(self.latency))
        if self.results.by_size("hit/turnout/"):
            parts.append(report.table_rates(self.results))
        if self.results.has("parse/ipv4"):
            parts += [report.established_table(self.results), report.rates_table(self.results)]
        if self.results.has("snapshot/1"):
            parts.append(report.control_table(self.results))
        if self.instructions:
            parts.append(report.instructions_table(self.instructions))
        return parts


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=PARTS, help="this part; may be given several times")
    parser.add_argument("--instructions", action="store_true",
                        help="only valgrind's counts, which need no idle machine")
    parser.add_argument("--quick", action="store_true", help="a rough look: small tables, one short round")
    parser.add_argument("--write", action="store_true", help="write the figures and plots into docs/")
    parser.add_argument("--docs", type=pathlib.Path, default=machine.ROOT / "docs",
                        help="or into this folder's performance.md")
    parser.add_argument("--build", default="build-bench", help="where turnoutd, turnoutctl and test/bench are")
    parser.add_argument("--rounds", type=int, help="of everything that is compared (3)")
    beside = parser.add_argument_group("testpmd, workers")
    beside.add_argument("--flows", type=int, action="append",
                        help="how many; may be given several times (65536, 1048576)")
    beside.add_argument("--seconds", type=float, help="of measuring, for each program and round (5)")
    beside.add_argument("--syn", action="store_true", help="every packet is a SYN")
    args = parser.parse_args()
    if args.instructions:
        args.only = ["instructions"]
    elif (args.flows or args.syn) and not args.only:
        args.only = ["testpmd"]
    if args.write and args.only:
        parser.error("--write needs every part: figures of different runs don't belong beside each other")
    if args.write and args.quick and args.docs == machine.ROOT / "docs":
        parser.error("--write keeps no rough figures; with --docs FOLDER it puts them elsewhere")
    args.rounds = args.rounds or (1 if args.quick else 3)
    args.seconds = args.seconds or (2 if args.quick else 5)
    return args


def main() -> None:
    args = read_arguments()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(args, folder)
    texts = bench.texts()
    print("\n" + "\n".join(texts))
    for failure in bench.failed:
        print(f"failed: {failure}", file=sys.stderr)
    if args.write and not bench.failed:
        drawn = report.plots(bench.results)
        report.write(args.docs, report.block(bench.machine, texts, drawn), drawn)
        print(f"written to {args.docs}")
    sys.exit(1 if bench.failed else 0)


if __name__ == "__main__":
    main()
