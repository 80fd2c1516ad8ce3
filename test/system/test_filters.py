"""Clients that are kept out, and those that are not: real clients, real servers, and a list that is read again."""

import ipaddress
import json
import threading
import time
from pathlib import Path

import pytest

from clients import connection_to, get, get_over, open_connection, who_answers
from director import DUAL_PORT, Director, service
from waiting import wait_for

OFFICE, STRANGER = "192.0.2.201", "192.0.2.202"  # addresses of the client
OFFICE6, STRANGER6 = "2001:db8::201", "2001:db8::202"


@pytest.fixture(scope="module")
def sources(dual_network):
    """The client has several addresses."""
    client = dual_network.client
    for address in (f"{OFFICE}/24", f"{STRANGER}/24", f"{OFFICE6}/64", f"{STRANGER6}/64"):
        client.run("ip", "address", "add", address, "dev", "eth0", *(["nodad"] if ":" in address else []))
    return client


def filter_of(*lists, **changes) -> dict:
    return {"name": "edge", "lists": list(lists), **changes}


def list_of(action: str, *prefixes: str, **changes) -> dict:
    return {"name": action, "action": action, "prefixes": list(prefixes), **changes}


@pytest.fixture
def start(dual_network, dual_director, sources):
    def started(edge: dict, vips=(), **changes) -> Director:
        vip, vip6 = dual_network.VIP, dual_network.VIP6
        services = [
            {**service(vip, [each.address for each in dual_network.servers]), "filter": "edge"},
            {**service(vip6, dual_network.servers6()), "filter": "edge"},
        ]
        dual_director.start(
            dual_director.config(services, ports=[DUAL_PORT], filters=[edge], vips=list(vips), **changes)
        )
        wait_for("servers up", lambda: all(row["state"] == "up" for row in dual_director.rpc("health.list")))
        return dual_director

    return started


def is_let_in(client, vip: str, source: str) -> bool:
    try:
        get(client, vip, timeout=1.5, source=source)
        return True
    except TimeoutError:
        return False


def rows(director: Director) -> dict[str, dict]:
    return {row["name"]: row for row in director.rpc("filter.list")[0]["lists"]}


def test_only_who_is_not_denied_gets_an_answer(dual_network, sources, start):
    director = start(filter_of(list_of("deny", "192.0.2.200/29", "2001:db8::200/120"), list_of("allow", OFFICE, OFFICE6)))
    for vip, office, stranger, other in (
        (dual_network.VIP, OFFICE, STRANGER, sources.address),
        (dual_network.VIP6, OFFICE6, STRANGER6, sources.address6),
    ):
        assert is_let_in(sources, vip, office), "the longest prefix counts"
        assert not is_let_in(sources, vip, stranger)
        assert is_let_in(sources, vip, other), "who is in no list"
    assert rows(director)["deny"]["packets"] >= 2
    assert rows(director)["allow"]["unmatched"] == 0
    drops = director.stats()["drops"]
    assert drops["filtered"] == rows(director)["deny"]["packets"], "each that was denied was dropped by that name"
    assert 'turnout_filter_packets_total{filter="edge",list="deny",action="deny"}' in director.http("/metrics")[1]


def test_who_was_denied_is_said(dual_network, sources, start):
    director = start(filter_of(list_of("deny", STRANGER)))
    assert not is_let_in(sources, dual_network.VIP, STRANGER)
    wait_for("a line in the log", lambda: f"({STRANGER} of list deny) dropped tcp {STRANGER}:" in director.log())
    line = next(line for line in director.log().splitlines() if "filter edge" in line)
    assert f"-> {dual_network.VIP}:80 SYN" in line and sources.mac() in line and "port 'lan'" in line
    said = director.ctl("filters", "denied").stdout
    assert STRANGER in said and sources.mac() in said
    told = json.loads(director.ctl("--json", "trace", "tcp", f"{STRANGER}:1234", f"{dual_network.VIP}:80").stdout)
    assert told["outcome"] == "dropped" and told["reason"] == "filtered"
    assert f"filter edge: the client is denied by {STRANGER} of its list deny" in told["decisions"]
    assert "filter_denies_all" in director.ctl("doctor", check=False).stdout


def test_who_is_rejected_knows_at_once(dual_network, sources, start):
    start(filter_of(list_of("deny", STRANGER, STRANGER6), denied="reject"))
    for vip, stranger in ((dual_network.VIP, STRANGER), (dual_network.VIP6, STRANGER6)):
        with pytest.raises(ConnectionRefusedError):
            connection_to(sources, vip, source=stranger)


