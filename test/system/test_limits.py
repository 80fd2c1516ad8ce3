"""Limits: a greedy client among a thousand good ones, with real clients and servers. The good ones lose nothing."""

import contextlib
import json
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from clients import Held, connection_to, get_over, reset, who_answers
from director import key, service
from network import family_of
from rpc import RpcError
from waiting import wait_for

GOOD = 1000
CLIENTS = {"IPv4": ("10.9.0.0/18", "10.9.{}.{}"), "IPv6": ("2001:db8:9::/48", "2001:db8:9:{:x}::{:x}")}
GREEDY = {"IPv4": "10.9.60.1", "IPv6": "2001:db8:9:60::1"}
RATE = 20


@pytest.fixture(scope="module")
def crowd(dual_network):
    """The client has a network of addresses, each of which can be a client, and the real servers know the way to it."""
    client = dual_network.client
    client.run("sysctl", "-qw", "net.ipv6.ip_nonlocal_bind=1")  # what routes make local in IPv4, they don't in IPv6
    for family, (prefix, _) in CLIENTS.items():
        option = "-6" if family == "IPv6" else "-4"
        client.run("ip", option, "route", "add", "local", prefix, "dev", "lo")
        gateway = client.address6 if family == "IPv6" else client.address
        for server in dual_network.servers:
            server.run("ip", option, "route", "add", prefix, "via", gateway)
    return client


def family_named(vip: str) -> str:
    return "IPv6" if ":" in vip else "IPv4"


def good_clients(vip: str) -> list[str]:
    """Twenty-five in each /24, or /64."""
    form = CLIENTS[family_named(vip)][1]
    return [form.format(number // 25, number % 25 + 1) for number in range(GOOD)]


class Greedy:
    """Begins connections from one address without a pause, and doesn't wait for them."""

    def __init__(self, host, vip: str):
        self._host = host
        self._vip = vip
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.begun = 0
        self.connected = 0

    def _begin(self) -> socket.socket:
        made = socket.socket(family_of(self._vip), socket.SOCK_STREAM)
        made.setblocking(False)
        made.bind((GREEDY[family_named(self._vip)], 0))
        with contextlib.suppress(BlockingIOError):
            made.connect((self._vip, 80))
        return made

    def _end(self, made: socket.socket) -> None:
        with contextlib.suppress(OSError):
            made.getpeername()
            self.connected += 1
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        made.close()

    def _run(self) -> None:
        waiting: list[socket.socket] = []
        with self._host.inside():
            while not self._stop.is_set():
                waiting.append(self._begin())
                self.begun += 1
                if len(waiting) > 200:
                    self._end(waiting.pop(0))
                time.sleep(0.001)
        for made in waiting:
            self._end(made)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(10)


def ask_as_each(host, vip: str, clients: list[str]) -> list[str]:
    """Who answered each client's request."""
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda source: who_answers(host, vip, source=source), clients))


def limit(director, of: dict, name: str) -> dict:
    rows = director.rpc("limit.list", {"service": key(of)})["services"][0]["limits"]
    return next(row for row in rows if row["limit"] == name)


def limited(vip: str, servers: list[str], **limits) -> dict:
    return service(vip, servers, "rr") | {"limits": limits}


def words_of(vip: str) -> list[str]:
    return ["tcp", f"[{vip}]:80" if ":" in vip else f"{vip}:80"]


def test_a_greedy_client_among_a_thousand_good_ones(crowd, lan, standing, serve):
    vip, servers = lan
    made = serve(limited(vip, servers, client={"connections_per_second": RATE}))
    began = time.monotonic()
    with Greedy(crowd, vip) as greedy:
        answers = ask_as_each(crowd, vip, good_clients(vip))
    took = time.monotonic() - began
    assert len(answers) == GOOD and set(answers) == {"real1", "real2", "real3"}
    refused = limit(standing, made, "client_rate")
    assert refused["dropped"] > 0 and refused["observed"] == 0
    assert {each["client"] for each in refused["offenders"]} == {GREEDY[family_named(vip)]}, "and nobody else"
    assert 0 < greedy.connected <= RATE * (took + 1) + 1
    assert greedy.begun > 2 * greedy.connected, "or it was not greedy"
    assert standing.stats()["drops"]["client_rate"] >= refused["dropped"]

    said = standing.ctl("limits").stdout
    assert re.search(rf"client_rate +{RATE} +{RATE} +enforce +\d+ +0 +{re.escape(GREEDY[family_named(vip)])}", said), said
    metrics = standing.metrics()["turnout_service_limited_total"]
    mine = {labels: value for labels, value in metrics.items() if f'vip="{vip}"' in labels}
    assert {value for labels, value in mine.items() if 'mode="observe"' in labels} == {0}
    assert any(value >= refused["dropped"] for labels, value in mine.items() if 'limit="client_rate"' in labels)
    found = [each for each in standing.rpc("doctor")["findings"] if each["code"] == "limit_dropping"]
    assert GREEDY[family_named(vip)] in found[0]["evidence"], found


