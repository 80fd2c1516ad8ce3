"""Workers that may pause or sleep forward as those that poll, and sleepers leave their CPU alone."""

import os
import re
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from clients import ask_many
from director import lcores, service

TICKS = os.sysconf("SC_CLK_TCK")


def start(director, network, servers, idle: str, workers=1) -> None:
    config = director.config([service(network.VIP, servers, "rr")], lcores=lcores(workers))
    director.start({**config, "workers": {"idle": idle}})


class Use(NamedTuple):
    """What a thread has had of its CPU."""

    cpu: float  # seconds
    given_up: int  # times that it gave it up of its own accord

    def __sub__(self, before: "Use") -> "Use":
        return Use(self.cpu - before.cpu, self.given_up - before.given_up)


def use_of_worker(pid: int) -> Use:
    """Of worker lcore 1: utime and stime, fields 14 and 15 of its stat, and a line of its status (proc(5))."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        stat = (task / "stat").read_text()
        if stat[: stat.rindex(")")].endswith("worker-1"):  # DPDK's name for it, whatever comes before
            fields = stat[stat.rindex(")") + 2 :].split()
            given_up = re.search(r"^voluntary_ctxt_switches:\s*(\d+)", (task / "status").read_text(), re.M)
            return Use((int(fields[11]) + int(fields[12])) / TICKS, int(given_up[1]))
    raise AssertionError("no thread of a worker lcore 1")


def use_of_idle_worker(director, seconds=2.0) -> Use:
    """What worker 1 uses without packets."""
    pid = director.rpc("daemon.info")["pid"]
    before = use_of_worker(pid)
    time.sleep(seconds)
    return use_of_worker(pid) - before


@pytest.mark.parametrize("workers", [1, 0], ids=["own lcore", "one lcore for all"])
@pytest.mark.parametrize("idle", ["pause", "sleep"])
def test_everything_is_forwarded(network, director, servers, idle, workers):
    start(director, network, servers, idle, workers)
    assert director.rpc("worker.list")[0]["idle"] == idle
    assert ask_many(network.client, network.VIP, 30) == {"real1": 10, "real2": 10, "real3": 10}
    assert "5 received" in network.client.run("ping", "-c", "5", "-i", "0.2", "-W", "2", network.VIP).stdout
    assert director.http("/healthz")[0] == 200
    assert director.stats()["packets"]["dropped"] == 0


def test_a_worker_that_sleeps_gives_its_cpu_up(network, director, servers):
    """How much that saves hangs on what else the machine has to do; that it is less than polling takes does not."""
    start(director, network, servers, "poll")
    polling = use_of_idle_worker(director)
    director.stop()
    start(director, network, servers, "sleep")
    sleeping = use_of_idle_worker(director)
    assert sleeping.given_up > 100 > polling.given_up, f"sleeping {sleeping}, polling {polling}"
    assert sleeping.cpu < polling.cpu, f"sleeping {sleeping}, polling {polling}"