def test_an_operator_keeps_somebody_out_and_lets_him_in_again(dual_network, sources, start):
    director = start(filter_of())
    assert is_let_in(sources, dual_network.VIP, STRANGER)
    assert "add list deny" in director.ctl("filters", "deny", "edge", STRANGER).stdout
    assert not is_let_in(sources, dual_network.VIP, STRANGER)
    assert STRANGER in director.ctl("filters", "rules", "edge").stdout
    director.ctl("filters", "remove", "edge", STRANGER)
    assert is_let_in(sources, dual_network.VIP, STRANGER)
    refused = director.ctl("filters", "deny", "edge", "192.0.2.7/24", check=False)
    assert refused.returncode == 1 and "192.0.2.0/24" in refused.stderr


class Asking:
    """A client that asks over connections of its own, again and again, and one that stays on one connection."""

    def __init__(self, client, vip: str):
        self.answers, self.failures = 0, []
        self._client, self._vip = client, vip
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._anew), threading.Thread(target=self._on_one)]

    def _anew(self) -> None:
        while not self._over.is_set():
            self._ask(lambda: who_answers(self._client, self._vip))

    def _on_one(self) -> None:
        with open_connection(self._client, self._vip) as connection:
            while not self._over.is_set():
                self._ask(lambda: get_over(connection))
                time.sleep(0.005)

    def _ask(self, ask) -> None:
        try:
            ask()
            self.answers += 1
        except OSError as error:
            self.failures.append(repr(error))
            self._over.set()

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join(10)


def write_prefixes(file: Path, count: int, *more: str) -> None:
    networks = (str(ipaddress.ip_address(0x0A000000 + 256 * number)) + "/24" for number in range(count))
    file.write_text("# a feed\n" + "\n".join([*networks, *more]) + "\n")


def test_a_hundred_thousand_prefixes_are_read_again_without_a_lost_packet(dual_network, sources, start, tmp_path):
    feed = tmp_path / "feed.txt"
    write_prefixes(feed, 50_000, OFFICE)
    director = start(filter_of(list_of("deny", file=str(feed))))
    assert rows(director)["deny"]["rules"] == 50_001
    assert not is_let_in(sources, dual_network.VIP, OFFICE)
    assert is_let_in(sources, dual_network.VIP, STRANGER)
    write_prefixes(feed, 100_000, STRANGER)
    assert "filter_file_changed" in director.ctl("doctor", check=False).stdout
    with Asking(sources, dual_network.VIP) as asking:
        wait_for("answers", lambda: asking.answers > 20)
        assert "100001 rules" in director.ctl("filters", "reload").stdout
        before = asking.answers
        wait_for("answers afterwards", lambda: asking.answers > before + 20)
    assert not asking.failures
    assert is_let_in(sources, dual_network.VIP, OFFICE)
    assert not is_let_in(sources, dual_network.VIP, STRANGER)
    assert "filter_file_changed" not in director.ctl("doctor", check=False).stdout


def test_a_list_that_can_not_be_read_changes_nothing(dual_network, sources, start, tmp_path):
    feed = tmp_path / "feed.txt"
    feed.write_text(STRANGER + "\n")
    director = start(filter_of(list_of("deny", file=str(feed))))
    feed.write_text("198.51.100.0/24\nhost.example\n")
    refused = director.ctl("filters", "reload", check=False)
    assert refused.returncode == 1 and "line 2" in refused.stderr and "host.example" in refused.stderr
    assert not is_let_in(sources, dual_network.VIP, STRANGER)
    checked = director.launch("--config", director.config_file, "--check")
    assert checked.wait(10) == 2
    checked.stdout.close()
    feed.write_text("198.51.100.0/24\n")
    director.process.send_signal(1)  # SIGHUP
    wait_for("the list to be read again", lambda: is_let_in(sources, dual_network.VIP, STRANGER))
    feed.unlink()
    assert "filter_file_missing" in director.ctl("doctor", check=False).stdout


def test_the_vips_filter_is_for_pings_too_and_icmp_goes_where_the_vip_says(dual_network, sources, start):
    director = start(filter_of(list_of("deny", STRANGER)), vips=[{"address": dual_network.VIP, "filter": "edge"}])
    assert sources.ping(dual_network.VIP, 1, "-I", OFFICE) == 1
    assert sources.ping(dual_network.VIP, 1, "-I", STRANGER) == 0
    punted = director.stats()["punts"]["icmp_echo"]
    director.ctl("vip", dual_network.VIP, "--icmp-forward", "echo-request", "--icmp-forward", "timestamp-request")
    assert sources.ping(dual_network.VIP, 2, "-I", OFFICE) == 2, "a real server answers"
    assert director.stats()["punts"]["icmp_echo"] == punted
    director.ctl("vip", dual_network.VIP, "--icmp-forward", "none", "--icmp-drop", "destination-unreachable")
    assert sources.ping(dual_network.VIP, 1, "-I", OFFICE) == 1
    assert director.stats()["punts"]["icmp_echo"] == punted + 1
    assert "path_mtu_hidden" in director.ctl("doctor", check=False).stdout
    assert next(vip for vip in director.rpc("vip.list") if vip["address"] == dual_network.VIP)["icmp"] == {
        "forward": [], "drop": ["destination-unreachable"]}  # fmt: skip
