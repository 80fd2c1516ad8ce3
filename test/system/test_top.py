"""turnoutctl top on a terminal: what it draws, and that it leaves the terminal as it was."""

import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios

import pytest

from clients import ask_many
from director import TURNOUTCTL, service
from waiting import wait_for

SEQUENCE = re.compile(rb"\x1b\[(\??)([0-9;]*)([A-Za-z])")
ALTERNATE, WRAPPING, CURSOR = b"1049", b"7", b"25"  # xterm's private modes


class Terminal:
    """A terminal of as much as top uses, with a program on it."""

    def __init__(self, *command, columns=80, lines=24):
        self.master, self.slave = pty.openpty()
        os.set_blocking(self.master, False)
        self.modes = {ALTERNATE: False, WRAPPING: True, CURSOR: True}
        self.resize(columns, lines)
        self.before = termios.tcgetattr(self.slave)
        self._rest = b""
        self.process = subprocess.Popen(
            list(map(str, command)), stdin=self.slave, stdout=self.slave, stderr=subprocess.PIPE,
            env={**os.environ, "TERM": "xterm"}, start_new_session=True, preexec_fn=self._take_terminal,
        )  # fmt: skip

    def _take_terminal(self) -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        self.hang_up()
        os.close(self.slave)

    def hang_up(self) -> None:
        if self.master >= 0:
            os.close(self.master)
        self.master = -1

    def resize(self, columns: int, lines: int) -> None:
        """The kernel tells the program by SIGWINCH."""
        self.size = (columns, lines)
        self.rows = [""] * lines
        self.row, self.column = 0, 0
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def read(self) -> list[str]:
        """The screen's rows as they are now."""
        with contextlib.suppress(BlockingIOError, OSError):
            while text := os.read(self.master, 65536):
                self._rest += text
        while self._rest:
            if self._rest[0] != 0x1B:
                end = self._rest.find(b"\x1b")
                text, self._rest = (self._rest, b"") if end < 0 else (self._rest[:end], self._rest[end:])
                self._write(text.decode())
            elif sequence := SEQUENCE.match(self._rest):
                self._rest = self._rest[sequence.end() :]
                self._obey(*sequence.groups())
            else:
                break  # the rest of it is still to come
        return [row.rstrip() for row in self.rows]

    def _write(self, text: str) -> None:
        for character in text:
            if character == "\r":
                self.column = 0
            elif character == "\n":
                assert self.row + 1 < self.size[1], "it would scroll"
                self.row += 1
            else:
                assert self.column < self.size[0], f"too wide: {self.rows[self.row]}"
                row = self.rows[self.row].ljust(self.column)
                self.rows[self.row] = row[: self.column] + character + row[self.column + 1 :]
                self.column += 1

    def _obey(self, private: bytes, number: bytes, what: bytes) -> None:
        if private:
            self.modes[number] = what == b"h"
        elif what == b"H":
            self.row, self.column = 0, 0
        elif what == b"K":
            self.rows[self.row] = self.rows[self.row][: self.column]
        elif what == b"J":
            self.rows[self.row] = self.rows[self.row][: self.column]
            self.rows[self.row + 1 :] = [""] * (self.size[1] - self.row - 1)
        else:
            assert what == b"m", what

    def wait_for(self, text: str) -> list[str]:
        try:
            return wait_for(f"{text!r} on the screen", lambda: any(text in row for row in self.read()) and self.read())
        except AssertionError as error:
            raise AssertionError("\n".join([str(error), *self.read()])) from None

    def row_of(self, text: str) -> str:
        return next(row for row in self.wait_for(text) if text in row)

    def check_taken(self) -> None:
        self.read()
        assert self.modes == {ALTERNATE: True, WRAPPING: False, CURSOR: False}
        assert not termios.tcgetattr(self.slave)[3] & (termios.ECHO | termios.ICANON)

    def check_given_back(self) -> None:
        self.read()
        assert self.modes == {ALTERNATE: False, WRAPPING: True, CURSOR: True}
        assert termios.tcgetattr(self.slave) == self.before