def test_observed_limits_drop_nothing_and_count(crowd, lan, standing, serve):
    vip, servers = lan
    made = serve(limited(vip, servers, client={"connections_per_second": RATE}, observe=True))
    drops = standing.stats()["drops"]
    with Greedy(crowd, vip) as greedy:
        answers = ask_as_each(crowd, vip, good_clients(vip)[:200])
        time.sleep(1)
    assert len(answers) == 200
    assert greedy.connected > greedy.begun / 2 > RATE
    seen = limit(standing, made, "client_rate")
    assert seen["observed"] > 0 and seen["dropped"] == 0
    assert {each["client"] for each in seen["offenders"]} == {GREEDY[family_named(vip)]}
    after = standing.stats()["drops"]
    assert [after[name] - drops[name] for name in after if name.startswith(("client_", "service_"))] == [0] * 5
    codes = [each["code"] for each in standing.rpc("doctor")["findings"]]
    assert "limit_observed" in codes and "limit_dropping" not in codes


def test_a_greedy_prefix_leaves_others_alone(crowd, lan, standing, serve):
    vip, servers = lan
    made = serve(limited(vip, servers, client_prefix={"connections_per_second": RATE, "ipv4": 24, "ipv6": 64}))
    with Greedy(crowd, vip):
        answers = ask_as_each(crowd, vip, good_clients(vip)[::5])
    assert len(answers) == GOOD // 5
    refused = limit(standing, made, "client_prefix_rate")
    assert refused["dropped"] > 0
    assert {each["client"] for each in refused["offenders"]} == {GREEDY[family_named(vip)]}


def test_a_client_may_have_so_many_connections_open(crowd, lan, standing, serve):
    vip, servers = lan
    made = serve(limited(vip, servers, client={"connections": 5}))
    with Held(crowd, vip) as held:
        assert len(held.add(5)) == 5
        with pytest.raises(TimeoutError):
            connection_to(crowd, vip, timeout=1.5)
        assert who_answers(crowd, vip, source=good_clients(vip)[0]), "others are not it"
        held.end(next(iter(held.count())), 1)
        assert held.add(1)
        standing.ctl("service", "edit", *words_of(vip), "--client-connections", "none")
        assert held.add(3)
        # They are counted although they were begun while nobody did.
        standing.ctl("service", "edit", *words_of(vip), "--client-connections", "8")
        wait_for("all eight counted", lambda: standing.rpc("limit.list")["table"]["connections"] >= 8)
        with pytest.raises(TimeoutError):
            connection_to(crowd, vip, timeout=1.5)
        assert limit(standing, made, "client_connections")["dropped"] >= 2


def test_packets_over_the_limit_are_dropped_by_name_and_connections_live_on(crowd, lan, standing, serve):
    vip, servers = lan
    # with `health`: the ends of the connections, which may be among what is dropped, are not waited for
    made = serve(limited(vip, servers, packets_per_second=50) | {"health": {"type": "none"}})
    connection = connection_to(crowd, vip)
    with Greedy(crowd, vip):
        wait_for("packets over the limit", lambda: limit(standing, made, "service_packet_rate")["dropped"] > 10)
    standing.ctl("service", "edit", *words_of(vip), "--packet-rate", "none")
    assert get_over(connection), "TCP sends again what was lost"
    reset(connection)
    warned = [each for each in standing.rpc("doctor")["findings"] if each["code"] == "limit_dropping"]
    assert not warned, "the limit is gone"


def test_limits_are_edited_one_by_one_and_traced(crowd, lan, standing, serve):
    vip, servers = lan
    made = serve(service(vip, servers))
    words = words_of(vip)
    standing.ctl("service", "edit", *words, "--client-rate", "10:15", "--connection-rate", "1000")
    standing.ctl("service", "edit", *words, "--prefix-rate", "40", "--prefix-length", "20,48", "--limits", "observe")

    def stated():
        return next(each for each in standing.rpc("service.list") if key(each) == key(made)).get("limits")

    assert stated() == {
        "connections_per_second": 1000, "client": {"connections_per_second": 10, "connections_burst": 15},
        "client_prefix": {"ipv4": 20, "ipv6": 48, "connections_per_second": 40}, "observe": True,
    }  # fmt: skip
    source = good_clients(vip)[0]
    who_answers(crowd, vip, source=source)
    endpoint = f"[{source}]:1234" if ":" in source else f"{source}:1234"
    told = json.loads(standing.ctl("--json", "trace", "tcp", endpoint, words[1]).stdout)
    assert any(re.fullmatch(r"limit client_rate: 1[45] of 15 tokens left", line) for line in told["decisions"]), told
    again = json.loads(standing.ctl("--json", "trace", "tcp", endpoint, words[1]).stdout)
    assert again["outcome"] == told["outcome"] == "transmitted", "a trace takes no token"
    standing.ctl("service", "edit", *words, "--client-rate", "none", "--connection-rate", "none", "--prefix-rate", "none")
    standing.rpc("service.edit", {**key(made), "limits": None})
    assert stated() is None


@pytest.mark.parametrize("limits", [{"client": {"connections": 0}}, {"packets_per_second": -1}, {"rate": 1}, 5])
def test_what_is_no_limit_is_refused(dual_network, standing, serve, limits):
    made = serve(service(dual_network.VIP, [dual_network.servers[0].address]))
    with pytest.raises(RpcError) as refused:
        standing.rpc("service.edit", {**key(made), "limits": limits})
    assert any(pointer.startswith("/limits") for pointer in refused.value.pointers())
