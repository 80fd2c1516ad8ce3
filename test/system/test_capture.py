"""Packets, and what became of each, in a file that Wireshark reads: turnoutctl capture."""

import json
import os
import signal
import subprocess
import time

import pytest
from scapy.layers.inet import ICMP, IP, TCP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.utils import PcapNgReader

from clients import ask_many
from director import TURNOUTCTL, service
from forge import Flood
from network import Wire
from rpc import RpcError
from waiting import wait_for

FIELDS = ("frame.comment", "frame.time_epoch", "frame.len", "frame.cap_len", "frame.interface_name", "eth.dst", "ip.src",
          "ipv6.src", "frame.packet_flags_direction")  # fmt: skip


def path_of(of: dict) -> str:
    """As turnoutctl's options name a service."""
    vip = of["vip"]
    return f"{of['protocol']}/{f'[{vip}]' if ':' in vip else vip}:{of['port']}"


class Capturing:
    """turnoutctl capture, running until it is ended."""

    def __init__(self, director, file, *options):
        self.file = file
        self.director = director
        self.process = subprocess.Popen(
            [TURNOUTCTL, "--socket", director.socket, "capture", file, *map(str, options)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self):
        wait_for("the capture", lambda: self.process.poll() is not None or self.director.rpc("capture.list"))
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        wait_for("the end of the capture", lambda: self.director.rpc("capture.list") == [])

    def wait(self, seconds=10) -> str:
        """What it says at its end."""
        _, said = self.process.communicate(timeout=seconds)
        assert self.process.returncode == 0, said
        return said

    def end(self) -> str:
        self.process.send_signal(signal.SIGINT)
        return self.wait()

    def captured(self) -> int:
        return self.director.rpc("capture.list")[0]["captured"]


def dissect(file) -> list[dict]:
    """What Wireshark sees: a row for each packet."""
    arguments = [word for field in FIELDS for word in ("-e", field)]
    done = subprocess.run(
        ["tshark", "-n", "-r", file, "-T", "fields", "-E", "separator=|", *arguments],
        capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "malformed" not in done.stderr and "damaged" not in done.stderr, done.stderr
    return [dict(zip(FIELDS, line.split("|"), strict=True)) for line in done.stdout.splitlines()]


def comments(file) -> list[str]:
    return [row["frame.comment"] for row in dissect(file)]


def frames(file) -> list[Ether]:
    """What Scapy sees, whose reader shares nothing with Wireshark's."""
    with PcapNgReader(str(file)) as reader:
        return list(reader)


@pytest.fixture
def web(lan, serve):
    vip, servers = lan
    return serve(service(vip, servers, "rr"))


def stray(dual_network, vip: str, port: int) -> Ether:
    """The client begins a connection to a port of the VIP."""
    ip = IPv6(src=dual_network.client.address6, dst=vip) if ":" in vip else IP(src=dual_network.client.address, dst=vip)
    return Ether(src=dual_network.client.mac(), dst=dual_network.director.mac("dir0")) / ip / TCP(sport=4000, dport=port)


def test_requests_are_captured_with_the_real_server_that_each_went_to(dual_network, standing, web, lan, tmp_path):
    vip, servers = lan
    file = tmp_path / "all.pcapng"
    before = standing.service_stats(web)["packets"]
    with Capturing(standing, file, "--service", path_of(web)) as capture:
        started = time.time()
        assert len(ask_many(dual_network.client, vip, 30)) == 3
        wait_for("the ends of the connections", lambda: standing.active(web) == 0)
        wait_for("the packets", lambda: capture.captured() == standing.service_stats(web)["packets"] - before)
        said = capture.end()
    count = standing.service_stats(web)["packets"] - before
    assert f"{count} packets captured" in said and "; 0 missed" in said, said
    rows = dissect(file)
    assert len(rows) == len(frames(file)) == count
    macs = {address: standing.neighbor(address)["mac"] for address in servers}
    for row in rows:
        address = next(address for address, mac in macs.items() if mac == row["eth.dst"])  # as it left
        assert row["frame.comment"].startswith(f"transmitted: to real server {address}; service ")
        assert row["frame.comment"].endswith("; came by port lan; left by port lan")
        assert row["frame.packet_flags_direction"] in ("2", "0x00000002")  # outbound
        assert row["frame.interface_name"] == "dir0"
        assert started - 1 < float(row["frame.time_epoch"]) < time.time()
        assert row["frame.len"] == row["frame.cap_len"]
    assert len({row["eth.dst"] for row in rows}) == 3
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_is_dropped_is_shown_as_it_came_with_the_reason(dual_network, standing, web, lan, tmp_path):
    vip, _ = lan
    file = tmp_path / "drops.pcapng"
    frame = stray(dual_network, vip, 81)
    with Capturing(standing, file, "--drop-reason", "no_service") as capture, Wire(dual_network.client) as wire:
        ask_many(dual_network.client, vip, 3)
        for _ in range(5):
            wire.send(frame)
        wait_for("the packets", lambda: capture.captured() == 5)
        capture.end()
    assert [bytes(seen) for seen in frames(file)] == [bytes(frame)] * 5
    assert set(comments(file)) == {
        "dropped: no_service: it is for a VIP, but no virtual service has that protocol and port; came by port lan"
    }


def test_filters_take_what_they_say_and_nothing_else(dual_network, standing, web, lan, tmp_path):
    vip, servers = lan
    cases = {
        f"server={servers[0]}": f"real server {servers[0]};",
        f"client={dual_network.UNUSED6 if ':' in vip else dual_network.UNUSED}": None,
        f"service={path_of(web)} fate=dropped": None,
        "fate=originated": "originated: ",
        f"client={dual_network.client.address6 if ':' in vip else dual_network.client.address} fate=transmitted": "to real",
    }  # fmt: skip
    for number, (words, expected) in enumerate(cases.items()):
        file = tmp_path / f"{number}.pcapng"
        with Capturing(standing, file, "--filter", words) as capture:
            ask_many(dual_network.client, vip, 6)
            dual_network.client.ping(vip)
            capture.end()
        told = comments(file)
        assert all(expected and expected in comment for comment in told), (words, told)
        assert bool(told) == bool(expected), words


def test_an_answered_ping_is_a_punt_and_a_frame_of_the_directors_own(dual_network, standing, tmp_path, web):
    file = tmp_path / "ping.pcapng"
    with Capturing(standing, file, "--client", dual_network.client.address) as capture:
        assert dual_network.client.ping(dual_network.DIRECTOR) == 1
        capture.end()
    pings = [frame for frame in frames(file) if ICMP in frame]
    assert [frame[ICMP].type for frame in pings] == [8, 0]
    told = comments(file)
    assert any(comment.startswith("punted: icmp_echo: ") for comment in told)
    assert any(comment.startswith("originated: ") for comment in told)


def test_it_ends_by_packets_by_size_and_by_time(dual_network, standing, web, lan, tmp_path):
    vip, _ = lan
    flooded = [bytes(stray(dual_network, vip, 81)) for _ in range(256)]
    file = tmp_path / "bounded.pcapng"
    with Flood(dual_network.client, flooded), Capturing(standing, file, "--packets", 100) as capture:
        assert "as many packets as it may have" in capture.wait()
    assert len(frames(file)) == 100
    with Flood(dual_network.client, flooded), Capturing(standing, file, "--size", "20k") as capture:
        assert "as long as it may be" in capture.wait()
    assert 18_000 < file.stat().st_size <= 20_000
    assert len(dissect(file)) == len(frames(file)) > 50
    began = time.monotonic()
    with Capturing(standing, file, "--seconds", 2) as capture:
        assert "its time is up" in capture.wait()
    assert time.monotonic() - began >= 2
    capinfos = subprocess.run(["capinfos", "-T", "-r", "-c", file], capture_output=True, text=True, timeout=10)
    assert capinfos.returncode == 0, capinfos.stderr


def test_a_snaplen_cuts_frames_and_keeps_their_length(dual_network, standing, web, lan, tmp_path):
    vip, _ = lan
    file = tmp_path / "short.pcapng"
    with Capturing(standing, file, "--service", path_of(web), "--snaplen", 64) as capture:
        ask_many(dual_network.client, vip, 3)
        capture.end()
    rows = dissect(file)
    assert any(int(row["frame.len"]) > 100 for row in rows)  # the requests
    assert all(int(row["frame.cap_len"]) == min(int(row["frame.len"]), 64) for row in rows)


def test_it_ends_with_the_one_who_reads_it(dual_network, standing, tmp_path):
    since = standing.rpc("events.list", {"limit": 0})["last"]
    with Capturing(standing, tmp_path / "first.pcapng") as capture:
        assert standing.metrics()["turnout_capture_active"] == {"": 1}
        assert "capture_running" in standing.ctl("doctor", check=False).stdout
        refused = standing.ctl("capture", tmp_path / "second.pcapng", check=False)
        assert refused.returncode == 1 and "a capture runs already" in refused.stderr
        assert not (tmp_path / "second.pcapng").exists()
        capture.process.kill()  # SIGKILL: it can't say good-bye
        wait_for("its end", lambda: standing.metrics()["turnout_capture_active"] == {"": 0}, 2)
    told = standing.rpc("events.list", {"since": since, "kinds": ["capture_started", "capture_ended"]})["events"]
    assert [event["kind"] for event in told] == ["capture_started", "capture_ended"]
    assert told[1]["reason"] == "client_gone" and "turnoutctl[" in told[0]["by"]


def test_one_who_reads_slowly_misses_packets_and_forwarding_does_not(dual_network, standing, web, lan, tmp_path):
    vip, _ = lan
    flooded = [bytes(stray(dual_network, vip, 81)) for _ in range(256)]
    file = tmp_path / "slow.pcapng"
    with Capturing(standing, file) as capture:
        capture.process.send_signal(signal.SIGSTOP)
        with Flood(dual_network.client, flooded):
            wait_for("packets that are missed", lambda: standing.rpc("capture.list")[0]["missed"] > 1000, 20)
        assert "capture_missed" in standing.ctl("doctor", check=False).stdout
        assert len(ask_many(dual_network.client, vip, 12)) == 3
        capture.process.send_signal(signal.SIGCONT)
        said = capture.end()
    ended = standing.rpc("events.list", {"kinds": ["capture_ended"]})["events"][-1]
    assert ended["matched"] == ended["captured"] + ended["missed"]
    assert ended["captured"] == len(frames(file)) > 1000
    assert f"{ended['missed']} missed" in said and "a narrower --filter" in said
    standing.check_books()
    counted = standing.metrics()["turnout_capture_packets_total"]
    assert counted['result="missed"'] >= ended["missed"] and counted['result="captured"'] >= ended["captured"]


def test_it_can_be_piped(dual_network, standing, web, lan):
    vip, _ = lan
    words = [TURNOUTCTL, "--socket", standing.socket, "capture", "-", "--filter", f"service={path_of(web)}"]
    with (
        subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as ctl,
        subprocess.Popen(
            ["tshark", "-n", "-l", "-r", "-", "-c", "5", "-T", "fields", "-e", "frame.comment"],
            stdin=ctl.stdout, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        ) as tshark,
    ):  # fmt: skip
        ctl.stdout.close()
        wait_for("the capture", lambda: standing.rpc("capture.list"))
        ask_many(dual_network.client, vip, 10)
        told, _ = tshark.communicate(timeout=20)
        assert told.count("transmitted: to real server") == 5
        ask_many(dual_network.client, vip, 3)  # turnoutctl finds that nobody reads any more
        assert ctl.wait(10) == 0
    wait_for("its end", lambda: standing.rpc("capture.list") == [])


@pytest.mark.parametrize(
    ("params", "pointer", "words"),
    [
        ({"filter": {"drop_reason": "no_such"}}, "/filter/drop_reason", "no_headroom"),
        ({"filter": {"drop_reason": ["no_service", 7]}}, "/filter/drop_reason/1", "no_service"),
        ({"filter": {"fate": "lost"}}, "/filter/fate", "transmitted, punted, dropped, originated"),
        ({"filter": {"fate": "punted", "drop_reason": "too_big"}}, "/filter/fate", "dropped"),
        ({"filter": {"service": {"vip": "192.0.2.7", "protocol": "tcp", "port": 80}}}, "/filter/service", "no such"),
        ({"filter": {"server": "192.0.2.250"}}, "/filter/server", "192.0.2.250"),
        ({"filter": {"client": "198.51.100.0/33"}}, "/filter/client", "prefix"),
        ({"filter": {"color": "red"}}, "/filter/color", "known here"),
        ({"filter": {"client": []}}, "/filter/client", "leave it out"),
        ({"snaplen": 20000}, "/snaplen", "16384"),
        ({"seconds": 0}, "/seconds", "86400"),
        ({"max_packets": 0}, "/max_packets", "1"),
        ({"file": "/etc/passwd"}, "/file", "unknown parameter"),
    ],
)
def test_what_can_not_be_captured_is_refused(standing, params, pointer, words):
    with pytest.raises(RpcError) as refused:
        standing.rpc("capture.start", params)
    assert pointer in refused.value.pointers()
    assert words in refused.value.message
    assert standing.rpc("capture.list") == []


def test_a_service_that_comes_and_goes_is_followed(dual_network, standing, web, lan, tmp_path):
    """The numbers that a filter stands for are those of each configuration, however it changes."""
    vip, servers = lan
    file = tmp_path / "changes.pcapng"
    named = {name: web[name] for name in ("vip", "protocol", "port")}
    with Capturing(standing, file, "--filter", f"server={servers[2]}") as capture:
        standing.rpc("server.delete", {"service": named, "server": {"address": servers[2]}})
        ask_many(dual_network.client, vip, 6)
        assert capture.captured() == 0
        standing.rpc("server.add", {"service": named, "server": {"address": servers[2]}})
        standing.wait_resolved()
        assert len(ask_many(dual_network.client, vip, 12)) == 3
        capture.end()
    told = comments(file)
    assert told and all(f"real server {servers[2]};" in comment for comment in told)


def test_a_file_that_can_not_be_written_ends_it(standing, tmp_path):
    done = standing.ctl("capture", tmp_path / "no" / "such" / "folder.pcapng", check=False)
    assert done.returncode == 2 and "can't write" in done.stderr
    wait_for("its end", lambda: standing.rpc("capture.list") == [])
    if os.path.exists("/dev/full"):
        done = standing.ctl("capture", "/dev/full", check=False)
        assert done.returncode == 2 and "No space left" in done.stderr
        wait_for("its end", lambda: standing.rpc("capture.list") == [])


def test_its_counts_are_printed_for_programs(standing, tmp_path):
    done = standing.ctl("--json", "capture", tmp_path / "short.pcapng", "--seconds", 1)
    counts = json.loads(done.stdout)
    assert counts["ended"] == "time" and counts["matched"] == counts["captured"] + counts["missed"]
    assert counts["bytes"] == (tmp_path / "short.pcapng").stat().st_size
