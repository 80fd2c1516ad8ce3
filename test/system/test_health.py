"""Health checks over the DR path: what users would meet is what takes a server out, and the reason is in words."""

import time

import pytest
from scapy.layers.inet import IP
from scapy.layers.inet import TCP as Segment
from scapy.layers.l2 import Ether

from clients import Hammer, SlowDownload, ask_many, echoing, who_answers
from director import DUAL_PORT, key, service
from faults import forwarding, listening, no_service, rejecting, unplugged, without_vip
from health import row, wait_down, wait_up
from network import Wire
from rpc import RpcError
from waiting import wait_for

FAST = {"interval": 0.2, "timeout": 0.15, "rise": 2, "fall": 2}
TCP = {"type": "tcp", **FAST}


def checked(vip: str, servers: list, health=TCP, **changes) -> dict:
    made = service(vip, servers, changes.pop("scheduler", "rr"), changes.pop("protocol", "tcp"), changes.pop("port", 80))
    return {**made, "health": health, **changes}


def start(director, *services) -> None:
    director.start(director.config(services, ports=[DUAL_PORT]))
    wait_for("all checks passing", lambda: all(row["state"] == "up" for row in director.rpc("health.list")))


def test_a_healthy_server_is_up(lan, dual_director):
    vip, servers = lan
    start(dual_director, checked(vip, servers))
    said = row(dual_director, servers[0])
    assert said["type"] == "tcp" and said["reason"] is None
    assert 0 <= said["answered_after"] < 0.15
    up = dual_director.metrics()["turnout_server_up"]
    assert list(up.values()) == [1, 1, 1]


@pytest.mark.parametrize("health", [TCP, {"type": "icmp", **FAST}], ids=["tcp", "icmp"])
def test_a_server_that_lacks_the_vip_is_taken_out(dual_network, lan, dual_director, health):
    vip, servers = lan
    start(dual_director, checked(vip, servers, health))
    with without_vip(dual_network.servers[1], vip):
        said = wait_down(dual_director, servers[1], "no answer to", "its own address", "lacks the VIP", "real-server apply")
        assert said["cause"] == "lacks_vip"
        assert set(ask_many(dual_network.client, vip, 12)) == {"real1", "real3"}
        assert f"real server {servers[1]} is down: no answer to" in dual_director.log()
        page = dual_director.ctl("doctor", check=False)
        assert page.returncode == 4, page.stdout
        assert "[server_lacks_vip]" in page.stdout and f"real-server apply {vip}" in page.stdout
        assert servers[1] in dual_director.ctl("health").stdout
    wait_up(dual_director, servers[1])
    assert f"real server {servers[1]} is up" in dual_director.log()
    assert set(ask_many(dual_network.client, vip, 12)) == {"real1", "real2", "real3"}


def test_no_request_is_lost_once_it_is_out(dual_network, lan, dual_director):
    vip, servers = lan
    start(dual_director, checked(vip, servers))
    with without_vip(dual_network.servers[0], vip):
        wait_down(dual_director, servers[0])
        with Hammer(dual_network.client, vip) as hammer:
            wait_for("requests being answered", lambda: sum(hammer.answers.values()) > 100)
        assert hammer.failures == []
        assert "real1" not in hammer.answers


def test_a_stopped_service(dual_network, lan, dual_director):
    vip, servers = lan
    start(dual_director, checked(vip, servers))
    with no_service(dual_network.servers[2], dual_network.web):
        said = wait_down(dual_director, servers[2], "RST: nothing listens on the VIP", "not running", "ss -ltn")
        assert said["cause"] == "service_stopped"
    wait_up(dual_director, servers[2])


def test_a_service_that_listens_on_the_servers_own_address_only(dual_network, lan, dual_director):
    vip, servers = lan
    start(dual_director, checked(vip, servers))
    with no_service(dual_network.servers[0], dual_network.web), listening(dual_network.servers[0], servers[0]):
        said = wait_down(dual_director, servers[0], "RST: nothing listens on the VIP", "only")
        assert said["cause"] == "listens_on_own_address"
    wait_up(dual_director, servers[0])


