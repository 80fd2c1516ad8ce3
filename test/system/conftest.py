"""Fixtures of the system tests: networks of namespaces, and a turnoutd in them."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from director import DUAL_PORT, TURNOUTCTL, TURNOUTD, Director, key
from network import DualLan, Host, Lan, Network
from waiting import wait_for


def pytest_sessionstart() -> None:
    if os.geteuid() != 0:
        pytest.exit("the system tests make network namespaces, which needs root; run them with sudo", 3)
    for program in (TURNOUTD, TURNOUTCTL):
        if not program.exists():
            pytest.exit(f"{program} is missing; build first: meson compile -C {program.parent}", 3)


@pytest.fixture(scope="module")
def network() -> Iterator[Lan]:
    """The network of a module's tests. A test that changes it changes it back."""
    lan = Lan()
    yield lan
    lan.remove()


@pytest.fixture(scope="module")
def dual_network() -> Iterator[DualLan]:
    """Where everybody speaks IPv6 as well."""
    lan = DualLan()
    yield lan
    lan.remove()


@pytest.fixture
def dual_director(dual_network: DualLan, tmp_path: Path) -> Iterator[Director]:
    made = Director(dual_network.director, tmp_path)
    yield made
    made.finish()


@pytest.fixture(params=["IPv4", "IPv6"])
def lan(request, dual_network: DualLan) -> tuple[str, list[str]]:
    """The VIP and the servers' addresses, in one family and then the other."""
    if request.param == "IPv4":
        return dual_network.VIP, [server.address for server in dual_network.servers]
    return dual_network.VIP6, dual_network.servers6()


@pytest.fixture(scope="module")
def standing(dual_network: DualLan, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Director]:
    """A director that runs through all of a module's tests: each adds its services with `serve`."""
    made = Director(dual_network.director, tmp_path_factory.mktemp("standing"))
    soon = {"tcp_fin": 1, "tcp_close": 1}  # closed connections are forgotten
    made.start(made.config(ports=[DUAL_PORT], connections={"capacity": 4096, "timeouts": soon}))
    yield made
    made.finish()


@pytest.fixture
def serve(standing: Director) -> Iterator[Callable[[dict], dict]]:
    """Adds a service, without health checks if it names none, for as long as the test lasts.

    The end of each connection is waited for: else its last packets would be those of the next test's service. Where
    servers go down, some may have no end.
    """
    added: list[dict] = []

    def add(service: dict) -> dict:
        standing.rpc("service.add", {"health": {"type": "none"}, **service})
        added.append(service)
        standing.wait_resolved()
        return service

    yield add
    try:
        for service in added:
            if "health" not in service and service.get("protocol") != "udp":
                wait_for(f"the ends of the connections of {key(service)}", lambda: standing.active(service) == 0)
    finally:
        for service in added:
            standing.rpc("service.delete", key(service))


@pytest.fixture
def empty_network() -> Iterator[Network]:
    """For a test that builds its own."""
    lab = Network()
    yield lab
    lab.remove()


@pytest.fixture
def director(network: Lan, tmp_path: Path) -> Iterator[Director]:
    """Not started yet; the test says under which configuration. Afterwards it is held to its promises."""
    made = Director(network.director, tmp_path)
    yield made
    made.finish()


@pytest.fixture
def make_director(empty_network: Network, tmp_path: Path) -> Iterator[Callable[[Host], Director]]:
    """For a test with a network of its own."""
    made: list[Director] = []

    def make(host: Host) -> Director:
        made.append(Director(host, tmp_path))
        return made[-1]

    yield make
    for director in made:
        director.finish()


@pytest.fixture
def servers(network: Lan) -> list[str]:
    """The addresses of the three real servers."""
    return [server.address for server in network.servers]


def pytest_terminal_summary(terminalreporter) -> None:
    if terminalreporter.stats.get("failed"):
        terminalreporter.write_line("turnoutd's own words are in turnoutd.log in each failed test's temporary folder")
