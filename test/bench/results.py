"""Results of Google Benchmark: what was measured in which round."""

import re
import statistics

NAME = re.compile(r"^(?P<name>.*?)(?:/(?:round|seed):(?P<round>\d+))?(?:/iterations:\d+)?(?:/manual_time)?$")


class Results:
    """Every figure that one program or several gave, by the benchmark's name without its round."""

    def __init__(self, reports: list[dict]):
        self.rounds: dict[str, list[dict]] = {}
        self.failed: list[str] = []
        for report in reports:
            for entry in report["benchmarks"]:
                self.add(entry)

    def add(self, entry: dict) -> None:
        name = NAME.match(entry["name"])["name"]
        if entry.get("error_occurred"):
            self.failed.append(f"{entry['name']}: {entry['error_message']}")
        else:
            self.rounds.setdefault(name, []).append(entry)

    def has(self, *names: str) -> bool:
        return all(name in self.rounds for name in names)

    def values(self, name: str, field: str = "items_per_second") -> list[float]:
        return [entry[field] for entry in self.rounds[name]]

    def median(self, name: str, field: str = "items_per_second") -> float:
        return statistics.median(self.values(name, field))

    def ratios(self, name: str, reference: str) -> list[float]:
        """Round by round, as each round's figures were measured near to each other in time."""
        return [ours / theirs for ours, theirs in zip(self.values(name), self.values(reference))]

    def seconds(self, name: str) -> float:
        units = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}
        return statistics.median(entry["cpu_time"] * units[entry["time_unit"]] for entry in self.rounds[name])

    def by_size(self, prefix: str) -> list[tuple[int, float]]:
        """(size, packets per second) of all benchmarks that are called so and then a number, by size."""
        sizes = [int(name.removeprefix(prefix)) for name in self.rounds if name.startswith(prefix)]
        return [(size, self.median(f"{prefix}{size}")) for size in sorted(sizes)]
