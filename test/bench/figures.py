"""The figures that speed is judged by: what each is, what it must reach, and what it should."""

import dataclasses
import statistics

from results import Results

SIZES = {65536: "64 k", 1 << 20: "1 M", 10_000_000: "10 M"}


@dataclasses.dataclass
class Figure:
    what: str
    value: float
    must: float
    aim: float
    unit: str = "×"
    lower_is_better: bool = False
    detail: str = ""  # what the value was made of

    def reaches(self, wanted: float) -> bool:
        return self.value <= wanted if self.lower_is_better else self.value >= wanted

    @property
    def verdict(self) -> str:
        if self.aim and self.reaches(self.aim):
            return "aim met"
        return "met" if self.reaches(self.must) else "short"


def list_of(values: list[float], digits: int = 2) -> str:
    return ", ".join(f"{value:.{digits}f}" for value in values)


def millions(value: float) -> str:
    return f"{value / 1e6:.1f}"


class Figures:
    """Rows for what was measured; what was not gives none."""

    def __init__(self, results: Results, beside: dict[int, list[tuple[float, float]]],
                 workers: list[tuple[float, float, float]]):
        self.results = results
        self.rows: list[Figure] = []
        self.add_beside_testpmd(beside)
        if workers:
            self.add_workers(workers)
        self.add_table()
        self.add_pipeline()
        self.add_control()

    def add_ratio(self, what: str, ours: str, reference: str, must: float, aim: float) -> None:
        if not self.results.has(ours, reference):
            return
        ratios = self.results.ratios(ours, reference)
        detail = (f"{millions(self.results.median(ours))} of {millions(self.results.median(reference))} M/s; "
                  f"rounds {list_of(ratios)}")
        self.rows.append(Figure(what, statistics.median(ratios), must, aim, detail=detail))

    def add_pair(self, what: str, name: str, must: float, aim: float) -> None:
        """Of two kinds of traffic that were measured in turns."""
        if not self.results.has(name):
            return
        rate, reference = (millions(self.results.median(name, field)) for field in ("rate", "reference"))
        ratios = self.results.values(name, "ratio")
        self.rows.append(Figure(what, statistics.median(ratios), must, aim,
                                detail=f"{rate} of {reference} M/s; rounds {list_of(ratios)}"))

    def add_beside_testpmd(self, beside: dict[int, list[tuple[float, float]]]) -> None:
        for count, rates in beside.items():
            ratios = [ours / reference for reference, ours in rates]
            medians = [statistics.median(column) for column in zip(*rates)]
            detail = f"{millions(medians[1])} of {millions(medians[0])} Mpps; rounds {list_of(ratios)}"
            self.rows.append(Figure(f"turnoutd beside testpmd, {count:,} established flows", statistics.median(ratios),
                                    0.60, 0.75, detail=detail))

    def add_workers(self, rounds: list[tuple[float, float, float]]) -> None:
        ratios = [two / one for one, two, _ in rounds]
        one, two, gain = (statistics.median(column) for column in zip(*rounds))
        detail = f"{millions(two)} of {millions(one)} Mpps; rounds {list_of(ratios)}; testpmd gains {gain:.2f}"
        self.rows.append(Figure("two workers beside one, 65,536 flows each", statistics.median(ratios), 1.8, 0,
                                detail=detail))

    def add_table(self) -> None:
        for entries, size in SIZES.items():
            self.add_ratio(f"table alone, hits, {size} entries, beside rte_hash", f"hit/turnout/{entries}",
                           f"hit/rte_hash/{entries}", 1.0, 1.5)
        for entries, size in SIZES.items():
            self.add_ratio(f"table alone, insertions, {size} entries, beside rte_hash", f"insert/turnout/{entries}",
                           f"insert/rte_hash/{entries}", 1.2, 2.0)
        self.add_memory()
        self.add_occupancy()

    def add_memory(self) -> None:
        ours, theirs = "memory/turnout/1048576", "memory/rte_hash/1048576"
        if self.results.has(ours, theirs):
            detail = f"rte_hash: {self.results.median(theirs, 'bytes_per_entry'):.1f}"
            self.rows.append(Figure("memory per IPv4 connection, table 85 % full",
                                    self.results.median(ours, "bytes_per_entry"), 20, 19, "bytes", True, detail))

    def add_occupancy(self) -> None:
        name = "occupancy/turnout/1048576"
        if self.results.has(name):
            shares = self.results.values(name, "occupancy")
            detail = f"least of {len(shares)} seeds; mean {statistics.mean(shares):.3f}"
            self.rows.append(Figure("occupancy at the first refusal, random keys", min(shares), 0.85, 0.95, "",
                                    detail=detail))

    def add_pipeline(self) -> None:
        self.add_pair("pipeline, 10 M flows beside 64 k", "pair/most_flows", 0.7, 0.85)
        self.add_pair("pipeline, every packet a new connection, beside established", "pair/new", 0.35, 0.5)
        self.add_pair("the same, table full of SYNs: eviction", "pair/full_of_syns", 0.3, 0.45)
        self.add_pair("the same, table full of established: stateless", "pair/full_of_established", 0.3, 0.45)
        self.add_pair("10,000 services × 10 real servers beside one service", "pair/services", 0.85, 0.95)
        for entries in (65536, 1 << 20):
            self.add_pair(f"IPv6 beside IPv4, {SIZES[entries]} flows", f"pair/ipv6/{entries}", 0.85, 0.95)

    def add_control(self) -> None:
        rows = [("snapshot of 10,000 services × 10 real servers", "snapshot/10000", 2, 1, "s"),
                ("the same with one weight changed", "snapshot_with_another_weight/10000", 5, 1000, "ms")]
        for what, name, most, scale, unit in rows:
            if self.results.has(name):
                self.rows.append(Figure(what, self.results.seconds(name) * scale, most, 0, unit, True))
