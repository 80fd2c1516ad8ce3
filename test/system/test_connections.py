"""connection.list: filters, against what clients really have open, and all of a large table page by page."""

import contextlib
import json
import subprocess
import time

import pytest

from clients import ask_many, connection_to, get_over
from director import TURNOUTCTL, key, service
from rpc import RpcError
from waiting import wait_for

PORT = 5353
FLOWS = 6_000
# A datagram from each of many ports, slowly enough for the director's queue.
DATAGRAMS = """
import socket, sys, time
address, port, first, count = sys.argv[1], *map(int, sys.argv[2:])
for number in range(count):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flow:
        flow.bind(("", first + number))
        flow.sendto(b"hello", (address, port))
    if number % 32 == 31:
        time.sleep(0.005)
"""


def send_datagrams(network, first: int, count: int) -> None:
    network.client.run("python3", "-c", DATAGRAMS, network.VIP, PORT, first, count, timeout=120)


def refusal(director, params: dict) -> RpcError:
    with pytest.raises(RpcError) as refused:
        director.rpc("connection.list", params)
    return refused.value


def ports(connections: list[dict]) -> set[int]:
    return {connection["client_port"] for connection in connections}


@pytest.fixture
def opened(network, director, servers):
    """Connections that the client has open, by their port: who answers each. Two of them are being closed."""
    services = [service(network.VIP, servers, "rr"), service(network.MORE_VIPS[0], servers)]
    director.start(director.config(services, connections={"capacity": 65536}))
    with contextlib.ExitStack() as stack:
        made = {}
        for vip in [network.VIP] * 7 + [network.MORE_VIPS[0]]:
            connection = stack.enter_context(contextlib.closing(connection_to(network.client, vip)))
            port = connection.sock.getsockname()[1]
            made[port] = (vip, get_over(connection).decode().strip())
            if len(made) <= 2:
                connection.close()
        closed = set(list(made)[:2])
        wait_for("two FINs", lambda: closed <= ports(director.rpc("connection.list", {"state": "FIN_WAIT"})))
        yield made


def test_filters_against_what_is_open(network, director, servers, opened):
    def listed(**filters):
        """Of ours: late packets of an earlier test's connections may have come as well."""
        return [row for row in director.rpc("connection.list", filters) if row["client_port"] in opened]

    closed, still_open = set(list(opened)[:2]), set(list(opened)[2:])
    assert ports(listed()) == set(opened)
    assert ports(listed(state="FIN_WAIT")) == closed
    assert ports(listed(state="ESTABLISHED")) == still_open
    assert listed(state="UDP") == []
    for address, name in zip(servers, ("real1", "real2", "real3")):
        assert ports(listed(server=address)) == {port for port, (_, who) in opened.items() if who == name}
    of_vip = {port for port, (vip, _) in opened.items() if vip == network.VIP}
    of_service = {"vip": network.VIP, "protocol": "tcp", "port": 80}
    assert ports(listed(service=of_service)) == of_vip
    assert ports(listed(service=of_service, state="ESTABLISHED", client="192.0.2.0/24")) == of_vip - closed
    for prefix in (network.client.address, f"{network.client.address}/32", "192.0.2.0/24", "0.0.0.0/0"):
        assert ports(listed(client=prefix)) == set(opened), prefix
    for prefix in ("192.0.2.128/25", "198.51.100.0/24", "::/0"):
        assert listed(client=prefix) == [], prefix
    page = director.rpc("connection.list", {"state": "FIN_WAIT", "cursor": 0})
    assert ports(page["connections"]) & set(opened) == closed

    shown = director.ctl("connections", "--state", "established", "--client", "192.0.2.0/24").stdout
    assert [f":{port} " in shown for port in opened] == [port in still_open for port in opened]


def test_what_is_refused(network, director, opened):
    for params, pointer in [
        ({"state": "open"}, "/state"),
        ({"state": 3}, "/state"),
        ({"client": "192.0.2.0/33"}, "/client"),
        ({"client": "192.0.2/24"}, "/client"),
        ({"server": "192.0.2.0/24"}, "/server"),
        ({"cursor": -1}, "/cursor"),
        ({"cursor": 1 << 40}, "/cursor"),
        ({"cursor": None}, "/cursor"),
        ({"cursor": 0, "limit": 3}, "/limit"),
        ({"cursor": 0, "limit": 100_001}, "/limit"),
        ({"port": 80}, "/port"),
    ]:
        error = refusal(director, params)
        assert (error.code, error.pointers()[0]) == (-32602, pointer), params
    missing = {"vip": network.UNUSED, "protocol": "tcp", "port": 80}
    assert refusal(director, {"service": missing}).code == -32000
    done = director.ctl("connections", "--state", "open", check=False)
    assert done.returncode == 1 and "ESTABLISHED" in done.stderr


