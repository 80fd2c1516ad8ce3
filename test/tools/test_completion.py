"""Tab in bash and zsh: commands and options from turnoutctl's registry, names from the running daemon."""

import json
import os
import shutil
import subprocess
import time

import pytest

import shells
from fake_daemon import FakeDaemon
from programs import TURNOUTCTL, turnoutctl

SERVICES = [
    {
        "vip": "192.0.2.100", "protocol": "tcp", "port": 80, "scheduler": "mh",
        "real_servers": [{"address": "192.0.2.11", "weight": 1}, {"address": "192.0.2.12", "weight": 2}],
    },
    {
        "vip": "192.0.2.100", "protocol": "tcp", "port": 443, "scheduler": "rr",
        "real_servers": [{"address": "192.0.2.13", "weight": 1}],
    },
    {
        "vip": "2001:db8::100", "protocol": "udp", "port": 53, "scheduler": "rr",
        "real_servers": [{"address": "2001:db8::11", "weight": 1}],
    },
    {
        "group": "web", "members": [{"vip": "192.0.2.102", "protocol": "tcp", "port": 80}], "scheduler": "rr",
        "real_servers": [{"address": "192.0.2.14", "weight": 1}],
    },
]  # fmt: skip
ANSWERS = {
    "service.list": SERVICES,
    "vip.list": [{"address": "192.0.2.100"}, {"address": "2001:db8::100"}],
    "port.list": [{"name": "lan", "device": "net_af_packet0"}],
    "config.history": [{"generation": 12, "how": "server.edit", "time": "2026-01-01T00:00:00Z"}],
}


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    with FakeDaemon(tmp_path_factory.mktemp("socket") / "control.sock", ANSWERS) as fake:
        yield fake


@pytest.fixture(scope="module")
def registry() -> dict:
    return json.loads(turnoutctl("--json", "help").stdout)


def offered(daemon, *words: str, program="turnoutctl") -> list[str]:
    """What is offered for the last of the words."""
    run = turnoutctl("__complete", "--", *words, socket=str(daemon.path), program=program)
    assert (run.returncode, run.stderr) == (0, "")
    return [line.split("\t")[0] for line in run.stdout.splitlines()]


def test_every_command_and_option_is_offered(daemon, registry):
    for group in registry["groups"]:
        for command in group["commands"]:
            words = command["name"].split()
            for count, word in enumerate(words):
                assert word in offered(daemon, *words[:count], word[:2]), command["name"]
            options = offered(daemon, *words, "--")
            assert {"--" + option["name"] for option in command["options"]} <= set(options), command["name"]


@pytest.mark.parametrize(
    ("words", "candidates"),
    [
        (["server", ""], ["add", "edit", "delete"]),
        (["server", "delete", ""], ["group", "tcp", "udp"]),
        (["server", "delete", "tcp", ""], ["192.0.2.100:80", "192.0.2.100:443"]),
        (["server", "delete", "udp", "[2"], ["[2001:db8::100]:53"]),
        (["server", "delete", "group", ""], ["web"]),
        (["server", "delete", "group", "web", "192"], ["192.0.2.14"]),
        (["server", "delete", "tcp", "192.0.2.100:80", ""], ["192.0.2.11", "192.0.2.12"]),
        (["server", "edit", "tcp", "192.0.2.100:443", "192.0.2.13", "--w"], ["--weight"]),
        (["server", "edit", "--weight", "3", "tcp", "192.0.2.100:443", ""], ["192.0.2.13"]),
        (["service", "edit", "tcp", "192.0.2.100:80", "--scheduler", "w"], ["wrr", "wlc"]),
        (["service", "edit", "tcp", "192.0.2.100:80", "--scheduler=s"], ["--scheduler=sh", "--scheduler=sed"]),
        (["service", "edit", "tcp", "192.0.2.100:80", "--on-down", ""], ["reassign", "keep"]),
        (["connections", "--service", "tcp/192.0.2.100:4"], ["tcp/192.0.2.100:443"]),
        (["connections", "--client", ""], []),
        (["trace", "tcp", "203.0.113.7:40000", ""], ["192.0.2.100:80", "192.0.2.100:443"]),
        (["trace", "--port", ""], ["lan"]),
        (["trace", "--flags", "s"], ["syn"]),
        (["vip", "2"], ["2001:db8::100"]),
        (["vip", "192.0.2.100", "--echo", "w"], ["while_up"]),
        (["--json", "server", "delete", "group", ""], ["web"]),
        (["--soc"], ["--socket"]),
        (["--socket", ""], [":files"]),
        (["apply", ""], [":files"]),
        (["import", "k"], ["keepalived"]),
        (["import", "keepalived", ""], [":files"]),
        (["completion", "z"], ["zsh"]),
        (["help", "dra"], ["drain"]),
        (["-A", "-t", ""], ["192.0.2.100:80", "192.0.2.100:443"]),
        (["-a", "-u", "[2001:db8::100]:53", "-r", "2"], ["2001:db8::11"]),
        (["-A", "-t", "192.0.2.100:80", "-s", "se"], ["sed"]),
        (["nonsense", ""], []),
    ],
)
def test_offers_what_can_come_next(daemon, words, candidates):
    got = offered(daemon, *words)
    assert [word for word in got if not word.startswith("--") or words[-1].startswith("--")] == candidates


