"""Two workers on two queues: what they count and remember is of both together."""

import pytest

from clients import Held, who_answers
from director import af_packet, lcores, service
from scheduling import expected_in_order, limited, weighted


@pytest.fixture
def start(director):
    """Starts it with two workers. At the end, each has had packets."""

    def begin(*services: dict) -> None:
        config = director.config(
            [{**each, "health": {"type": "none"}} for each in services],
            lcores=lcores(2), devices=[af_packet(0, "dir0", ",qpairs=2")],
        )  # fmt: skip
        config["ports"][0]["rx_queues"] = 2
        director.start(config)

    yield begin
    packets = [worker["packets"] for worker in director.stats()["workers"]]
    assert len(packets) == 2 and min(packets) > 0


def test_loads_and_thresholds(network, start, servers):
    least = service(network.VIP, weighted(servers, 1, 2, 3), "wlc")
    full = limited(service(network.MORE_VIPS[0], servers[:2], "rr"), (3, 0), (5, 0))
    start(least, full)
    with Held(network.client, least["vip"]) as held, Held(network.client, full["vip"]) as limits:
        assert held.add(24) == expected_in_order("wlc", (1, 2, 3), 24)
        limits.add(8)
        assert limits.count() == {"real1": 3, "real2": 5}


def test_persistence(network, start, servers):
    start({**service(network.VIP, servers, "rr"), "persistence": 3600})
    assert len({who_answers(network.client, network.VIP) for _ in range(40)}) == 1
