"""scripts/bench: what becomes of measured figures. Which are compared, what is reached, and what is kept in the docs."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "bench"))
import report
from figures import Figure, Figures
from results import Results

MILLION = 1e6


def entry(name: str, **fields) -> dict:
    return {"name": name, "time_unit": "ms", "cpu_time": 1.0, **fields}


def rounds(name: str, *rates: float) -> list[dict]:
    return [entry(f"{name}/round:{number}/iterations:7/manual_time", items_per_second=rate * MILLION)
            for number, rate in enumerate(rates)]


def pair(name: str, *rates: tuple[float, float]) -> list[dict]:
    return [entry(f"pair/{name}/round:{number}", rate=ours * MILLION, reference=theirs * MILLION, ratio=ours / theirs)
            for number, (ours, theirs) in enumerate(rates)]


def rows(*entries: list[dict], beside=None, workers=None) -> dict[str, Figure]:
    results = Results([{"benchmarks": list(each)} for each in entries])
    found = Figures(results, beside or {}, workers or []).rows
    assert len({row.what for row in found}) == len(found), "two rows of one name"
    return {row.what: row for row in found}


def everything() -> dict[str, Figure]:
    entries = []
    for size in (65536, 1 << 20, 10_000_000):
        for what in ("hit", "insert"):
            entries += [rounds(f"{what}/turnout/{size}", 3), rounds(f"{what}/rte_hash/{size}", 2)]
    entries.append([entry("memory/turnout/1048576", bytes_per_entry=18.8),
                    entry("memory/rte_hash/1048576", bytes_per_entry=51.2),
                    entry("occupancy/turnout/1048576/seed:1", occupancy=0.95),
                    entry("occupancy/turnout/1048576/seed:2", occupancy=0.94)])
    for name in ("most_flows", "new", "full_of_syns", "full_of_established", "services", "ipv6/65536", "ipv6/1048576"):
        entries.append(pair(name, (8, 10)))
    entries.append([entry("snapshot/10000", cpu_time=846.0), entry("snapshot_with_another_weight/10000", cpu_time=0.857)])
    return rows(*entries, beside={65536: [(20 * MILLION, 13 * MILLION)], 1 << 20: [(20 * MILLION, 11 * MILLION)]},
                workers=[(10 * MILLION, 19 * MILLION, 1.9)])


def test_each_thing_that_has_a_bound_is_a_row():
    bounds = {row.what: (row.must, row.aim) for row in everything().values()}
    assert list(bounds.items()) == [
        ("turnoutd beside testpmd, 65,536 established flows", (0.6, 0.75)),
        ("turnoutd beside testpmd, 1,048,576 established flows", (0.6, 0.75)),
        ("two workers beside one, 65,536 flows each", (1.8, 0)),
        ("table alone, hits, 64 k entries, beside rte_hash", (1, 1.5)),
        ("table alone, hits, 1 M entries, beside rte_hash", (1, 1.5)),
        ("table alone, hits, 10 M entries, beside rte_hash", (1, 1.5)),
        ("table alone, insertions, 64 k entries, beside rte_hash", (1.2, 2)),
        ("table alone, insertions, 1 M entries, beside rte_hash", (1.2, 2)),
        ("table alone, insertions, 10 M entries, beside rte_hash", (1.2, 2)),
        ("memory per IPv4 connection, table 85 % full", (20, 19)),
        ("occupancy at the first refusal, random keys", (0.85, 0.95)),
        ("pipeline, 10 M flows beside 64 k", (0.7, 0.85)),
        ("pipeline, every packet a new connection, beside established", (0.35, 0.5)),
        ("the same, table full of SYNs: eviction", (0.3, 0.45)),
        ("the same, table full of established: stateless", (0.3, 0.45)),
        ("10,000 services × 10 real servers beside one service", (0.85, 0.95)),
        ("IPv6 beside IPv4, 64 k flows", (0.85, 0.95)),
        ("IPv6 beside IPv4, 1 M flows", (0.85, 0.95)),
        ("snapshot of 10,000 services × 10 real servers", (2, 0)),
        ("the same with one weight changed", (5, 0)),
    ]


def test_what_was_not_measured_is_no_row():
    assert not rows()
    assert not rows(rounds("hit/turnout/65536", 3)), "and half of a comparison is none"


def test_ratios_are_those_of_each_round_and_the_median_counts():
    row = rows(rounds("hit/turnout/65536", 10, 60, 30), rounds("hit/rte_hash/65536", 10, 20, 20))[
        "table alone, hits, 64 k entries, beside rte_hash"]
    assert row.value == 1.5
    assert row.detail == "30.0 of 20.0 M/s; rounds 1.00, 3.00, 1.50"


def test_what_was_measured_in_turns_has_its_own_ratios():
    row = rows(pair("services", (6, 10), (9, 10), (8, 10)))["10,000 services × 10 real servers beside one service"]
    assert (row.value, row.verdict) == (0.8, "short")
    assert row.detail == "8.0 of 10.0 M/s; rounds 0.60, 0.90, 0.80"


def test_turnoutd_is_beside_testpmd_and_not_the_other_way_round():
    row = rows(beside={65536: [(20 * MILLION, 13 * MILLION)]})["turnoutd beside testpmd, 65,536 established flows"]
    assert (row.value, row.detail) == (0.65, "13.0 of 20.0 Mpps; rounds 0.65")


def test_of_the_seeds_the_worst_counts():
    assert everything()["occupancy at the first refusal, random keys"].value == 0.94


@pytest.mark.parametrize("value, lower_is_better, verdict", [
    (0.5999, False, "short"), (0.6, False, "met"), (0.7499, False, "met"), (0.75, False, "aim met"),
    (0.5999, True, "met"), (0.6, True, "met"), (0.6001, True, "short"),
])
def test_a_bound_is_reached_or_it_is_not(value, lower_is_better, verdict):
    aim = 0.5 if lower_is_better else 0.75
    assert Figure("what", value, 0.6, aim, lower_is_better=lower_is_better).verdict == verdict


def test_a_figure_without_an_aim_is_met_at_the_best():
    assert everything()["two workers beside one, 65,536 flows each"].verdict == "met"


def test_times_are_told_in_their_units():
    shown = report.figures_table(list(everything().values()))
    assert "| snapshot of 10,000 services × 10 real servers | 0.85 s | ≤ 2 |  | met |" in shown
    assert "| the same with one weight changed | 0.86 ms | ≤ 5 |  | met |" in shown


def test_a_benchmark_that_failed_is_told_of_and_gives_no_figure():
    failed = entry("pair/new/round:0", error_occurred=True, error_message="no memory")
    results = Results([{"benchmarks": [failed]}])
    assert results.failed == ["pair/new/round:0: no memory"]
    assert not results.has("pair/new")


def test_only_what_stands_between_the_marks_is_replaced(tmp_path):
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    report.write(tmp_path, report.block({"processor": "some"}, ["new\n"], {}), {"rate.svg": "<svg/>"})
    text = page.read_text()
    assert text.startswith("before\n" + report.BEGIN) and text.endswith(report.END + "\nafter\n")
    assert "new" in text and "old" not in text
    assert (tmp_path / "rate.svg").read_text() == "<svg/>"


def test_a_page_without_marks_is_left_alone(tmp_path):
    page = tmp_path / "performance.md"
    page.write_text("mine\n")
    with pytest.raises(SystemExit, match="has no place for the figures"):
        report.write(tmp_path, "new", {"rate.svg": "<svg/>"})
    assert page.read_text() == "mine\n"
    assert not (tmp_path / "rate.svg").exists()
