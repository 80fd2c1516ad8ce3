"""Stopping, starting again, and SIGHUP."""

import json
import signal

import pytest

from clients import ask_many, connection_to, get_over, who_answers
from director import service
from waiting import wait_for

SOURCE_PORTS = range(40000, 40020)


def test_connections_survive_a_restart_with_mh(network, director, servers):
    """The new process knows nothing of them, but mh leads each to the server it had."""
    director.start(director.config([service(network.VIP, servers, "mh")]))
    connections = [connection_to(network.client, network.VIP) for _ in range(20)]
    before = [get_over(connection) for connection in connections]
    assert len(set(before)) == 3

    director.stop()
    director.start()
    assert [get_over(connection) for connection in connections] == before
    for connection in connections:
        connection.close()


def test_new_connections_reach_the_same_server_after_a_restart(network, director, servers):
    director.start(director.config([service(network.VIP, servers, "mh")]))
    before = [who_answers(network.client, network.VIP, source_port=port) for port in SOURCE_PORTS]
    director.stop()
    director.start()
    assert [who_answers(network.client, network.VIP, source_port=port) for port in SOURCE_PORTS] == before


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_under_traffic_and_starts_again(network, director, servers, sign):
    director.start(director.config([service(network.VIP, servers)]))
    ask_many(network.client, network.VIP, 20)
    director.stop(sign)
    director.start()
    assert len(ask_many(network.client, network.VIP, 30)) == 3


def test_a_socket_left_by_a_killed_daemon_is_replaced(network, director, servers):
    director.start(director.config([service(network.VIP, servers)]))
    director.process.kill()
    director.process.wait()
    assert director.socket.exists()
    director.start()
    assert len(ask_many(network.client, network.VIP, 30)) == 3


def test_sighup_applies_the_file(network, director, servers):
    config = director.config([service(network.VIP, servers)])
    director.start(config)
    before = director.generation()
    config["services"].append(service(network.MORE_VIPS[0], servers[1:2]))
    director.write(config)
    director.process.send_signal(signal.SIGHUP)
    wait_for("the file being applied", lambda: director.generation() > before)
    director.wait_resolved()
    assert who_answers(network.client, network.MORE_VIPS[0]) == "real2"


def test_sighup_with_a_bad_file_changes_nothing_and_says_why(network, director, servers):
    config = director.config([service(network.VIP, servers)])
    director.start(config)
    before = director.rpc("config.get"), director.generation()
    config["services"][0]["real_servers"].pop()
    config["services"].append(service(network.MORE_VIPS[0], ["203.0.113.9"]))
    director.write(config)
    director.process.send_signal(signal.SIGHUP)
    wait_for("its reason in the log", lambda: "/services/1/real_servers/0/address" in director.log())
    assert (director.rpc("config.get"), director.generation()) == before

    director.config_file.write_text(json.dumps(config)[:-1])  # no JSON at all
    said = len(director.log())
    director.process.send_signal(signal.SIGHUP)
    wait_for("its reason in the log", lambda: len(director.log()) > said)
    assert (director.rpc("config.get"), director.generation()) == before
    assert len(ask_many(network.client, network.VIP, 30)) == 3
