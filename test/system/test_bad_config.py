"""What can't work is refused at once, with the place, the reason and a clean exit."""

import contextlib
import copy
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from director import HTTP, TURNOUTD, Director, af_packet, service
from network import ROOT

NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def good(director: Director, network, servers) -> dict:
    return director.config([service(network.VIP, servers)])


def check(config_file: Path, prefix=()) -> subprocess.CompletedProcess:
    return subprocess.run(
        [*prefix, TURNOUTD, "--check", "--config", config_file], capture_output=True, text=True, timeout=10
    )


def end_of(director: Director, config: dict) -> tuple[int, str]:
    """The exit status and the words of a turnoutd that is expected to give up."""
    director.write(config)
    process = director.launch("--config", director.config_file)
    try:
        process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise AssertionError(f"turnoutd runs under a configuration that can't work:\n{director.log()}") from None
    return process.returncode, director.log()


def gives_up(director: Director, config: dict, *words: str) -> None:
    """It ends by itself, in order, and says all of the words (regular expressions)."""
    status, log = end_of(director, config)
    assert 0 < status < 126, f"status {status}:\n{log}"
    for word in words:
        assert re.search(word, log, re.IGNORECASE), f"nothing like {word!r} in:\n{log}"
    assert "terminate called" not in log


class TestCheck:
    def test_a_good_file_is_accepted(self, network, director, servers):
        director.write(good(director, network, servers))
        done = check(director.config_file)
        assert done.returncode == 0, done.stderr

    @pytest.mark.parametrize("example", sorted(ROOT.glob("conf/*.jsonc")), ids=lambda path: path.name)
    def test_every_example_is_accepted(self, example):
        done = check(example)
        assert done.returncode == 0, done.stderr

    def test_comments_are_allowed(self, network, director, servers):
        text = json.dumps(good(director, network, servers), indent=2)
        director.config_file.write_text("// the first line\n" + text.replace('"services"', '/* all */ "services"'))
        assert check(director.config_file).returncode == 0

    @pytest.mark.parametrize(
        ("pointer", "value"),
        [
            ("/colour", "red"),
            ("/eal/lcores", 3),
            ("/ports", []),
            ("/ports/0/addresses/0", "192.0.2.2"),
            ("/ports/0/gateway", "203.0.113.1"),
            ("/connections", {"capacity": -1}),
            ("/services/0/vip", "192.0.2.2"),
            ("/services/0/protocol", "dccp"),
            ("/services/0/port", 65536),
            ("/services/0/scheduler", "fastest"),
            ("/services/0/real_servers/1/address", "192.0.2.11"),
            ("/services/0/real_servers/1/address", "203.0.113.1"),
            ("/services/0/real_servers/1/weight", "heavy"),
            ("/services/0/real_servers/1/mac", "ff:ff:ff:ff:ff:ff"),
            ("/services/0/real_servers/1/wieght", 2),
        ],
    )
    def test_a_fault_is_named_by_its_pointer(self, network, director, servers, pointer, value):
        config = good(director, network, servers)
        place = config
        *path, last = [int(step) if step.isdigit() else step for step in pointer.split("/")[1:]]
        for step in path:
            place = place[step]
        place[last] = value
        director.write(config)
        done = check(director.config_file)
        assert done.returncode == 2
        assert pointer in done.stderr, done.stderr

    def test_all_faults_are_named_at_once(self, network, director, servers):
        config = good(director, network, servers)
        config["services"][0]["port"] = 0
        config["services"][0]["scheduler"] = 7
        del config["ports"][0]["device"]
        director.write(config)
        done = check(director.config_file)
        assert done.returncode == 2
        for pointer in ("/services/0/port", "/services/0/scheduler", "/ports/0"):
            assert pointer in done.stderr, done.stderr

    @pytest.mark.parametrize("text", ["", "{", '{"ports": [],}', "\0\1\2", "[1, 2", "null"])
    def test_what_is_no_configuration_is_refused(self, director, text):
        director.config_file.write_text(text)
        done = check(director.config_file)
        assert done.returncode == 2
        assert done.stderr.strip()

    def test_a_missing_file_is_named(self, tmp_path):
        done = check(tmp_path / "missing.json")
        assert done.returncode == 2
        assert "missing.json" in done.stderr

    def test_it_touches_no_device_and_needs_no_root(self, network, director, servers):
        config = good(director, network, servers)
        config["eal"]["args"].append(af_packet(1, "nowhere"))
        with readable_by_all(config) as folder:
            done = check(folder / "turnout.json", [*NOBODY])
        assert done.returncode == 0, done.stderr


