"""Who changed what, two operators at once, and the way back."""

import contextlib
import copy
import os
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients import Hammer, connection_to, get_over, who_answers
from director import key, service
from rpc import RpcError
from waiting import wait_for

NOBODY = 65534
ROUNDS = 40


@pytest.fixture
def served(network, director, servers) -> dict:
    started = service(network.VIP, servers)
    director.start(director.config([started]))
    return started


def weight_of(config: dict, address: str) -> int:
    servers = config["services"][0]["real_servers"]
    return next(server["weight"] for server in servers if server["address"] == address)


def set_weight(served: dict, address: str, weight: int, **more) -> dict:
    return {"service": key(served), "server": {"address": address, "weight": weight}, **more}


def at_once(*tasks) -> None:
    """Runs them in threads of their own; what one of them raises is raised here."""
    raised = []

    def run(task):
        try:
            task()
        except BaseException as error:  # an assertion as well
            raised.append(error)

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]


class TestTwoOperators:
    def test_of_two_changes_of_one_generation_exactly_one_is_made(self, director, served, servers):
        start = director.generation()
        together = threading.Barrier(2, timeout=30)
        outcomes = [[], []]  # by operator, by round: None, or the refusal

        def operator(number: int):
            with director.client() as client:
                for round_number in range(ROUNDS):
                    generation = client.call("daemon.info")["generation"]
                    assert generation == start + round_number
                    change = set_weight(served, servers[number], 2 + round_number, if_generation=generation)
                    together.wait()  # both have seen the same generation
                    try:
                        client.call("server.edit", change)
                        outcomes[number].append(None)
                    except RpcError as refused:
                        outcomes[number].append(refused)
                    together.wait()

        at_once(lambda: operator(0), lambda: operator(1))
        for round_number, pair in enumerate(zip(*outcomes)):
            [refused] = [outcome for outcome in pair if outcome is not None]
            assert refused.code == -32002
            assert refused.data == {"pointer": "/if_generation", "generation": start + round_number + 1}
        assert director.generation() == start + ROUNDS

    def test_no_change_of_two_operators_is_lost(self, director, served, servers):
        """Each adds 1 to the same weight again and again, as it last saw it."""
        start = director.generation()

        def operator():
            with director.client() as client:
                for _ in range(ROUNDS):
                    while True:
                        generation = client.call("daemon.info")["generation"]
                        weight = weight_of(client.call("config.get"), servers[0])
                        change = set_weight(served, servers[0], weight + 1, if_generation=generation)
                        try:
                            client.call("server.edit", change)
                            break
                        except RpcError as refused:
                            assert refused.code == -32002 and refused.pointers() == ["/if_generation"]

        at_once(operator, operator)
        assert weight_of(director.rpc("config.get"), servers[0]) == 1 + 2 * ROUNDS
        assert director.generation() == start + 2 * ROUNDS
        assert [entry["generation"] for entry in director.rpc("config.history")] == list(
            range(start + 2 * ROUNDS, start + 2 * ROUNDS - 20, -1)
        )

    def test_turnoutctl_is_refused_what_it_decided_too_early(self, network, director, served, servers):
        seen = director.generation()
        edit = ("server", "edit", "tcp", f"{network.VIP}:80", servers[0], "--if-generation", seen)
        assert "generation 2" in director.ctl(*edit, "--weight", 5).stdout
        refused = director.ctl(*edit, "--weight", 7, check=False)
        assert refused.returncode == 1 and "/if_generation" in refused.stderr
        assert weight_of(director.rpc("config.get"), servers[0]) == 5


