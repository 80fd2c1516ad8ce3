"""Instructions and cache misses per packet, as valgrind counts them: the same figures each time, on any machine that
runs the same binary. The caches that it simulates are small on purpose, so that a table of a million flows is larger.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

PACKETS = 65536
CACHES = ["--I1=32768,8,64", "--D1=32768,8,64", "--LL=4194304,16,64"]
RUNS = {
    "established, 65,536 flows": ("established", 65536),
    "established, 1,048,576 flows": ("established", 1 << 20),
    "established over IPv6, 65,536 flows": ("ipv6", 65536),
    "established, 10,000 services × 10 real servers, 1,048,576 flows": ("services", 1 << 20),
    "new connections": ("new", 65536),
    "new connections, table full of SYNs": ("full", 65536),
}
# RSS in software: a packet that its poller keeps, one that it hands over, one that another worker takes.
SPREAD_RUNS = {
    "RSS in software: kept": "kept",
    "RSS in software: handed over": "handed",
    "RSS in software: taken over": "taken",
}
STAGES = {
    "whole pipeline": "process",
    "parse": "parse",
    "match": "match_services",
    "find": "find_connections",
    "schedule": "schedule_new_connections",
    "fragments": "follow_fragments",
    "rewrite": "rewrite_and_sort",
}
EVENTS = ["Ir", "D1mr", "D1mw", "DLmr", "DLmw"]
NUMBER = r"\s*([\d,]+|\.)(?: \(\s*[\d.]+%\))?"
TOTALS = re.compile("^" + NUMBER * len(EVENTS) + r"\s+PROGRAM TOTALS")
LINE = re.compile("^" + NUMBER * len(EVENTS) + r"\s+\S*?:turnout::Forwarder::(\w+)\(")

# By stage, per packet: instructions, misses of L1, misses of the last level.
Costs = dict[str, tuple[float, float, float]]


def per_packet(numbers: tuple[str, ...]) -> tuple[float, float, float]:
    """From what callgrind_annotate prints, where a dot stands for none."""
    instructions, *misses = [0 if number == "." else int(number.replace(",", "")) / PACKETS for number in numbers]
    return instructions, sum(misses[:2]), sum(misses[2:])


def counted(text: str) -> Costs:
    """From what callgrind_annotate prints. A stage that the compiler has put into its caller is missing."""
    functions = {}
    for line in text.splitlines():
        found = LINE.match(line)
        if found:
            functions.setdefault(found.groups()[-1], per_packet(found.groups()[:-1]))
    return {stage: functions[function] for stage, function in STAGES.items() if function in functions}


def counted_in_all(text: str) -> Costs:
    """The same of all that was counted."""
    found = next(found for line in text.splitlines() if (found := TOTALS.match(line)))
    return {"whole pipeline": per_packet(found.groups())}


def count(build: str, folder: str, program: str, what: str, flows: int) -> str:
    """What callgrind_annotate prints."""
    profile = str(pathlib.Path(folder, f"callgrind.{what}.{flows}"))
    program = [f"{build}/test/bench/{program}", what, str(flows), str(PACKETS)]
    done = subprocess.run(["valgrind", "--tool=callgrind", "--cache-sim=yes", *CACHES, "--collect-atstart=no",
                           "--toggle-collect=turnout_counted_part", f"--callgrind-out-file={profile}", *program],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"valgrind could not run {' '.join(program)}:\n{done.stderr[-2000:]}")
    return subprocess.run(["callgrind_annotate", "--inclusive=yes", "--tree=none", "--threshold=100",
                           f"--show={','.join(EVENTS)}", profile], capture_output=True, text=True, check=True,
                          env={**os.environ, "LC_ALL": "C"}).stdout


def measure(build: str, folder: str, quick: bool) -> dict[str, Costs]:
    if not shutil.which("valgrind"):
        sys.exit("valgrind is missing; run: sudo scripts/setup-host --bench")
    runs = dict(list(RUNS.items())[:1]) if quick else RUNS
    results = {}
    for title, (what, flows) in runs.items():
        print(f"  {title}", flush=True)
        results[title] = counted(count(build, folder, "pipeline_once", what, flows))
    for title, what in ({} if quick else SPREAD_RUNS).items():
        print(f"  {title}", flush=True)
        results[title] = counted_in_all(count(build, folder, "spread_once", what, 4096))
    return results