def test_a_cable_that_is_out(dual_network, lan, dual_director):
    vip, servers = lan
    start(dual_director, checked(vip, servers))
    with unplugged(dual_network.servers[1]):
        said = wait_down(dual_director, servers[1], "and none to", "unplugged")
        assert said["cause"] == "unreachable"
    wait_up(dual_director, servers[1])


def test_a_server_that_was_never_there(lan, dual_network, dual_director):
    vip, servers = lan
    absent = dual_network.UNUSED6 if ":" in vip else dual_network.UNUSED
    dual_director.start(
        dual_director.config([checked(vip, [servers[0], absent])], ports=[DUAL_PORT]), resolved=False
    )
    wait_down(dual_director, absent, "MAC unresolved")
    assert set(ask_many(dual_network.client, vip, 4)) == {"real1"}


def test_a_server_that_forwards_instead_of_answering(dual_network, lan, dual_director):
    """Its checks come back to the director, and would reach another server."""
    vip, servers = lan
    start(dual_director, checked(vip, servers))
    with without_vip(dual_network.servers[1], vip), forwarding(dual_network.servers[1]):
        said = wait_down(dual_director, servers[1], "lacks the VIP")
        assert said["cause"] == "lacks_vip"
        time.sleep(1)  # several checks, none of which may pass
        assert row(dual_director, servers[1])["state"] == "down"
    wait_up(dual_director, servers[1])


def test_a_firewall_that_rejects(dual_network, lan, dual_director):
    vip, servers = lan
    start(dual_director, checked(vip, servers))
    with rejecting(dual_network.servers[1], "tcp dport 80 reject with icmpx type admin-prohibited"):
        wait_down(dual_director, servers[1], "prohibited", "firewall")
    wait_up(dual_director, servers[1])


def test_udp_by_an_expected_answer(dual_network, lan, dual_director):
    vip, servers = lan
    health = {"type": "udp", "send": "hello", "expect": "hello", **FAST}
    with echoing(dual_network.servers[:2], vip, 5353):
        start(dual_director, checked(vip, servers[:2], health, protocol="udp", port=5353))
        with without_vip(dual_network.servers[0], vip):
            wait_down(dual_director, servers[0], "no answer to the datagram", "lacks the VIP")
        wait_up(dual_director, servers[0])
    wait_down(dual_director, servers[1], "ICMP port unreachable", "nothing listens")


def test_udp_without_an_expected_answer_hears_of_the_closed_port(dual_network, lan, dual_director):
    vip, servers = lan
    health = {"type": "udp", "send_hex": "00ff", **FAST}
    with echoing(dual_network.servers[:1], vip, 5354):
        start(dual_director, checked(vip, servers[:1], health, protocol="udp", port=5354))
    wait_down(dual_director, servers[0], "ICMP port unreachable")


def test_all_down_drops_by_name_and_the_fallback_takes_over(dual_network, lan, dual_director):
    vip, servers = lan
    one = checked(vip, servers[:1])
    start(dual_director, one)
    with no_service(dual_network.servers[0], dual_network.web):
        wait_down(dual_director, servers[0])
        with pytest.raises(OSError):
            who_answers(dual_network.client, vip)
        assert dual_director.stats()["drops"]["no_server_up"] > 0
        page = dual_director.ctl("doctor", check=False)
        assert page.returncode == 5 and "[service_down]" in page.stdout
        dual_director.rpc("service.edit", {**key(one), "fallback": {"address": servers[2]}})
        wait_up(dual_director, servers[2])
        assert who_answers(dual_network.client, vip) == "real3"
    wait_up(dual_director, servers[0])
    assert set(ask_many(dual_network.client, vip, 4)) == {"real1"}


