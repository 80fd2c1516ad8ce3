"""Workers that may pause or sleep forward as those that poll, and sleepers leave their CPU alone."""

import os
import time
from pathlib import Path

import pytest

from clients import ask_many
from director import lcores, service

TICKS = os.sysconf("SC_CLK_TCK")


def start(director, network, servers, idle: str, workers=1) -> None:
    config = director.config([service(network.VIP, servers, "rr")], lcores=lcores(workers))
    director.start({**config, "workers": {"idle": idle}})


def cpu_of_worker(pid: int) -> float:
    """Seconds of CPU that worker lcore 1 has used: utime and stime, fields 14 and 15 of its stat (proc(5))."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        stat = (task / "stat").read_text()
        if stat[: stat.rindex(")")].endswith("worker-1"):  # DPDK's name for it, whatever comes before
            fields = stat[stat.rindex(")") + 2 :].split()
            return (int(fields[11]) + int(fields[12])) / TICKS
    raise AssertionError("no thread of a worker lcore 1")


def cpu_of_idle_worker(director, seconds=2.0) -> float:
    """What worker 1 uses without packets."""
    pid = director.rpc("daemon.info")["pid"]
    before = cpu_of_worker(pid)
    time.sleep(seconds)
    return cpu_of_worker(pid) - before


@pytest.mark.parametrize("workers", [1, 0], ids=["own lcore", "one lcore for all"])
@pytest.mark.parametrize("idle", ["pause", "sleep"])
def test_everything_is_forwarded(network, director, servers, idle, workers):
    start(director, network, servers, idle, workers)
    assert director.rpc("worker.list")[0]["idle"] == idle
    assert ask_many(network.client, network.VIP, 30) == {"real1": 10, "real2": 10, "real3": 10}
    assert "5 received" in network.client.run("ping", "-c", "5", "-i", "0.2", "-W", "2", network.VIP).stdout
    assert director.http("/healthz")[0] == 200
    assert director.stats()["packets"]["dropped"] == 0


def test_a_worker_that_sleeps_uses_little_of_its_cpu(network, director, servers):
    """A third of what polling takes is generous, so that a machine with other things to do passes as well."""
    start(director, network, servers, "poll")
    polling = cpu_of_idle_worker(director)
    director.stop()
    start(director, network, servers, "sleep")
    sleeping = cpu_of_idle_worker(director)
    assert sleeping < polling / 3, f"{sleeping} seconds of CPU, {polling} of polling"
