"""turnoutctl against a live daemon."""

import json
import subprocess

import pytest

from clients import ask_many, who_answers
from director import TURNOUTCTL, service


@pytest.fixture
def running(network, director, servers):
    director.start(director.config([service(network.VIP, servers)]))
    ask_many(network.client, network.VIP, 12)
    return director


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("status", "192.0.2.100:80"),
        ("services", "192.0.2.100:80"),
        ("servers", "192.0.2.12"),
        ("connections", "192.0.2.10"),
        ("neighbors", "192.0.2.13"),
        ("ports", "net_af_packet0"),
        ("workers", "lan:0"),
        ("stats", "no_server_resolved"),
        ("config", '"192.0.2.100"'),
    ],
)
def test_each_view_shows_what_it_is_for(running, command, shown):
    assert shown in running.ctl(command).stdout


@pytest.mark.parametrize(
    ("command", "method"),
    [
        ("status", "daemon.info"),
        ("services", "service.list"),
        ("neighbors", "neighbor.list"),
        ("vips", "vip.list"),
        ("ports", "port.list"),
        ("workers", "worker.list"),
        ("config", "config.get"),
    ],
)
def test_json_is_the_socket_s_own_result(running, command, method):
    shown, asked = json.loads(running.ctl("--json", command).stdout), running.rpc(method)
    assert type(shown) is type(asked)
    if command in ("services", "config"):
        assert shown == asked
    elif isinstance(shown, dict):
        assert shown.keys() == asked.keys()
    else:
        assert [row.keys() for row in shown] == [row.keys() for row in asked]


def test_json_of_connections_has_every_connection(running, network):
    connections = json.loads(running.ctl("--json", "connections").stdout)
    assert len(connections) == 12
    assert {connection["client"] for connection in connections} == {network.client.address}


def test_services_and_servers_are_changed_by_words(running, network):
    vip = network.MORE_VIPS[0]
    named = ("tcp", f"{vip}:80")
    running.ctl("service", "add", *named, "--scheduler", "wrr", "--server", "192.0.2.11")
    running.wait_resolved()
    assert who_answers(network.client, vip) == "real1"
    running.ctl("server", "add", *named, "192.0.2.12", "--weight", "3")
    running.ctl("drain", *named, "192.0.2.11")
    assert set(ask_many(network.client, vip, 10)) == {"real2"}
    running.ctl("server", "edit", *named, "192.0.2.11", "--weight", "1")
    assert set(ask_many(network.client, vip, 12)) == {"real1", "real2"}
    running.ctl("server", "delete", *named, "192.0.2.12")
    running.ctl("service", "edit", *named, "--scheduler", "rr")
    assert running.rpc("service.list")[1]["scheduler"] == "rr"
    running.ctl("service", "delete", *named)
    assert len(running.rpc("service.list")) == 1


def test_apply_and_save(running, network, tmp_path):
    config = json.loads(running.ctl("config").stdout)
    config["services"][0]["scheduler"] = "rr"
    changed = tmp_path / "changed.json"
    changed.write_text("// with a comment\n" + json.dumps(config))

    assert "scheduler" in running.ctl("apply", changed, "--dry-run").stdout
    assert running.rpc("service.list")[0]["scheduler"] == "mh"
    running.ctl("apply", changed)
    assert running.rpc("service.list")[0]["scheduler"] == "rr"
    running.ctl("save")
    assert json.loads(running.config_file.read_text())["services"][0]["scheduler"] == "rr"


class TestExitStatus:
    def test_1_what_the_daemon_refuses(self, running, network, tmp_path):
        done = running.ctl("service", "delete", "tcp", f"{network.UNUSED}:80", check=False)
        assert done.returncode == 1
        assert network.UNUSED in done.stderr

        config = running.rpc("config.get")
        config["services"][0]["real_servers"][0]["address"] = "203.0.113.1"
        bad = tmp_path / "bad.json"
        bad.write_text(json.dumps(config))
        done = running.ctl("apply", bad, check=False)
        assert done.returncode == 1
        assert "/services/0/real_servers/0/address" in done.stderr

    @pytest.mark.parametrize(
        "words",
        [["paint"], ["services", "more"], ["--colour", "status"], ["service", "add"], ["service", "add", "tcp", "x:80"], []],
    )
    def test_2_wrong_usage(self, running, words):
        done = running.ctl(*words, check=False)
        assert done.returncode == 2
        assert done.stderr.strip()

    def test_3_no_daemon(self, tmp_path):
        missing = tmp_path / "missing.sock"
        done = subprocess.run([TURNOUTCTL, "--socket", missing, "status"], capture_output=True, text=True, timeout=10)
        assert done.returncode == 3
        assert str(missing) in done.stderr

    def test_0_help(self):
        assert subprocess.run([TURNOUTCTL, "help"], capture_output=True, timeout=10).returncode == 0