@contextlib.contextmanager
def readable_by_all(config: dict):
    """A folder with the configuration and the program, for a user who may not look into the test's own."""
    with tempfile.TemporaryDirectory(prefix="turnout-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "turnout.json").write_text(json.dumps(config))
        shutil.copy(TURNOUTD, folder / "turnoutd")
        yield folder


def test_a_missing_device_is_named(network, director, servers):
    config = good(director, network, servers)
    config["ports"][0]["device"] = "net_af_packet5"
    gives_up(director, config, "net_af_packet5")


def test_a_missing_interface_is_named(network, director, servers):
    config = director.config([service(network.VIP, servers)], devices=[af_packet(0, "nowhere")])
    gives_up(director, config, "net_af_packet0", "nowhere")


def test_a_second_daemon_on_the_same_socket_is_refused(network, director, servers, tmp_path):
    config = good(director, network, servers)
    director.start(config)
    (tmp_path / "second").mkdir()
    second = Director(network.director, tmp_path / "second")
    config["http"]["listen"] = "127.0.0.1:9878"
    gives_up(second, config, re.escape(str(director.socket)))
    assert director.rpc("daemon.info")["pid"] == director.process.pid


def test_a_taken_http_address_is_named(network, director, servers):
    with contextlib.closing(network.director.socket()) as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(HTTP)
        taken.listen()
        gives_up(director, good(director, network, servers), re.escape("%s:%d" % HTTP), "in use")


def test_a_missing_folder_of_the_socket_is_named(network, director, servers, tmp_path):
    config = good(director, network, servers)
    config["control"]["socket"] = str(tmp_path / "no" / "such" / "folder" / "control.sock")
    gives_up(director, config, "no/such/folder")


def test_a_missing_file_is_named(director):
    process = director.launch("--config", director.folder / "missing.json")
    process.communicate(timeout=10)
    assert process.returncode == 2
    assert "missing.json" in director.log()


def test_a_user_without_rights_is_told_so(network, director, servers):
    config = good(director, network, servers)
    with readable_by_all(config) as folder:
        config["control"]["socket"] = str(folder / "control.sock")
        (folder / "turnout.json").write_text(json.dumps(config))
        os.chown(folder, 65534, 65534)
        done = network.director.run(*NOBODY, folder / "turnoutd", "--config", folder / "turnout.json", check=False)
    assert 0 < done.returncode < 126, done.stderr
    assert re.search("permi|root|privilege|CAP_NET", done.stderr), done.stderr


@pytest.mark.parametrize("what", ["EAL memory", "buffers", "connections"])
def test_too_little_memory_is_said(network, director, servers, what):
    config = copy.deepcopy(good(director, network, servers))
    if what == "EAL memory":
        arguments = config["eal"]["args"]
        arguments[arguments.index("-m") + 1] = "2"
    elif what == "buffers":
        config["buffers"] = {"count": 4_000_000}
    else:
        config["connections"] = {"capacity": 1 << 30}
    gives_up(director, config, "memory")


def test_lcores_that_do_not_exist_are_refused(network, director, servers):
    gives_up(director, director.config([service(network.VIP, servers)], lcores="0@0,1@1000"), "lcore|cpu|core")


@pytest.mark.parametrize("arguments", [["--colour"], [], ["--config"], ["--log-level", "loud", "--check"]])
def test_wrong_arguments_are_refused(director, arguments):
    process = director.launch(*arguments)
    process.communicate(timeout=10)
    assert process.returncode == 2, director.log()
    assert director.log().strip()


def test_version_is_printed():
    done = subprocess.run([TURNOUTD, "--version"], capture_output=True, text=True, timeout=10)
    assert done.returncode == 0
    assert re.search(r"\d+\.\d+", done.stdout)