class TestHistory:
    @pytest.fixture
    def open_socket(self, director) -> Iterator[Path]:
        """In a folder that others than root may enter, unlike a test's own."""
        folder = Path(f"/run/turnout-test-{os.getpid()}")
        folder.mkdir()
        folder.chmod(0o755)
        director.socket = folder / "control.sock"
        yield director.socket
        director.finish()
        folder.rmdir()

    def test_names_the_user_and_the_program_of_each_change(self, network, director, servers, open_socket):
        served = service(network.VIP, servers)
        director.start(director.config([served]))
        os.chmod(open_socket, 0o666)
        director.ctl("server", "edit", "tcp", f"{network.VIP}:80", servers[0], "--weight", 5)
        os.seteuid(NOBODY)
        try:
            client = director.client()
        finally:
            os.seteuid(0)
        with contextlib.closing(client):
            client.call("server.delete", {"service": key(served), "server": {"address": servers[1]}})

        program = Path("/proc/self/comm").read_text().strip()
        by_nobody, by_root, start = director.rpc("config.history")
        assert by_nobody["who"] == {"uid": NOBODY, "user": "nobody", "pid": os.getpid(), "program": program}
        assert (by_nobody["how"], by_nobody["generation"]) == ("server.delete", 3)
        assert by_nobody["changes"] == [f"tcp {network.VIP}:80: remove real server {servers[1]}"]
        assert by_root["who"]["user"] == "root" and by_root["who"]["program"] == "turnoutctl"
        assert (start["how"], start["who"], start["generation"]) == ("start", None, 1)
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", entry["time"]) for entry in (by_nobody, start))

        removed = next(line for line in director.log().splitlines() if "remove real server" in line)
        assert f"(generation 3, server.delete by nobody with {program}[{os.getpid()}])" in removed
        told = director.ctl("history").stdout
        assert f"server.delete by nobody with {program}[{os.getpid()}]" in told
        assert f"  tcp {network.VIP}:80: remove real server {servers[1]}\n" in told

    def test_has_what_a_reload_changed(self, director, served, servers):
        changed = copy.deepcopy(served)
        changed["real_servers"].pop()
        director.write(director.config([changed]))
        director.process.send_signal(signal.SIGHUP)
        wait_for("the reload", lambda: director.generation() == 2)
        newest = director.rpc("config.history")[0]
        assert (newest["how"], newest["who"], newest["generation"]) == ("SIGHUP", None, 2)
        assert len(newest["changes"]) == 1
        assert "(generation 2, SIGHUP)" in director.log()


class TestRollback:
    def test_puts_all_back_and_harms_no_request_to_what_stays(self, network, director, served, servers):
        first = director.rpc("config.get")
        kept = [connection_to(network.client, network.VIP) for _ in range(6)]
        before = [get_over(connection) for connection in kept]
        other = service(network.MORE_VIPS[0], servers[:1], "rr")
        with Hammer(network.client, network.VIP) as hammer:
            for _ in range(10):
                director.rpc("service.add", other)
                director.rpc("timeouts.edit", {"udp": 30})
                assert who_answers(network.client, other["vip"]) == "real1"
                changed = director.rpc("config.get")
                generation = director.generation()
                assert "remove service" in director.ctl("rollback", generation - 2, "--dry-run").stdout
                assert director.rpc("config.get") == changed
                director.ctl("rollback", generation - 2, "--if-generation", generation)
                assert director.rpc("config.get") == first
                assert director.generation() == generation + 1
            so_far = sum(hammer.answers.values())
            wait_for("more requests being answered", lambda: sum(hammer.answers.values()) > so_far + 50)
        assert hammer.failures == []
        assert [get_over(connection) for connection in kept] == before
        for connection in kept:
            connection.close()
        assert director.service_stats(served)["connections"] >= sum(hammer.answers.values()) + len(kept)
        newest = director.rpc("config.history")[0]
        assert (newest["how"], newest["restored"]) == ("config.rollback", newest["generation"] - 3)

    def test_to_a_generation_that_is_gone_is_refused(self, director, served, servers):
        for weight in range(2, 30):
            director.rpc("server.edit", set_weight(served, servers[0], weight))
        refused = director.ctl("rollback", 1, check=False)
        assert refused.returncode == 1 and "10 to 29" in refused.stderr
        assert director.generation() == 29


class TestBatch:
    def test_is_made_whole_under_load_or_not_at_all(self, network, director, served, servers):
        other = service(network.MORE_VIPS[0], [], "rr")
        add = [{"method": "service.add", "params": other}]
        add += [
            {"method": "server.add", "params": {"service": key(other), "server": {"address": address}}}
            for address in servers
        ]
        remove = [{"method": "service.delete", "params": key(other)}]
        missing = [{"method": "server.delete", "params": {"service": key(served), "server": {"address": "192.0.2.99"}}}]
        with Hammer(network.client, network.VIP) as hammer:
            for _ in range(20):
                generation = director.generation()
                assert director.rpc("config.batch", {"operations": add})["generation"] == generation + 1
                with pytest.raises(RpcError) as refused:
                    director.rpc("config.batch", {"operations": remove + missing})
                assert refused.value.data == {"pointer": "/operations/1/params/server/address", "operation": 1}
                assert len(director.rpc("service.list")) == 2
                director.rpc("config.batch", {"operations": remove})
            wait_for("requests being answered", lambda: sum(hammer.answers.values()) > 50)
        assert hammer.failures == []
        assert len(director.rpc("config.history")) == 20
