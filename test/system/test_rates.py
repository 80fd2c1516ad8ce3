"""Rates as LVS estimates them, and -Z: what is shown begins at 0 again, while /metrics goes on."""

import time

import pytest

from clients import Hammer, ask_many, get_over, open_connection
from director import key, service
from rpc import RpcError
from waiting import wait_for

NONE = {"connections": 0, "packets": 0, "bytes": 0}
COUNTERS = ("connections", "packets", "bytes")


def counters(of: dict) -> dict:
    return {name: of[name] for name in COUNTERS}


def come_to_rest(director) -> None:
    """Until the last packets of connections that ended have been counted."""

    def is_at_rest():
        before = director.stats()["packets"]["transmitted"]
        time.sleep(0.5)
        return director.stats()["packets"]["transmitted"] == before

    wait_for("the last packet", is_at_rest, 30)


def in_metrics(director, vip: str) -> list[float]:
    """What /metrics says that a VIP's service and its servers have counted, the service's connections first."""
    metrics = director.metrics()
    return [
        value
        for of in ("service", "server")
        for name in COUNTERS
        for labels, value in sorted(metrics[f"turnout_{of}_{name}_total"].items())
        if f'vip="{vip}"' in labels
    ]


def test_rates_rise_with_traffic_and_decay_after_it(network, director, servers):
    busy, idle = service(network.VIP, servers, "rr"), service(network.MORE_VIPS[0], servers)
    director.start(director.config([busy, idle]))
    before = director.stats()
    assert before["rates"] == NONE
    assert [row["rates"] for row in before["services"]] == [NONE, NONE]

    def all_have_rates():
        stats = director.service_stats(busy)
        return all(row["rates"][name] > 0 for row in [stats, *stats["servers"]] for name in COUNTERS) and stats

    with Hammer(network.client, network.VIP) as hammer:
        stats = wait_for("rates of the service and of all its servers", all_have_rates, 30)
        rates = stats["rates"]
        assert rates["bytes"] > 40 * rates["packets"] and rates["packets"] > 3 * rates["connections"], "SYN, ACK, GET, FIN"
        assert rates["connections"] <= stats["connections"], "it was seconds, not less"
        wait_for("a rate of all services", lambda: director.stats()["rates"]["packets"] > 0)
    assert not hammer.failures
    assert director.service_stats(idle)["rates"] == NONE

    assert str(director.service_stats(busy)["servers"][0]["rates"]["packets"]) in director.ctl("servers", "--rates").stdout
    peak = director.service_stats(busy)["rates"]["bytes"]
    wait_for("the rate sinking", lambda: director.service_stats(busy)["rates"]["bytes"] < peak / 4, 40)


def test_a_service_that_comes_again_begins_at_zero(network, director, servers):
    served = service(network.VIP, servers, "rr")
    director.start(director.config([served]))
    with Hammer(network.client, network.VIP):
        wait_for("a rate", lambda: director.service_stats(served)["rates"]["packets"] > 0, 30)
    come_to_rest(director)
    director.rpc("service.delete", key(served))
    director.rpc("service.add", served)
    stats = director.service_stats(served)
    assert [row["rates"] for row in [stats, *stats["servers"]]] == [NONE] * 4
    assert counters(stats) == NONE


def test_zero_begins_anew_and_metrics_go_on(network, director, servers):
    zeroed, other = service(network.VIP, servers, "rr"), service(network.MORE_VIPS[0], servers, "rr")
    director.start(director.config([zeroed, other]))
    ask_many(network.client, network.MORE_VIPS[0], 6)
    with open_connection(network.client, network.VIP) as connection:
        get_over(connection)
        ask_many(network.client, network.VIP, 29)
        wait_for("a rate", lambda: director.service_stats(zeroed)["rates"]["bytes"] > 0, 30)
        come_to_rest(director)
        metrics = in_metrics(director, network.VIP)
        active = director.service_stats(zeroed)["active_connections"]
        assert active > 0

        assert "tcp 192.0.2.100:80" in director.ctl("zero", "tcp", f"{network.VIP}:80").stdout
        stats = director.service_stats(zeroed)
        assert [counters(row) for row in [stats, *stats["servers"]]] == [NONE] * 4
        assert [row["rates"] for row in [stats, *stats["servers"]]] == [NONE] * 4
        assert stats["active_connections"] == active, "how many there are is no counter"
        assert director.service_stats(other)["connections"] == 6
        assert in_metrics(director, network.VIP) == metrics

        ask_many(network.client, network.VIP, 3)
        stats = director.service_stats(zeroed)
        assert stats["connections"] == 3
        assert [server["connections"] for server in stats["servers"]] == [1, 1, 1]
        assert in_metrics(director, network.VIP)[0] == metrics[0] + 3


def test_zero_without_a_service_is_of_all(network, director, servers):
    services = [service(vip, servers, "rr") for vip in (network.VIP, network.MORE_VIPS[0])]
    director.start(director.config(services))
    for one in services:
        ask_many(network.client, one["vip"], 3)
    wait_for("a rate of all services", lambda: director.stats()["rates"]["packets"] > 0, 30)
    come_to_rest(director)
    assert director.rpc("stats.zero") == {}
    stats = director.stats()
    assert stats["rates"] == NONE
    assert [counters(row) for row in stats["services"]] == [NONE, NONE]
    assert stats["connection_table"]["inserted"] >= 6, "only what is counted by service"


def test_zero_of_what_there_is_not(network, director, servers):
    director.start(director.config([service(network.VIP, servers)]))
    missing = {"vip": network.UNUSED, "protocol": "tcp", "port": 80}
    for params, code, pointer in [
        ({"service": missing}, -32000, "/service"),
        ({"service": {**missing, "port": "eighty"}}, -32602, "/service/port"),
        ({"server": "192.0.2.11"}, -32602, "/server"),
    ]:
        with pytest.raises(RpcError) as refused:
            director.rpc("stats.zero", params)
        assert refused.value.code == code
        assert pointer in refused.value.pointers()
