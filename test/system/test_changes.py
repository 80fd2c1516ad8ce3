"""Changes over the control socket: whole or not at all, and without harm to what they don't touch."""

import copy
import json
import os

import pytest

from clients import Hammer, SlowDownload, ask_many, connection_to, get_over, who_answers
from director import key, service
from rpc import RpcError
from waiting import wait_for


def test_changes_of_one_service_harm_no_request_to_another(network, director, servers):
    director.start(director.config([service(network.VIP, servers)]))
    other = service(network.MORE_VIPS[0], servers[:1], "rr")
    with Hammer(network.client, network.VIP) as hammer:
        rounds = 0
        while rounds < 25 or sum(hammer.answers.values()) < 100:
            rounds += 1
            director.rpc("service.add", other)
            director.rpc("server.add", {"service": key(other), "server": {"address": servers[1], "weight": 2}})
            director.rpc("service.edit", {**key(other), "scheduler": "wrr"})
            director.rpc("server.edit", {"service": key(other), "server": {"address": servers[1], "weight": 5}})
            assert who_answers(network.client, other["vip"]) in ("real1", "real2"), f"round {rounds}"
            director.rpc("server.delete", {"service": key(other), "server": {"address": servers[0]}})
            assert who_answers(network.client, other["vip"]) == "real2"
            director.rpc("service.delete", key(other))
            assert hammer.failures == []
    assert hammer.failures == []
    assert [key(each) for each in director.rpc("service.list")] == [key(service(network.VIP, []))]


def test_a_server_added_to_a_service_in_use_harms_no_request(network, director, servers):
    busy = service(network.VIP, servers[:2])
    director.start(director.config([busy]))
    with Hammer(network.client, network.VIP) as hammer:
        wait_for("requests being answered", lambda: sum(hammer.answers.values()) > 50)
        director.rpc("server.add", {"service": key(busy), "server": {"address": servers[2]}})
        wait_for("the new server answering", lambda: hammer.answers["real3"] > 20)
        director.rpc("server.edit", {"service": key(busy), "server": {"address": servers[0], "weight": 3}})
        so_far = sum(hammer.answers.values())
        wait_for("more requests being answered", lambda: sum(hammer.answers.values()) > so_far + 100)
    assert hammer.failures == []


def test_a_draining_server_keeps_its_connections_and_gets_no_new_ones(network, director, servers):
    content = os.urandom(8 << 20)
    (network.servers[0].folder / "www" / "slow").write_bytes(content)
    drained = service(network.VIP, servers[:1], "rr")
    director.start(director.config([drained]))
    download = SlowDownload(network.client, network.VIP, "/slow")
    download.read_some()

    director.rpc("server.add", {"service": key(drained), "server": {"address": servers[1]}})
    director.rpc("server.edit", {"service": key(drained), "server": {"address": servers[0], "weight": 0}})
    assert set(ask_many(network.client, network.VIP, 20)) == {"real2"}
    counters = {server["address"]: server for server in director.service_stats(drained)["servers"]}
    assert counters[servers[0]]["active_connections"] == 1
    assert download.read_rest() == content


def test_a_removed_server_gets_nothing_more(network, director, servers):
    served = service(network.VIP, servers, "rr")
    director.start(director.config([served]))
    assert set(ask_many(network.client, network.VIP, 9)) == {"real1", "real2", "real3"}
    director.rpc("server.delete", {"service": key(served), "server": {"address": servers[1]}})
    assert ask_many(network.client, network.VIP, 20) == {"real1": 10, "real3": 10}


def test_a_deleted_service_answers_no_more_and_comes_back(network, director, servers):
    served = service(network.VIP, servers)
    director.start(director.config([served]))
    director.rpc("service.delete", key(served))
    with pytest.raises(OSError):
        connection_to(network.client, network.VIP, timeout=1.5)
    director.rpc("service.add", served)
    director.wait_resolved()
    network.client.forget_neighbors()
    assert len(ask_many(network.client, network.VIP, 30)) == 3


