"""Changing a running director as operators do: drain, maintenance, apply, save."""

import json
import os
import signal
import subprocess

import pytest

from clients import SlowDownload, ask_many, connection_to, get_over, who_answers
from director import TURNOUTCTL, key, service
from waiting import wait_for

HEALTHY = {"type": "tcp", "interval": 0.2, "timeout": 0.2, "rise": 1, "fall": 2}


def start_ctl(director, *arguments) -> subprocess.Popen:
    """turnoutctl that goes on while the test does something."""
    return subprocess.Popen(
        [TURNOUTCTL, "--socket", director.socket, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def said_by(ctl: subprocess.Popen, within=30) -> str:
    said, _ = ctl.communicate(timeout=within)
    assert ctl.returncode == 0, f"{ctl.returncode}: {said}"
    return said


def answering(network, vip: str, count=20) -> set[str]:
    return set(ask_many(network.client, vip, count))


@pytest.fixture
def two_services(network, director, servers) -> list[dict]:
    """On all three servers each, by turns, so that each of them is asked."""
    both = [service(vip, servers, "rr") for vip in (network.VIP, network.MORE_VIPS[0])]
    director.start(director.config(both))
    return both


def begin_download(network) -> tuple[SlowDownload, bytes, str]:
    """One that goes on for as long as the test wants, what it is to receive, and the server that sends it."""
    contents = {}
    for server in network.servers:
        contents[server.address] = server.name.encode() + os.urandom(8 << 20)
        (server.folder / "www" / "slow").write_bytes(contents[server.address])
    download = SlowDownload(network.client, network.VIP, "/slow")
    download.read_some()
    sender = next(address for address, content in contents.items() if content.startswith(download.received))
    return download, contents[sender], sender


@pytest.mark.parametrize("where", ["all services", "one service"])
def test_a_server_is_drained_during_a_download(network, director, two_services, servers, where):
    download, content, sender = begin_download(network)
    before = director.generation()
    only = ("--service", f"tcp {network.VIP}:80") if where == "one service" else ()
    drain = start_ctl(director, "drain", sender, *only, "--wait", "--deadline", "60s")
    wait_for("the drain", lambda: director.generation() > before)
    assert director.generation() == before + 1, "one change, however many services have it"

    others = {server.name for server in network.servers if server.address != sender}
    assert answering(network, network.VIP) == others
    elsewhere = answering(network, network.MORE_VIPS[0])
    assert elsewhere == others if where == "all services" else elsewhere > others
    assert drain.poll() is None, "the download is still active"

    assert download.read_rest() == content
    said = said_by(drain)
    assert f"Safe: {sender} has no active connections left" in said
    undo = f"turnoutctl server edit tcp {network.VIP}:80 {sender} --weight 1"
    assert undo in said
    director.ctl(*undo.split()[1:])
    assert answering(network, network.VIP) > others


def test_a_drain_that_is_not_done_by_the_deadline_says_so(network, director, two_services):
    download, content, sender = begin_download(network)
    done = director.ctl("drain", "tcp", f"{network.VIP}:80", sender, "--wait", "--deadline", "1", check=False)
    assert done.returncode == 6
    assert "Not safe yet" in done.stdout and "1 active" in done.stdout
    assert download.read_rest() == content


def test_maintenance_of_one_server_in_all_its_services(network, director, two_services, servers):
    connection = connection_to(network.client, network.VIP)
    kept = get_over(connection).decode().strip()
    address = next(server.address for server in network.servers if server.name == kept)
    others = {server.name for server in network.servers} - {kept}

    before = director.generation()
    assert "under maintenance" in director.ctl("maintenance", "start", address).stdout
    assert director.generation() == before + 1
    for each in two_services:
        assert answering(network, each["vip"]) == others
    assert get_over(connection).decode().strip() == kept, "its connections go on"
    connection.close()
    assert f"{address}  tcp {network.VIP}:80, tcp {network.MORE_VIPS[0]}:80" in director.ctl("maintenance", "list").stdout
    assert all(server["weight"] == 1 for each in director.rpc("service.list") for server in each["real_servers"])

    assert "nothing" not in director.ctl("maintenance", "end", address, "--wait").stdout
    for each in two_services:
        assert answering(network, each["vip"]) == others | {kept}
    assert "No real server" in director.ctl("maintenance", "list").stdout
    unknown = director.ctl("maintenance", "start", network.UNUSED, check=False)
    assert unknown.returncode == 1 and network.UNUSED in unknown.stderr


COMMENTS = ("// the shop of example.com", "// rack 4, unit 11", "/* who: the web team */")


def write_with_comments(director, config: dict) -> str:
    """Operators' own layout and words."""
    text = json.dumps(config, indent=4)
    text = text.replace('"services": [', f'"services": [ {COMMENTS[0]}', 1)
    text = text.replace('"address": "192.0.2.11",', f'"address": "192.0.2.11", {COMMENTS[1]}', 1)
    text = text.replace('"scheduler"', f'{COMMENTS[2]} "scheduler"', 1)
    assert all(comment in text for comment in COMMENTS)
    director.config_file.write_text(text)
    return text


def test_a_save_keeps_what_the_file_had(network, director, servers):
    text = write_with_comments(director, director.config([service(network.VIP, servers)]))
    director.start()
    assert director.rpc("config.save") == {"file": str(director.config_file), "changed": False}
    assert director.config_file.read_text() == text

    director.ctl("server", "edit", "tcp", f"{network.VIP}:80", servers[0], "--weight", "7")
    director.ctl("save")
    assert director.config_file.read_text() == text.replace('"weight": 1', '"weight": 7', 1)
    assert director.config_file.with_name("turnout.json.bak").read_text() == text

    director.ctl("server", "delete", "tcp", f"{network.VIP}:80", servers[2])
    director.ctl("service", "add", "tcp", f"{network.MORE_VIPS[0]}:80", "--scheduler", "wlc", "--server", f"{servers[1]},weight=3")
    director.ctl("save")
    saved = director.config_file.read_text()
    assert all(comment in saved for comment in COMMENTS) and servers[2] not in saved

    running = director.rpc("config.get")
    generation = director.generation()
    director.process.send_signal(signal.SIGHUP)
    wait_for("the file being applied", lambda: "applied: 0 changes" in director.log())
    assert director.generation() == generation
    director.stop()
    director.start()
    assert director.rpc("config.get") == running


def test_a_file_that_is_gone_or_broken_is_written_whole(network, director, servers):
    director.start(director.config([service(network.VIP, servers)]))
    director.config_file.unlink()
    saved = director.ctl("save").stdout
    assert "written whole" in saved
    assert json.loads(director.config_file.read_text()) == director.rpc("config.get")
    director.config_file.write_text('{ "ports": [')
    assert "not valid" in director.ctl("save").stdout
    assert json.loads(director.config_file.read_text()) == director.rpc("config.get")


class TestAutosave:
    @pytest.fixture
    def saving(self, network, director, servers):
        config = director.config([service(network.VIP, servers)])
        config["control"]["autosave"] = True
        write_with_comments(director, config)
        director.start()
        return director

    def weight_in_file(self, director) -> bool:
        return '"weight": 9' in director.config_file.read_text()

    def change(self, director, network, servers, weight: int) -> None:
        director.rpc("server.edit", {"service": key(service(network.VIP, [])), "server": {"address": servers[0], "weight": weight}})

    def test_what_is_changed_over_the_socket_survives_a_sudden_end(self, saving, network, servers):
        for weight in range(2, 10):
            self.change(saving, network, servers, weight)
        wait_for("the change in the file", lambda: self.weight_in_file(saving))
        running = saving.rpc("config.get")
        saving.process.kill()
        saving.process.wait()
        saving.process.stdout.close()
        saving.start()
        assert saving.rpc("config.get") == running
        assert all(comment in saving.config_file.read_text() for comment in COMMENTS)

    def test_the_last_change_before_the_end_is_saved(self, saving, network, servers):
        self.change(saving, network, servers, 8)
        self.change(saving, network, servers, 9)
        saving.stop()
        assert self.weight_in_file(saving)

    def test_reading_the_file_again_loses_no_change(self, saving, network, servers):
        self.change(saving, network, servers, 9)
        generation = saving.generation()
        saving.process.send_signal(signal.SIGHUP)
        wait_for("the file being applied", lambda: "applied: 0 changes" in saving.log())
        assert saving.generation() == generation

    def test_a_file_that_somebody_edits_meanwhile_is_left_alone(self, saving, network, servers):
        edited = saving.config_file.read_text().replace('"weight": 1', '"weight": 5', 1)
        saving.config_file.write_text(edited)
        self.change(saving, network, servers, 9)
        wait_for("the finding", lambda: "autosave_paused" in saving.ctl("doctor", check=False).stdout)
        assert saving.config_file.read_text() == edited
        saving.process.send_signal(signal.SIGHUP)
        wait_for("the file being applied", lambda: saving.rpc("service.list")[0]["real_servers"][0]["weight"] == 5)
        assert "autosave_paused" not in saving.ctl("doctor", check=False).stdout


class TestApply:
    def written(self, director, config: dict, name="wanted.json"):
        path = director.folder / name
        path.write_text("// what we want\n" + json.dumps(config))
        return path

    def test_the_plan_is_shown_and_nothing_changed_by_a_dry_run(self, network, director, two_services, servers):
        config = director.rpc("config.get")
        config["services"][0]["real_servers"][0]["weight"] = 4
        config["services"][1] = service(network.MORE_VIPS[1], servers[:1])
        wanted = self.written(director, config)
        before = director.generation()
        plan = director.ctl("apply", wanted, "--dry-run").stdout
        assert f"~ tcp {network.VIP}:80\n    ~ weight of real server {servers[0]} from 1 to 4\n" in plan
        assert f"\n+ tcp {network.MORE_VIPS[1]}:80, scheduler mh" in plan
        assert f"\n- tcp {network.MORE_VIPS[0]}:80 with 3 real servers\n" in plan
        assert "\x1b" not in plan and director.generation() == before

    def test_what_did_not_change_keeps_connections_counters_and_places(self, network, director, servers):
        director.start(director.config([service(network.VIP, servers), service(network.MORE_VIPS[0], servers[:1])]))
        ports = range(40000, 40030)
        places = [who_answers(network.client, network.VIP, source_port=port) for port in ports]
        connection = connection_to(network.client, network.VIP)
        kept = get_over(connection)
        before = director.service_stats(service(network.VIP, []))

        config = director.rpc("config.get")
        config["services"] = [service(network.MORE_VIPS[1], servers[1:], "wlc")] + config["services"][:1]
        director.ctl("apply", self.written(director, config))
        after = director.service_stats(service(network.VIP, []))
        assert after["connections"] == before["connections"] and after["packets"] >= before["packets"]
        assert get_over(connection) == kept
        assert director.service_stats(service(network.VIP, []))["connections"] == before["connections"]
        connection.close()
        assert [who_answers(network.client, network.VIP, source_port=port) for port in ports] == places

    def test_a_watch_ends_when_all_are_up(self, network, director, servers):
        director.start(director.config([service(network.VIP, servers[:1])]))
        config = director.rpc("config.get")
        config["services"].append({**service(network.MORE_VIPS[0], servers[1:]), "health": HEALTHY})
        said = said_by(start_ctl(director, "apply", self.written(director, config), "--watch", "--deadline", "30"))
        assert "2 of 2 up\nAll up.\n" in said
        assert answering(network, network.MORE_VIPS[0]) == {"real2", "real3"}

    def test_a_watch_says_who_is_not_up_at_the_deadline(self, network, director, servers):
        director.start(director.config([service(network.VIP, servers[:1])]))
        config = director.rpc("config.get")
        config["services"].append({**service(network.MORE_VIPS[0], [network.UNUSED]), "health": HEALTHY})
        done = director.ctl("apply", self.written(director, config), "--watch", "--deadline", "2", check=False)
        assert done.returncode == 6
        assert "0 of 1 up" in done.stdout and network.UNUSED in done.stdout
        assert len(director.rpc("service.list")) == 2, "the change stays"

    def test_ctrl_c_ends_a_watch_and_not_the_change(self, network, director, servers):
        director.start(director.config([service(network.VIP, servers[:1])]))
        config = director.rpc("config.get")
        config["services"].append({**service(network.MORE_VIPS[0], [network.UNUSED]), "health": HEALTHY})
        watch = start_ctl(director, "apply", self.written(director, config), "--watch", "--deadline", "1h")
        assert any("0 of 1 up" in line for line in iter(watch.stdout.readline, ""))
        watch.send_signal(signal.SIGINT)
        assert watch.wait(10) == 6
        watch.stdout.close()
        assert len(director.rpc("service.list")) == 2
