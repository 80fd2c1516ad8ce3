"""What was measured, as Markdown: for the terminal and for docs/performance.md."""

import os
import pathlib
import sys

import plot
import policies
from figures import Figure
from instructions import Costs
from machine import ROOT
from results import Results

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def number(value: float, figure: Figure) -> str:
    digits = 3 if figure.unit == "" else 2 if abs(value) < 10 else 1
    return f"{value:.{digits}f}" + (f" {figure.unit}" if figure.unit not in ("", "×") else "")


def goal(value: float, figure: Figure) -> str:
    return f"{'≤' if figure.lower_is_better else '≥'} {value:g}" if value else ""


def figures_table(rows: list[Figure]) -> str:
    return table(["what", "figure", "must", "aim", "verdict", "of which"],
                 [[row.what, number(row.value, row), goal(row.must, row), goal(row.aim, row), row.verdict, row.detail]
                  for row in rows])


def rates_table(results: Results) -> str:
    names = {"parse/ipv4": "parse IPv4 alone", "parse/ipv6": "parse IPv6 alone",
             "match/1": "find the service alone, of 1", "match/100": "of 100", "match/10000": "of 10,000"}
    rows = [[what, f"{results.median(name) / 1e6:.1f}"] for name, what in names.items() if results.has(name)]
    return table(["in one process, on one core", "million packets a second"], rows)


def table_rates(results: Results) -> str:
    """Of the connection table alone, beside rte_hash."""
    rows = []
    for what in ("hit", "miss", "insert", "evict", "refuse"):
        for entries, _ in results.by_size(f"{what}/turnout/"):
            rates = [f"{results.median(name) / 1e6:.1f}" if results.has(name) else ""
                     for name in (f"{what}/turnout/{entries}", f"{what}/rte_hash/{entries}")]
            rows.append([what, f"{entries:,}", *rates])
    return table(["table alone", "entries", "Turnout, M/s", "rte_hash, M/s"], rows)


def established_table(results: Results) -> str:
    rows = []
    for flows, rate in results.by_size("established/ipv4/"):
        name = f"established/ipv6/{flows}"
        ipv6 = f"{results.median(name) / 1e6:.1f}" if results.has(name) else ""
        rows.append([f"{flows:,}", f"{rate / 1e6:.1f}", ipv6])
    return table(["established flows, in one process, on one core", "IPv4, M/s", "IPv6, M/s"], rows)


def policies_table(rates: dict[str, list[tuple[float, float]]]) -> str:
    return table(["65,536 established flows, with", "of the rate without", "rounds", "of which"], policies.rows(rates))


def control_table(results: Results) -> str:
    names = [name for name in results.rounds if name.startswith(("maglev/", "snapshot"))]
    rows = [[name, f"{results.seconds(name) * 1e3:.3g}"] for name in names]
    return table(["built by control", "ms"], rows)


def latency_text(latency: dict) -> str:
    percentiles = ", ".join(f"{name} {latency[key] / 1e3:.1f} µs"
                            for name, key in (("p50", "p50_ns"), ("p99", "p99_ns"), ("p99.9", "p999_ns")))
    head = (f"Latency inside at {latency['load']:.0%} of {latency['highest_packets_per_second'] / 1e6:.1f} Mpps, in "
            f"bursts of {latency['burst']}, two busy threads on two cores: {percentiles}.\n\n")
    filled = [bucket for bucket in latency["histogram"] if bucket["packets"]]
    rows = [[f"{bucket['from_ns'] / 1e3:.1f} … {bucket['below_ns'] / 1e3:.1f}",
             f"{bucket['packets'] / latency['packets']:.4%}"] for bucket in filled]
    return head + table(["µs", "of packets"], rows)


def instructions_table(runs: dict[str, Costs]) -> str:
    rows = []
    for title, costs in runs.items():
        for stage, (instructions, first, last) in costs.items():
            first_column = title if stage == "whole pipeline" else ""
            rows.append([first_column, stage, f"{instructions:.1f}", f"{first:.2f}", f"{last:.2f}"])
    return table(["packets", "stage", "instructions", "L1 misses", "last-level misses"], rows)


def plots(results: Results) -> dict[str, str]:
    """File names and what is in them."""
    drawn = {}
    flows = [plot.Series(name, [(x, y / 1e6) for x, y in results.by_size(f"established/{key}/")])
             for name, key in (("IPv4", "ipv4"), ("IPv6", "ipv6"))]
    flows = [series for series in flows if len(series.points) > 1]
    rate = "million packets a second"
    if flows:
        drawn["rate-by-flows.svg"] = plot.Plot("Established flows, one core, in one process",
                                               "flows in the table, all equally often", rate, flows).svg()
    bursts = [(x, y / 1e6) for x, y in results.by_size("burst/")]
    if bursts:
        drawn["rate-by-burst.svg"] = plot.Plot("65,536 established flows, one core, in one process",
                                               "packets in a burst", rate, [plot.Series("IPv4", bursts)]).svg()
    return drawn


def block(machine: dict[str, str], parts: list[str], drawn: dict[str, str]) -> str:
    images = "\n".join(f"![{name.removesuffix('.svg').replace('-', ' ')}]({name})" for name in drawn)
    named = table(["measured on", ""], [[name, value] for name, value in machine.items()])
    return "\n".join([BEGIN, "", named, *parts, images, "", END])


def write(folder: pathlib.Path, text: str, drawn: dict[str, str]) -> None:
    """Replaces what stands between the marks, and the plots."""
    page = folder / "performance.md"
    before, found, rest = page.read_text().partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not found or not ended:
        sys.exit(f"{page} has no place for the figures: the lines {BEGIN} and {END}")
    files = {page: before + text + after, **{folder / name: content for name, content in drawn.items()}}
    owner = ROOT.stat()
    for path, content in files.items():
        path.write_text(content)
        os.chown(path, owner.st_uid, owner.st_gid)