def test_persistence_templates_are_listed(network, director, servers):
    config = director.config([{**service(network.VIP, servers, "rr"), "persistence": 60}], connections={"capacity": 65536})
    director.start(config)
    (name,) = ask_many(network.client, network.VIP, 4)
    (template,) = director.rpc("connection.list", {"state": "NONE"})
    assert (template["client"], template["client_port"], template["idle"]) == (network.client.address, 0, None)
    assert template["server"] == servers[("real1", "real2", "real3").index(name)]
    assert 0 < template["expires"] <= 900
    stats = director.stats()["services"][0]
    assert {server["address"]: server["persistent"] for server in stats["servers"]}[template["server"]] == 1
    assert stats["persistent"] == 1
    assert len(director.rpc("connection.list")) >= 5
    assert "NONE" in director.ctl("connections").stdout


def test_of_services_that_are_more_than_a_port(network, director, servers):
    """What the client asked for, and whose it is."""
    vips = (network.VIP, network.MORE_VIPS[0])
    group = {
        "group": "web", "scheduler": "rr", "health": {"type": "none"},
        "members": [{"vip": vip, "protocol": "tcp", "port": 80} for vip in vips],
        "real_servers": [{"address": address} for address in servers],
    }  # fmt: skip
    wide = {**service(network.MORE_VIPS[1], servers, "rr", port="79-81"), "health": {"type": "none"}}
    director.start(director.config([group, wide], connections={"capacity": 65536}))
    for vip in (*vips, wide["vip"]):
        ask_many(network.client, vip, 2)
    of_group = director.rpc("connection.list", {"service": {"group": "web"}})
    assert len(of_group) >= 4 and {(row["vip"], row["port"]) for row in of_group} == {(vip, 80) for vip in vips}
    assert all(row["service"] == {"group": "web"} for row in of_group)
    of_range = director.rpc("connection.list", {"service": key(wide)})
    assert {(row["port"], row["client"], row["service"]["port"]) for row in of_range} == {
        (80, network.client.address, "79-81")
    }
    shown = director.ctl("connections", "--service", "group/web").stdout
    assert all(f"tcp {vip}:80" in shown for vip in vips) and f"{wide['vip']}:80" not in shown
    assert "group web" in director.ctl("zero", "group", "web").stdout
    of_group, of_range = (row["connections"] for row in director.stats()["services"])
    assert of_group < 4 and of_range >= 2


@pytest.fixture
def many(network, director, servers):
    # With so much room none has to move for another.
    director.start(director.config([service(network.VIP, servers, "rr", "udp", PORT)], connections={"capacity": 1 << 18}))
    send_datagrams(network, 10_000, FLOWS)
    count = wait_for("the last datagram", lambda: entries_at_rest(director), 60)
    assert count > FLOWS / 4, "some datagrams may be lost, but these are not many connections"
    return count


def entries_at_rest(director) -> int:
    """How many connections there are, once no more of them come; else 0."""
    before = director.stats()["connection_table"]["entries"]
    time.sleep(0.5)
    return before if director.stats()["connection_table"]["entries"] == before else 0


def pages(director, limit: int, between=lambda number: None) -> list[int]:
    """The ports of all connections, page by page."""
    found, cursor = [], 0
    with director.client() as client:
        while cursor is not None:
            page = client.call("connection.list", {"cursor": cursor, "limit": limit})
            assert len(page["connections"]) <= limit
            assert page["next"] is None or page["next"] > cursor
            found += [connection["client_port"] for connection in page["connections"]]
            cursor = page["next"]
            between(len(found))
    return found


def test_all_are_streamed_page_by_page(director, many):
    found = pages(director, 100)
    assert len(found) == len(set(found)) == many
    assert sorted(pages(director, 4_000)) == sorted(found)
    assert len(director.rpc("connection.list")) == 1000, "an answer without a cursor is an array, as ever"
    assert ports(director.rpc("connection.list", {"limit": 100_000})) == set(found)


def test_who_stays_is_met_once_while_others_come(network, director, many):
    before = set(pages(director, 4_000))
    rest = iter(range(40_000, 42_000, 200))

    def open_more(_):
        if (first := next(rest, None)) is not None:
            send_datagrams(network, first, 200)

    found = pages(director, 500, open_more)
    assert sorted(port for port in found if port in before) == sorted(before)
    assert len(set(found)) > len(before), "some of those that came were met"


def test_turnoutctl_streams_them(director, many):
    lines = director.ctl("connections", "--all").stdout.splitlines()
    assert lines[0].split() == ["CLIENT", "SERVICE", "SERVER", "STATE", "IDLE", "EXPIRES"]
    assert len(lines) == many + 1
    connections = [json.loads(line) for line in director.ctl("--json", "connections", "--all").stdout.splitlines()]
    assert len(ports(connections)) == many
    assert "more than these 50" in director.ctl("connections", "--limit", "50").stdout
    first = subprocess.run(
        f"{TURNOUTCTL} --socket {director.socket} connections --all | head -1",
        shell=True, capture_output=True, text=True, timeout=20,
    )  # fmt: skip
    assert (first.stdout.split()[0], first.stderr) == ("CLIENT", "")