@pytest.fixture
def running(network, director, servers):
    director.start(director.config([service(network.VIP, servers)]))
    return director


@pytest.fixture
def top(running):
    with Terminal(TURNOUTCTL, "--socket", running.socket, "top", "--interval", "1") as terminal:
        terminal.wait_for("q quit")
        yield terminal


def test_it_shows_what_flows(top, running, network):
    top.check_taken()
    assert top.row_of("tcp 192.0.2.100:80").split()[2] == "3/3"

    def sees_connections():
        ask_many(network.client, network.VIP, 3)
        rate = next(row for row in top.read() if row.startswith("tcp 192.0.2.100:80")).split()[3]
        return rate not in ("-", "0")

    wait_for("a rate of connections", sees_connections, 20)
    rows = top.read()
    assert rows[0].startswith("turnoutd up ") and rows[0].endswith("by packets/s, every 1 s")
    assert {row.split()[0] for row in rows if row.startswith("  192.0.2.")} == {s.address for s in network.servers}


def test_it_follows_the_size_of_the_terminal(top):
    assert len(top.row_of("SERVICE, REAL SERVER")) == 80
    top.resize(120, 40)
    wait_for("the wide screen", lambda: len(top.row_of("SERVICE, REAL SERVER")) == 120)
    assert top.read()[39].startswith("q quit")
    top.resize(60, 10)
    wait_for("the small screen", lambda: top.read()[9].startswith("q quit"))
    top.type("q")
    assert top.process.wait(5) == 0
    top.check_given_back()


def test_keys_do_what_the_help_says(top):
    top.type("h")
    top.wait_for("this page; any key leaves it")
    top.type("n")
    top.wait_for("SERVICE, REAL SERVER")
    top.type("n")
    top.wait_for("by name")
    top.type("/.12")
    top.wait_for("/.12_")
    top.type("\r")
    top.wait_for("filter: .12")
    assert [row.split()[0] for row in top.read() if row.startswith("  192.0.2.")] == ["192.0.2.12"]
    top.type("\x1bs")
    top.wait_for("REAL SERVER ")
    wait_for("services hidden", lambda: not any(row.startswith("tcp ") for row in top.read()))
    top.type(" ")
    top.wait_for("paused")


ENDS = {"q": "q", "Ctrl-C": "\x03", "Ctrl-backslash": "\x1c"}


@pytest.mark.parametrize("keys", ENDS.values(), ids=ENDS.keys())
def test_each_key_that_ends_it_gives_the_terminal_back(top, keys):
    top.check_taken()
    top.type(keys)
    assert top.process.wait(5) == 0
    top.check_given_back()


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_each_signal_that_ends_it_gives_the_terminal_back(top, sign):
    top.process.send_signal(sign)
    assert top.process.wait(5) == 0
    top.check_given_back()


def test_a_terminal_that_is_gone_ends_it(top):
    top.hang_up()
    assert top.process.wait(5) == 0


def test_ctrl_z_gives_the_terminal_back_until_it_goes_on(top):
    def state():
        with open(f"/proc/{top.process.pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0]

    top.type("\x1a")
    wait_for("it being stopped", lambda: state() == "T")
    top.check_given_back()
    top.process.send_signal(signal.SIGCONT)
    wait_for("it having the terminal again", lambda: top.read() and top.modes[ALTERNATE])
    top.check_taken()
    top.wait_for("q quit")


def test_it_waits_for_a_daemon_that_is_gone(top, running):
    running.stop()
    top.wait_for("turnoutd is gone: waiting for it")
    running.start()
    top.wait_for("q quit")


def test_without_a_terminal_it_prints_text_if_it_is_asked_to(running):
    once = running.ctl("top", "--once", "--interval", "1").stdout
    assert "\x1b" not in once and "tcp 192.0.2.100:80" in once and "packets/s  received" in once
    several = running.ctl("top", "--batch", "2", "--interval", "1").stdout
    assert several.count("SERVICE, REAL SERVER") == 2
    refused = running.ctl("top", check=False)
    assert refused.returncode == 2 and "--once" in refused.stderr
