"""What Linux's own selftest of IPVS does for Direct Routing (tools/testing/selftests/netfilter/ipvs.sh, test_dr).

The topology and the steps are the same, and so are the commands but for the name of ipvsadm. The client reaches the
director and the server over a bridge of its own; the director reaches the server over a second link, by which requests
go; replies take the first.
"""

import contextlib
import os
import socket
import threading
from pathlib import Path

import pytest

from director import TURNOUTCTL, af_packet, port
from network import Host
from waiting import wait_for

VIP, PORT = "198.51.100.110", 8080
CLIENT, GATEWAY, BESIDE = "192.0.2.2", "192.0.2.1", "192.0.2.3"  # on the client's bridge
DIRECTOR, SERVER = "203.0.113.1", "203.0.113.2"  # on the link behind the director
FILE_SIZE = 1 << 20


def cable(one: Host, device: str, other: Host, peer: str) -> None:
    one.run("ip", "link", "add", device, "type", "veth", "peer", "name", peer, "netns", other.namespace)
    for host, end in ((one, device), (other, peer)):
        host.run("ethtool", "-K", end, "tx", "off", "tso", "off", "gso", "off", "gro", "off")  # as a wire has it
        host.run("ip", "link", "set", end, "up")


def add_address(host: Host, address: str, device: str) -> None:
    host.run("ip", "address", "add", address, "dev", device)


@pytest.fixture
def hosts(empty_network) -> tuple[Host, Host, Host]:
    client, director, server = [empty_network.host(name) for name in ("client", "director", "server")]
    cable(client, "veth01", director, "veth10")
    cable(client, "veth02", server, "veth20")
    cable(director, "veth12", server, "veth21")
    client.run("ip", "link", "add", "br0", "type", "bridge")
    for device in ("veth01", "veth02"):
        client.run("ip", "link", "set", device, "master", "br0")
    client.run("ip", "link", "set", "br0", "up")
    add_address(client, f"{CLIENT}/24", "br0")
    add_address(server, f"{SERVER}/24", "veth21")
    add_address(server, f"{BESIDE}/24", "veth20")
    return client, director, server


class Listener:
    """Takes one file, as `nc -l` does; connections that bring nothing are health checks."""

    def __init__(self, host: Host):
        self.received = b""
        self._socket = host.socket(timeout=30)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("0.0.0.0", PORT))
        self._socket.listen()
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def _take(self) -> None:
        with contextlib.suppress(TimeoutError):
            while not self.received:
                connection, _peer = self._socket.accept()
                with connection, contextlib.suppress(ConnectionResetError):
                    while data := connection.recv(65536):
                        self.received += data

    def wait(self) -> bytes:
        self._thread.join(30)
        self._socket.close()
        return self.received


def connect(client: Host) -> socket.socket | None:
    """To the VIP, unless its server is still taken for down: before it listened, its health was checked already."""
    made = client.socket(timeout=1)
    try:
        made.connect((VIP, PORT))
    except OSError:
        made.close()
        return None
    made.settimeout(20)
    return made


@pytest.fixture
def ipvsadm(tmp_path: Path):
    """Runs a script's lines in a host, with turnout-ipvsadm on its path as if it was installed."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "turnout-ipvsadm").symlink_to(TURNOUTCTL)

    def run(director, script: str) -> str:
        surroundings = {
            **os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "TURNOUT_SOCKET": str(director.socket),
            "VIP": VIP, "RIP": SERVER, "PORT": str(PORT),
        }  # fmt: skip
        return director.host.run("sh", "-euc", script, env=surroundings).stdout

    return run


def test_dr(hosts, make_director, ipvsadm):
    client, host, server = hosts
    director = make_director(host)
    director.start(director.config(
        devices=[af_packet(0, "veth10"), af_packet(1, "veth12")],
        ports=[port(f"{GATEWAY}/24"), port(f"{DIRECTOR}/24", name="inside", device="net_af_packet1")],
    ))  # fmt: skip
    content = os.urandom(FILE_SIZE)
    client.run("ip", "route", "add", VIP, "via", GATEWAY, "dev", "br0")
    ipvsadm(director, """
        turnout-ipvsadm -A -t ${VIP}:${PORT} -s rr
        turnout-ipvsadm -a -t ${VIP}:${PORT} -r ${RIP}:${PORT}
    """)
    # avoid incorrect arp response
    server.run("sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1", "net.ipv4.conf.all.arp_announce=2")
    # avoid reverse route lookup
    server.run("sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.veth21.rp_filter=0")
    add_address(server, f"{VIP}/32", "lo")

    listener = Listener(server)
    with wait_for("the VIP answering", lambda: connect(client), 30) as sender:
        sender.sendall(content)
    assert listener.wait() == content

    listed = ipvsadm(director, "turnout-ipvsadm -Ln").splitlines()
    assert f"TCP  {VIP}:{PORT} rr" in [line.rstrip() for line in listed]
    assert [line.split()[:4] for line in listed if SERVER in line] == [["->", f"{SERVER}:{PORT}", "Route", "1"]]
    ports = {each["name"]: each for each in director.stats()["ports"]}
    assert ports["inside"]["transmit_bytes"] > FILE_SIZE, "requests leave by the second link"
    assert ports["inside"]["receive_bytes"] < FILE_SIZE / 10, "and replies don't come back by it"
    assert ports["lan"]["transmit_bytes"] < FILE_SIZE / 10
    ipvsadm(director, "turnout-ipvsadm -C")
    assert director.rpc("service.list") == []
