"""What happens is told as it happens: events.list and turnoutctl watch-events."""

import json
import os
import signal
import subprocess

import pytest

from director import TURNOUTCTL, key, service
from faults import without_vip
from rpc import RpcClient
from waiting import wait_for

FAST = {"type": "tcp", "interval": 0.2, "timeout": 0.15, "rise": 2, "fall": 2}


class Watcher:
    """turnoutctl watch-events, and what it has printed so far."""

    def __init__(self, director, *arguments):
        self.process = subprocess.Popen(
            [TURNOUTCTL, "--socket", director.socket, "watch-events", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        os.set_blocking(self.process.stdout.fileno(), False)
        self._text = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()

    def events(self) -> list[dict]:
        self._text += self.process.stdout.read() or b""
        whole = self._text[: self._text.rfind(b"\n") + 1]
        return [json.loads(line) for line in whole.splitlines()]

    def wait_for(self, kind: str, **fields) -> dict:
        def found():
            wanted = {"kind": kind, **fields}.items()
            return next((event for event in self.events() if wanted <= event.items()), None)

        try:
            return wait_for(f"{kind} {fields}", found)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.events()}") from None

    def end(self, sign=signal.SIGINT) -> str:
        """Its stderr."""
        self.process.send_signal(sign)
        assert self.process.wait(5) == 0
        self.events()
        assert self._text == b"" or self._text.endswith(b"\n")
        return self.process.stderr.read().decode()


@pytest.fixture
def running(network, director, servers):
    director.start(director.config([{**service(network.VIP, servers), "health": FAST}]))
    wait_for("all checks passing", lambda: all(row["state"] == "up" for row in director.rpc("health.list")))
    return director


def listed(director, *kinds: str, since=0) -> list[dict]:
    params = {"since": since, **({"kinds": kinds} if kinds else {})}
    return director.rpc("events.list", params)["events"]


def last(director) -> int:
    return director.rpc("events.list", {"limit": 0})["last"]


def test_the_start_is_told_from_its_beginning(running, network):
    events = listed(running)
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["kind"] == "daemon_started" and events[0]["pid"] == running.rpc("daemon.info")["pid"]
    assert [event["kind"] for event in events].count("daemon_ready") == 1
    assert [event["port"] for event in listed(running, "link_up")] == ["lan"]
    found = {event["address"]: event["mac"] for event in listed(running, "neighbor_found")}
    assert found == {server.address: server.mac() for server in network.servers}
    times = [event["time"] for event in events]
    assert times == sorted(times)


@pytest.mark.parametrize("watched", [[], ["--kind", "server_down", "--kind", "server_up"]], ids=["all", "chosen"])
def test_a_server_that_goes_down_is_told_with_its_cause(running, network, watched):
    ill = network.servers[1]
    with Watcher(running, "--since", str(last(running)), *watched) as watcher:
        with without_vip(ill, network.VIP):
            down = watcher.wait_for("server_down", server=ill.address)
            assert down["cause"] in ("lacks_vip", "silent"), "the second if its own address answered too late"
            assert down["severity"] == "warning"
            assert key(down["service"]) == {"vip": network.VIP, "protocol": "tcp", "port": 80}
            assert down["text"] in running.log()
        up = watcher.wait_for("server_up", server=ill.address)
        assert up["sequence"] > down["sequence"]
        assert list(down)[:5] == ["sequence", "time", "kind", "severity", "text"]


def test_a_change_is_told_with_what_changed(running, network, servers):
    vip = network.MORE_VIPS[0]
    with Watcher(running, "--since", str(last(running))) as watcher:
        running.rpc("service.add", service(vip, servers[:2]))
        applied = watcher.wait_for("config_applied")
        assert applied["generation"] == running.generation()
        assert applied["changes"] == [f"tcp {vip}:80: add service, scheduler mh, real servers {', '.join(servers[:2])}"]
        added = watcher.wait_for("service_added")
        assert added["service"]["vip"] == vip and added["servers"] == servers[:2]

        running.ctl("server", "add", "tcp", f"{vip}:80", servers[2])
        assert watcher.wait_for("server_added")["server"] == servers[2]
        running.ctl("drain", "tcp", f"{vip}:80", servers[2])
        assert watcher.wait_for("server_draining")["server"] == servers[2]
        running.rpc("service.delete", {"vip": vip, "protocol": "tcp", "port": 80})
        assert watcher.wait_for("service_removed")["service"]["vip"] == vip


def test_a_file_that_is_refused_on_sighup_is_told(running, network):
    with Watcher(running, "--since", str(last(running)), "--count", "1") as watcher:
        running.config_file.write_text('{"services": 5}')
        running.process.send_signal(signal.SIGHUP)
        refused = watcher.wait_for("config_refused")
        assert refused["severity"] == "critical"
        assert "/services" in [error["pointer"] for error in refused["errors"]]
        assert watcher.process.wait(5) == 0, "--count 1"


def test_a_watcher_goes_on_over_a_restart(running):
    with Watcher(running, "--since", "0") as watcher:
        watcher.wait_for("daemon_started", pid=running.rpc("daemon.info")["pid"])
        running.stop()
        running.start()
        watcher.wait_for("daemon_started", pid=running.rpc("daemon.info")["pid"])
        assert "turnoutd is gone; waiting for it" in watcher.end()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_it_well_at_once(running, sign):
    with Watcher(running) as watcher:
        wait_for("it waiting for events", lambda: is_asleep(watcher.process.pid))
        assert watcher.end(sign) == ""


def is_asleep(pid: int) -> bool:
    with open(f"/proc/{pid}/wchan") as wchan, open(f"/proc/{pid}/status") as status:
        held = next(int(line.split()[1], 16) for line in status if line.startswith("SigBlk"))
        return "poll" in wchan.read() and bool(held & 1 << signal.SIGINT - 1)


def test_clients_that_go_away_while_they_wait_take_no_places(running):
    for _ in range(300):  # more than may be there at once
        with RpcClient(running.socket) as client:
            client.request("events.list", {"since": last_of(client), "wait": 60})
    assert running.rpc("daemon.info")


def last_of(client: RpcClient) -> int:
    return client.call("events.list", {"limit": 0})["last"]


def test_an_answer_that_is_waited_for_comes_with_the_event(running, network):
    with running.client() as waiting:
        waiting.request("events.list", {"since": last_of(waiting), "wait": 60})
        with running.client() as other:
            other.call("server.edit", {"service": key(service(network.VIP, [])), "server": {"address": network.servers[0].address, "weight": 7}})
        events = waiting.read_response()["result"]["events"]
        assert [event["kind"] for event in events] == ["config_applied"]