@pytest.mark.parametrize(
    ("program", "words", "candidates"),
    [
        ("turnout-ipvsadm", [""], "-A -E -D -C -L -Z -a -e -d --set -h -v -R -S"),
        ("turnout-ipvsadm", ["--add-s"], "--add-service --add-server"),
        ("turnout-ipvsadm", ["--l"], "--list"),
        ("turnout-ipvsadm", ["-d", ""], "-t -u --sctp-service -f -r"),
        ("turnout-ipvsadm", ["-d", "-t", "192.0.2.100:4"], "192.0.2.100:443"),
        ("turnout-ipvsadm", ["-d", "-t", "192.0.2.100:443", ""], "-r"),
        ("turnout-ipvsadm", ["-d", "-t", "192.0.2.100:443", "-r", ""], "192.0.2.13"),
        ("turnout-ipvsadm", ["-dt", "192.0.2.100:443", "-r", ""], "192.0.2.13"),
        ("turnout-ipvsadm", ["--delete-server", "--tcp-service=192.0.2.100:443", "-r", ""], "192.0.2.13"),
        ("turnout-ipvsadm", ["-a", "-t", "192.0.2.100:443", "-r", "192"], "192.0.2.11 192.0.2.12 192.0.2.13 192.0.2.14"),
        ("turnout-ipvsadm", ["-a", "-t", "192.0.2.100:443", "-r", "192.0.2.11", "-g", ""], "-w -x -y"),
        ("turnout-ipvsadm", ["-A", "-u", "192.0.2.9:53", "-p", ""], "-s -M -o -b"),
        ("turnout-ipvsadm", ["-A", "-f", "7", ""], "-s -p -M -6 -o -b --member"),
        ("turnout-ipvsadm", ["-A", "-t", "192.0.2.9:80", "-s", "mh", "-b", "mh"], "mh-port mh-fallback"),
        ("turnout-ipvsadm", ["-Ln", "--st"], "--stats"),
        ("turnout-ipvsadm", ["-L", "-c", ""], "-n --stats --rate --thresholds --persistent-conn --nosort -X"),
        ("turnout-ipvsadm", ["--socket", ""], ":files"),
        ("turnout-ipvsadm", ["-q", ""], ""),
        ("turnout-ipvsadm", ["-n", ""], ""),
        ("turnout-ipvsadm", ["-C", ""], ""),
        ("turnout-ipvsadm-save", [""], "-n"),
        ("turnout-ipvsadm-restore", [""], ""),
        ("turnoutctl", ["-Z", ""], "-t -u --sctp-service -f"),
    ],
)
def test_offers_what_can_come_next_in_the_grammar_of_ipvsadm(daemon, program, words, candidates):
    assert offered(daemon, *words, program=program) == candidates.split()


def test_offers_an_option_once_unless_it_may_be_repeated(daemon):
    words = ["service", "add", "tcp", "192.0.2.9:80", "--server", "192.0.2.11", "--scheduler", "rr", "--s"]
    assert "--server" in offered(daemon, *words)
    assert "--scheduler" not in offered(daemon, *words)