@pytest.mark.parametrize("on_down", ["reassign", "keep"])
def test_what_becomes_of_connections(dual_network, lan, dual_director, on_down):
    """The service goes, its connections stay: nginx lets them end when it is told to quit."""
    vip, servers = lan
    with open(dual_network.servers[0].folder / "www/slow.bin", "wb") as file:
        file.write(bytes(4_000_000))
    start(dual_director, checked(vip, servers[:1], on_down=on_down))
    download = SlowDownload(dual_network.client, vip, "/slow.bin")
    download.read_some()
    with rejecting(dual_network.servers[0], "tcp flags & (syn | ack) == syn reject with tcp reset"):
        wait_down(dual_director, servers[0])
        dual_director.rpc("server.add", {"service": key(checked(vip, [])), "server": {"address": servers[1]}})
        wait_up(dual_director, servers[1])
        if on_down == "keep":
            assert len(download.read_rest()) == download.size
        else:
            with pytest.raises(OSError):  # the other server knows nothing of the connection
                download.read_rest()


def test_slow_start_gives_a_server_its_weight_by_and_by(dual_network, lan, dual_director):
    vip, servers = lan
    start(dual_director, checked(vip, servers[:2], slow_start=8))
    with no_service(dual_network.servers[0], dual_network.web):
        wait_down(dual_director, servers[0])
    wait_up(dual_director, servers[0])
    first = ask_many(dual_network.client, vip, 34)
    assert row(dual_director, servers[0])["share"] < 1
    assert first["real1"] < first["real2"]
    wait_for("the whole weight", lambda: row(dual_director, servers[0])["share"] == 1, 15)
    whole = ask_many(dual_network.client, vip, 40)
    assert whole["real1"] == whole["real2"]


def test_a_flapping_server_has_to_pass_for_longer(dual_network, dual_director):
    vip, server = dual_network.VIP, dual_network.servers[0]
    health = {**TCP, "interval": 0.1, "timeout": 0.1, "rise": 1, "fall": 1, "damping": 3}
    start(dual_director, checked(vip, [server.address], health))
    for falls in range(1, 5):
        with rejecting(server, "tcp dport 80 reject with tcp reset"):
            wait_for("the server being down", lambda: row(dual_director, server.address)["falls"] == falls)
        if falls < 4:
            wait_up(dual_director, server.address)
    said = row(dual_director, server.address)
    assert said["damped"] and said["state"] == "down"
    wait_for("checks passing", lambda: row(dual_director, server.address)["passing"] > 5)
    assert row(dual_director, server.address)["state"] == "down"
    wait_up(dual_director, server.address)


def test_a_new_server_waits_for_its_first_check(dual_network, dual_director):
    vip, servers = dual_network.VIP, [server.address for server in dual_network.servers]
    one = checked(vip, servers[:1])
    start(dual_director, one)
    with no_service(dual_network.servers[1], dual_network.web), Hammer(dual_network.client, vip) as hammer:
        dual_director.rpc("server.add", {"service": key(one), "server": {"address": servers[1]}})
        wait_down(dual_director, servers[1], "RST")
        wait_for("requests being answered", lambda: hammer.answers["real1"] > 50)
    assert hammer.failures == []


def test_a_restart_moves_no_connection_and_checks_set_on_a_running_service_neither(dual_network, dual_director):
    vip, servers = dual_network.VIP, [server.address for server in dual_network.servers]
    unchecked = checked(vip, servers, {"type": "none"})
    dual_director.start(dual_director.config([unchecked], ports=[DUAL_PORT]))
    assert {row["state"] for row in dual_director.rpc("health.list")} == {"unchecked"}
    with Hammer(dual_network.client, vip) as hammer:
        wait_for("requests being answered", lambda: sum(hammer.answers.values()) > 20)
        dual_director.rpc("service.edit", {**key(unchecked), "health": TCP})
        wait_for("checks", lambda: all(row["checks"] > 2 for row in dual_director.rpc("health.list")))
    assert hammer.failures == []


