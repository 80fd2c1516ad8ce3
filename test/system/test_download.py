"""Large transfers arrive byte for byte."""

import hashlib
import os

import pytest

from clients import get
from director import service

SIZE = 8 << 20


@pytest.fixture(scope="module")
def content(network) -> bytes:
    made = os.urandom(SIZE)
    for server in network.servers:
        (server.folder / "www" / "file").write_bytes(made)
    return made


def test_a_download_arrives_intact(network, director, servers, content, tmp_path):
    director.start(director.config([service(network.VIP, servers)]))
    target = tmp_path / "download"
    network.client.run("curl", "-sf", "--max-time", "30", "-o", target, f"http://{network.VIP}/file", timeout=40)
    assert hashlib.sha256(target.read_bytes()).digest() == hashlib.sha256(content).digest()


def test_downloads_from_each_server_arrive_intact(network, director, servers, content):
    director.start(director.config([service(network.VIP, servers, "rr")]))
    wanted = hashlib.sha256(content).digest()
    for _ in range(6):
        assert hashlib.sha256(get(network.client, network.VIP, "/file", timeout=20)).digest() == wanted
    assert {server["connections"] for server in director.service_stats(service(network.VIP, []))["servers"]} == {2}
