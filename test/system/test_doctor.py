"""`turnoutctl doctor` against a live daemon: what it finds, how it says so, and how it ends."""

import json
import re
import signal
import subprocess

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether

from clients import ask_many, connection_to
from director import TURNOUTCTL, service
from network import Wire
from waiting import wait_for

FINE, WARNING, CRITICAL = 0, 4, 5
SLOTS = 1024  # the least that a connection table has
VIRTUAL_ONLY = "info"  # no NIC is there: what costs speed alone is no reason to warn


def findings(director) -> dict[str, dict]:
    """By code."""
    return {finding["code"]: finding for finding in director.rpc("doctor")["findings"]}


def wait_for_finding(director, code: str, seconds=10.0) -> dict:
    return wait_for(f"the finding {code}", lambda: findings(director).get(code), seconds)


def wait_until_gone(director, code: str) -> None:
    wait_for(f"the end of {code}", lambda: code not in findings(director), 20)


def doctor(director, *arguments) -> subprocess.CompletedProcess:
    return director.ctl("doctor", *arguments, check=False)


def flood(network, ports: range) -> None:
    """SYNs that nobody follows up, from an address that nobody has."""
    frame = Ether(src=network.client.mac(), dst=network.director.mac("dir0")) / IP(src=network.UNUSED, dst=network.VIP)
    with Wire(network.client) as wire:
        for port in ports:
            wire.send(frame / TCP(sport=port, dport=80, flags="S"))


@pytest.fixture
def running(network, director, servers):
    director.start(director.config([service(network.VIP, servers)], connections={"capacity": SLOTS}))
    return director


def test_a_healthy_director_has_nothing_critical(running, network):
    assert sum(ask_many(network.client, network.VIP, 12).values()) == 12
    done = doctor(running)
    assert done.returncode in (FINE, WARNING), done.stdout
    assert "CRITICAL" not in done.stdout
    assert "Looked at: configuration" in done.stdout


def test_hugepages_that_are_absent_are_told_of(running):
    finding = findings(running)["hugepages_absent"]
    assert finding["severity"] == VIRTUAL_ONLY
    assert "--no-huge" in finding["evidence"]
    assert "vm.nr_hugepages" in finding["remedy"]
    page = doctor(running).stdout
    assert re.search(r"^INFO +memory: ", page, re.MULTILINE), page
    assert "Mend: `sysctl -w vm.nr_hugepages=1024`" in page


def test_a_cable_that_is_out(running, network):
    """net_af_packet calls its link up whatever happens: it is the kernel that knows."""
    assert "link_down" not in findings(running)
    network.director.set_up(False, "dir0")
    try:
        finding = wait_for_finding(running, "link_down")
        assert finding["severity"] == "critical"
        assert finding["subject"] == "port 'lan'"
        assert "dir0" in finding["evidence"]
        assert doctor(running).returncode == CRITICAL
    finally:
        network.director.set_up(True, "dir0")
    wait_until_gone(running, "link_down")


def test_a_connection_table_that_fills_up(running, network):
    flood(network, range(10_000, 10_000 + SLOTS * 17 // 20))
    finding = wait_for_finding(running, "connection_table_nearly_full", 20)  # a burst may evict some, for a while
    assert finding["subject"] == "IPv4 connection table"
    assert f"of {SLOTS} slots" in finding["evidence"]
    assert "connections.capacity" in finding["remedy"]
    assert doctor(running).returncode == WARNING

    flood(network, range(20_000, 20_000 + 2 * SLOTS))
    wait_for_finding(running, "connection_table_evicting")


def test_a_service_without_real_servers(network, director):
    director.start(director.config([service(network.VIP, [])]))
    finding = findings(director)["service_without_server"]
    assert finding["subject"] == f"tcp {network.VIP}:80"
    assert doctor(director).returncode == WARNING

    with pytest.raises(OSError):
        connection_to(network.client, network.VIP, timeout=1.0)
    wait_for_finding(director, "drops_no_server")
    done = doctor(director)
    assert done.returncode == CRITICAL
    assert done.stdout.index("CRITICAL") < done.stdout.index("WARNING") < done.stdout.index("INFO")


def test_a_vip_that_the_director_s_kernel_has(running, network):
    network.director.run("ip", "address", "add", f"{network.VIP}/32", "dev", "lo")
    try:
        finding = findings(running)["vip_on_director"]
        assert finding["subject"] == network.VIP
        assert "interface lo" in finding["evidence"]
    finally:
        network.director.run("ip", "address", "del", f"{network.VIP}/32", "dev", "lo")
    assert "vip_on_director" not in findings(running)


def test_json_is_the_socket_s_own_result_and_has_the_same_exit_code(network, director):
    director.start(director.config([service(network.VIP, [])]))
    done = director.ctl("--json", "doctor", check=False)
    assert done.returncode == WARNING
    shown = json.loads(done.stdout)
    assert shown.keys() == {"severity", "checked", "findings"}
    assert shown["severity"] == "warning"
    assert {"configuration", "tables", "load", "host"} <= set(shown["checked"])
    for finding in shown["findings"]:
        assert finding.keys() == {"severity", "code", "subject", "meaning", "evidence", "remedy"}
        assert all(finding.values()), finding


def test_watch_looks_again(running):
    """Two looks with an empty line between, and no control codes: the output is no terminal."""
    done = doctor(running, "--watch", "--count", "2", "--interval", "1")
    assert done.returncode == doctor(running).returncode
    assert done.stdout.count("Looked at: configuration") == 2
    assert "\x1b" not in done.stdout


def test_ctrl_c_ends_watch_with_the_code_of_the_last_look(network, director):
    director.start(director.config([service(network.VIP, [])]))
    watching = subprocess.Popen(
        [TURNOUTCTL, "--socket", director.socket, "doctor", "--watch", "--interval", "3600"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert "Looked at" in watching.stdout.readline()
        watching.send_signal(signal.SIGINT)
        assert watching.wait(10) == WARNING
    finally:
        watching.kill()
        watching.wait()
        watching.stdout.close()