def test_by_default_services_are_checked(dual_network, dual_director):
    vip, servers = dual_network.VIP, [server.address for server in dual_network.servers]
    start(dual_director, service(vip, servers), service(vip, servers, protocol="udp", port=53))
    assert {(row["protocol"], row["type"]) for row in dual_director.rpc("health.list")} == {("tcp", "tcp"), ("udp", "icmp")}


def test_checks_are_no_clients(dual_network, lan, dual_director):
    """They go past the connection table and the services' counters, and nothing waits for them on the server."""
    vip, servers = lan
    start(dual_director, checked(vip, servers[:1]))
    wait_for("checks", lambda: row(dual_director, servers[0])["checks"] > 10)
    left_open = dual_director.rpc("connection.list")  # by other tests' clients
    assert {row["client"] for row in left_open} <= {dual_network.client.address, dual_network.client.address6}
    stats = dual_director.stats()
    assert stats["services"][0]["connections"] <= len(left_open)
    assert stats["punts"]["health"] >= 10
    family = "-6" if ":" in vip else "-4"
    left = dual_network.servers[0].run("ss", family, "-Htan", "state", "syn-recv").stdout
    assert left == ""


def answer_syns(wire: Wire, director_mac: str, server_mac: str, vip: str, off_by: int) -> int:
    """Answers the director's next SYNs to the VIP, with so much more than would acknowledge them. Says how many."""

    def is_syn(frame):
        return IP in frame and frame[IP].dst == vip and Segment in frame and frame[Segment].flags == "S"

    syns = wire.received(is_syn, 0.1)
    for syn in syns:
        ports = {"sport": syn[Segment].dport, "dport": syn[Segment].sport}
        answer = Segment(**ports, flags="SA", seq=1, ack=(syn[Segment].seq + 1 + off_by) % 2**32)
        wire.send(Ether(dst=director_mac, src=server_mac) / IP(src=vip, dst=syn[IP].src) / answer)
    return len(syns)


def test_a_forged_answer_is_none(dual_network, dual_director):
    """Whoever answers in the place of a server has to know the number that its SYN had."""
    vip, server = dual_network.VIP, dual_network.servers[0]
    start(dual_director, checked(vip, [server.address], {**TCP, "interval": 1, "timeout": 0.9}))
    macs = dual_director.rpc("port.list")[0]["mac"], server.mac()
    with rejecting(server, "tcp dport 80 drop"):
        wait_down(dual_director, server.address)
        with Wire(server) as wire:
            for off_by in (1, -1, 2**31):
                wait_for("a SYN to forge the answer to", lambda off_by=off_by: answer_syns(wire, *macs, vip, off_by))
            checks = row(dual_director, server.address)["checks"]
            wait_for("the end of the check", lambda: row(dual_director, server.address)["checks"] > checks)
            said = row(dual_director, server.address)
            assert said["state"] == "down" and said["passing"] == 0
            # The same with the right number is an answer: the others came in time and by the right way.
            wait_for("a SYN to answer", lambda: answer_syns(wire, *macs, vip, 0))
            wait_for("a check that passed", lambda: row(dual_director, server.address)["passing"] > 0, 0.9)
    wait_up(dual_director, server.address)


def test_a_refused_program(dual_network, dual_director):
    """Who may write to the socket can't have programs run as root."""
    vip, servers = dual_network.VIP, [server.address for server in dual_network.servers]
    start(dual_director, checked(vip, servers))
    with pytest.raises(RpcError) as refused:
        dual_director.rpc("service.edit", {**key(checked(vip, [])), "health": {"type": "exec", "command": ["/bin/true"]}})
    assert "configuration file" in refused.value.message
    assert refused.value.pointers()[0] == "/health/command"
