"""QUIC connections stay with their real server while the client's port changes: ngtcp2's server and client.

The servers' connection IDs carry a server ID, as servers behind QUIC-LB make them.
"""

import json
import subprocess
from pathlib import Path

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from director import DUAL_PORT, service
from network import ROOT
from waiting import wait_for

PORT = 443
SERVER, CLIENT = Path("/usr/sbin/gtlsserver"), Path("/usr/bin/gtlsclient")


@pytest.fixture(scope="module")
def shim(tmp_path_factory) -> Path:
    library = tmp_path_factory.mktemp("shim") / "quic_server_id.so"
    source = ROOT / "test" / "support" / "quic_server_id.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-Wall", "-Werror", "-o", library, source, "-ldl"], check=True, timeout=60)
    return library


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("certificate")
    key, made = folder / "key.pem", folder / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*command, "-keyout", key, "-out", made], check=True, capture_output=True, timeout=60)
    return key, made


@pytest.fixture
def quic_servers(dual_network, shim, certificate, tmp_path):
    """Each real server answers with its own name, on every address that it has."""
    running = []
    for number, host in enumerate(dual_network.servers):
        folder = tmp_path / host.name
        folder.mkdir()
        (folder / "who").write_text(f"it is server {number}\n")
        for address in (dual_network.VIP, dual_network.VIP6):
            with open(tmp_path / f"{host.name}-{number}.log", "a") as log:
                command = ["env", f"LD_PRELOAD={shim}", f"QUIC_ID=0a{number:02x}", SERVER, "-q", "-d", folder]
                running.append(
                    subprocess.Popen(
                        host.command(*command, address, str(PORT), *certificate), stdout=log, stderr=log
                    )
                )
    yield
    for process in running:
        process.terminate()
    for process in running:
        process.wait(10)


def download(host, vip: str, *options: str) -> str:
    """All that the client says of a request for /who."""
    command = host.command(
        CLIENT, "--exit-on-all-streams-close", "--no-quic-dump", *options, vip, str(PORT), f"https://localhost:{PORT}/who"
    )
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30).stdout


def answered(said: str) -> bool:
    return ":status: 200" in said


def packets_by(director, by: str) -> float:
    return director.metrics()["turnout_quic_packets_total"][f'by="{by}"']


def quic_service(vip: str, servers: list[str], **changes) -> dict:
    made = service(vip, servers, protocol="udp", port=PORT)
    for number, server in enumerate(made["real_servers"]):
        server["quic_id"] = f"0a{number:02x}"
    return made | {"quic": {"server_id_length": 2}, "health": {"type": "none"}} | changes


def short_header(network, vip: str, server_id: int) -> str:
    """A packet in mid-connection to the server 0a<server_id>, as hexadecimal digits."""
    ends = Ether(src=network.client.mac(), dst=network.director.mac("dir0")) / IP(src=network.client.address, dst=vip)
    packet = ends / UDP(sport=4000, dport=PORT) / Raw(bytes([0x40, 0x1F, 0x0A, server_id]) + bytes(20))
    return bytes(packet).hex()


@pytest.mark.parametrize("how", [(), ("--nat-rebinding",)], ids=["migration", "NAT rebinding"])
def test_a_client_that_moves_to_another_port_keeps_its_server(dual_network, lan, quic_servers, dual_director, how):
    vip, servers = lan
    director = dual_director
    director.start(director.config([quic_service(vip, servers)], ports=[DUAL_PORT]))
    for _ in range(6):  # of three servers a flow's next port is another's two times in three
        said = download(
            dual_network.client, vip, "--change-local-addr=300ms", "--delay-stream=1s", "--timeout=5s", *how
        )
        assert answered(said), said[-2000:]
    assert packets_by(director, "connection_id") > packets_by(director, "flow") > 0
    ports = {row["client_port"] for row in director.rpc("connection.list")}
    assert len(ports) > 6, "nobody moved"


def test_without_it_such_a_client_loses_its_connection(dual_network, quic_servers, dual_director):
    plain = service(dual_network.VIP, [each.address for each in dual_network.servers], protocol="udp", port=PORT)
    director = dual_director
    director.start(director.config([plain | {"health": {"type": "none"}}], ports=[DUAL_PORT]))
    assert answered(download(dual_network.client, dual_network.VIP)), "as long as it stays where it is"
    lost = [
        download(dual_network.client, dual_network.VIP, "--change-local-addr=300ms", "--nat-rebinding", "--delay-stream=1s",
                 "--timeout=2s")
        for _ in range(6)
    ]  # fmt: skip
    assert not all(map(answered, lost)), "the other tests would pass without QUIC"


def test_it_is_explained_and_checked(dual_network, dual_director):
    vip, servers = dual_network.VIP, [each.address for each in dual_network.servers]
    made = quic_service(vip, servers)
    del made["real_servers"][2]["quic_id"]
    director = dual_director
    director.start(director.config([made], ports=[DUAL_PORT]))
    assert "quic_id_missing" in director.ctl("doctor", check=False).stdout
    director.ctl("server", "edit", "udp", f"{vip}:{PORT}", servers[2], "--quic-id", "0a02")
    assert "quic_id_missing" not in director.ctl("doctor", check=False).stdout
    refused = director.ctl("server", "edit", "udp", f"{vip}:{PORT}", servers[2], "--quic-id", "0a01", check=False)
    assert refused.returncode == 1 and "as well" in refused.stderr
    for server_id, said in ((1, f"names real server {servers[1]}"), (9, "names no real server")):
        told = json.loads(director.ctl("--json", "trace", "--frame", short_header(dual_network, vip, server_id)).stdout)
        assert any(said in line for line in told["decisions"]), told
        assert server_id == 9 or told["server"] == servers[server_id]
    director.ctl("service", "edit", "udp", f"{vip}:{PORT}", "--quic", "2", "--quic-config", "1")
    assert next(iter(director.rpc("service.list")))["quic"] == {"server_id_length": 2, "config_id": 1}
    wait_for("the change in force", lambda: director.generation() >= 3)