def test_a_change_of_scheduler_keeps_connections(network, director, servers):
    served = service(network.VIP, servers, "rr")
    director.start(director.config([served]))
    connections = [connection_to(network.client, network.VIP) for _ in range(6)]
    before = [get_over(connection) for connection in connections]
    director.rpc("service.edit", {**key(served), "scheduler": "mh"})
    assert [get_over(connection) for connection in connections] == before
    for connection in connections:
        connection.close()


class TestApply:
    """config.apply: all or nothing."""

    @pytest.fixture
    def running(self, network, director, servers) -> dict:
        director.start(director.config([service(network.VIP, servers)]))
        return director.rpc("config.get")

    def test_what_config_get_gives_can_be_applied_and_changes_nothing(self, director, running):
        answer = director.rpc("config.apply", {"config": running})
        assert answer["changes"] == []
        assert director.rpc("config.get") == running

    def test_a_good_document_is_applied_whole(self, network, director, running, servers):
        wanted = copy.deepcopy(running)
        wanted["services"][0]["real_servers"].pop()
        wanted["services"].append(service(network.MORE_VIPS[0], servers[2:], "rr"))
        before = director.generation()
        answer = director.rpc("config.apply", {"config": wanted})
        assert len(answer["changes"]) == 2, answer
        assert answer["generation"] == director.generation() > before
        director.wait_resolved()
        assert set(ask_many(network.client, network.VIP, 30)) == {"real1", "real2"}
        assert who_answers(network.client, network.MORE_VIPS[0]) == "real3"

    @pytest.mark.parametrize(
        ("pointer", "value"),
        [
            ("/services/1/real_servers/0/address", "203.0.113.1"),
            ("/services/1/port", 70000),
            ("/services/1/scheduler", "fastest"),
            ("/services/1/colour", "red"),
            ("/ports/0/device", "net_af_packet7"),
        ],
    )
    def test_a_bad_document_changes_nothing(self, network, director, running, servers, pointer, value):
        wanted = copy.deepcopy(running)
        wanted["services"][0]["real_servers"].pop()  # a good change beside the bad one
        wanted["services"].append(service(network.MORE_VIPS[0], servers[:1]))
        *path, last = [int(step) if step.isdigit() else step for step in pointer.split("/")[1:]]
        place = wanted
        for step in path:
            place = place[step]
        place[last] = value

        before = director.generation()
        with pytest.raises(RpcError) as refused:
            director.rpc("config.apply", {"config": wanted})
        assert any(given and given.endswith(pointer) for given in refused.value.pointers()), refused.value
        assert director.generation() == before
        assert director.rpc("config.get") == running
        assert len(ask_many(network.client, network.VIP, 30)) == 3

    def test_a_dry_run_says_what_would_change_and_changes_nothing(self, director, running):
        wanted = copy.deepcopy(running)
        wanted["services"][0]["real_servers"].pop()
        before = director.generation()
        answer = director.rpc("config.apply", {"config": wanted, "dry_run": True})
        assert len(answer["changes"]) == 1 and "192.0.2.13" in answer["changes"][0]
        assert director.generation() == before
        assert director.rpc("config.get") == running

    def test_a_saved_configuration_is_what_runs_and_is_valid(self, director, running, servers):
        director.rpc("server.delete", {"service": key(running["services"][0]), "server": {"address": servers[0]}})
        assert director.rpc("config.save") == {"file": str(director.config_file), "changed": True}
        saved = json.loads(director.config_file.read_text())
        assert [server["address"] for server in saved["services"][0]["real_servers"]] == servers[1:]
        check = director.launch("--check", "--config", director.config_file)
        check.communicate(timeout=10)
        assert check.returncode == 0, director.log()

    def test_no_other_file_is_written(self, director, running, tmp_path):
        """Who may use the socket must not be able to overwrite any file with the daemon's rights."""
        other = tmp_path / "other.json"
        with pytest.raises(RpcError) as refused:
            director.rpc("config.save", {"file": str(other)})
        assert refused.value.code == -32002 and "/file" in refused.value.pointers()
        assert not other.exists()
