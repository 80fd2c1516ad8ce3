"""Plain models of the schedulers that go by load, and services for them."""

from fractions import Fraction

RANKS = {
    "lc": lambda active, _weight: Fraction(active),
    "wlc": lambda active, weight: Fraction(active, weight),
    "sed": lambda active, weight: Fraction(active + 1, weight),
    "nq": lambda active, weight: Fraction(active + 1, weight) if active else Fraction(0),
}


def expected_in_order(scheduler: str, weights: tuple[int, ...], count: int) -> list[str]:
    """By its definition, while all connections stay open; of equals the first."""
    active = [0] * len(weights)
    names = []
    for _ in range(count):
        chosen = min(range(len(weights)), key=lambda server: RANKS[scheduler](active[server], weights[server]))
        active[chosen] += 1
        names.append(f"real{chosen + 1}")
    return names


def weighted(servers: list[str], *weights: int) -> list[tuple[str, int]]:
    return list(zip(servers, weights))


def limited(of: dict, *limits: tuple[int, int]) -> dict:
    """A service with upper and lower thresholds, in the order of its servers."""
    for server, (upper, lower) in zip(of["real_servers"], limits):
        server.update(upper_threshold=upper, lower_threshold=lower)
    return of