def test_is_not_in_the_help():
    assert "__complete" not in turnoutctl("--help").stdout


def test_asks_the_daemon_that_the_line_names(daemon):
    run = turnoutctl("__complete", "--", "--socket", str(daemon.path), "server", "delete", "group", "")
    assert run.stdout.startswith("web\t")


def test_is_silent_without_a_daemon():
    run = turnoutctl("__complete", "--", "server", "delete", "tcp", "")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_does_not_wait_for_a_daemon_that_hangs(tmp_path):
    with FakeDaemon(tmp_path / "control.sock", {}, silent=True) as hung:
        started = time.monotonic()
        assert offered(hung, "server", "delete", "tcp", "") == []
        assert time.monotonic() - started < 15, "a person waits for Tab: the usual 30 seconds are for commands"
        assert hung.asked == ["service.list"]


@pytest.mark.parametrize("shell", ["bash", "zsh"])
class TestAtTheTerminal:
    LINES = [
        ("turnoutctl stat", "turnoutctl stat"),  # status, stats
        ("turnoutctl statu", "turnoutctl status "),
        ("turnoutctl server ed", "turnoutctl server edit "),
        ("turnoutctl server delete tcp 192.0.2.100:4", "turnoutctl server delete tcp 192.0.2.100:443 "),
        ("turnoutctl server delete tcp 192.0.2.100:80 192.0.2.11", "turnoutctl server delete tcp 192.0.2.100:80 192.0.2.11 "),
        ("turnoutctl server delete udp '[2", None),  # quotes are the user's affair: it has to stay harmless
        ("turnoutctl server delete group w", "turnoutctl server delete group web "),
        ("turnoutctl service edit tcp 192.0.2.100:80 --scheduler=se", "turnoutctl service edit tcp 192.0.2.100:80 --scheduler=sed "),
        ("turnoutctl vip 192.0.2.100 --echo wh", "turnoutctl vip 192.0.2.100 --echo while_up "),
        ("turnout-ipvsadm -E -t 192.0.2.100:4", "turnout-ipvsadm -E -t 192.0.2.100:443 "),
        ("turnout-ipvsadm --add-servi", "turnout-ipvsadm --add-service "),
        ("turnout-ipvsadm-save --nu", "turnout-ipvsadm-save --numeric "),
    ]  # fmt: skip

    def open(self, shell, daemon, folder):
        if shutil.which(shell) is None:
            pytest.skip(f"{shell} is missing; run: sudo scripts/setup-host --dev")
        script = folder / f"turnoutctl.{shell}"
        script.write_text(turnoutctl("completion", shell).stdout)
        path = f"{TURNOUTCTL.parent}:{os.environ['PATH']}"
        return getattr(shells, shell)(str(script), {"PATH": path, "TURNOUT_SOCKET": str(daemon.path)})

    def test_tab_completes(self, shell, daemon, tmp_path):
        with self.open(shell, daemon, tmp_path) as terminal:
            for typed, line in self.LINES:
                got = terminal.line(typed)
                assert line is None or got == line, f"{typed!r}: {terminal.said!r}"

    def test_tab_completes_names_of_files(self, shell, daemon, tmp_path):
        (tmp_path / "rules-of-today").write_text("")
        with self.open(shell, daemon, tmp_path) as terminal:
            assert terminal.line(f"turnoutctl apply {tmp_path}/rules").strip() == f"turnoutctl apply {tmp_path}/rules-of-today"

    def test_tab_does_nothing_without_a_daemon(self, shell, daemon, tmp_path):
        with self.open(shell, daemon, tmp_path) as terminal:
            typed = "turnoutctl --socket /nonexistent/sock server delete tcp 1"
            assert terminal.line(typed) == typed
            assert b"no daemon" not in terminal.said


def test_bash_script_is_clean():
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is missing; run: sudo scripts/setup-host --dev")
    script = turnoutctl("completion", "bash").stdout
    subprocess.run(["shellcheck", "-"], input=script, text=True, check=True)
