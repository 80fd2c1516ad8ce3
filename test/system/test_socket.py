"""The control socket holds out against clients that are wrong, slow, many or gone."""

import contextlib
import json
import random
import stat

import pytest

from clients import who_answers
from director import key, service
from rpc import RpcError


@pytest.fixture
def running(network, director, servers):
    director.start(director.config([service(network.VIP, servers)]))
    return director


def refusal(director, method: str, params: dict) -> RpcError:
    with pytest.raises(RpcError) as refused:
        director.rpc(method, params)
    assert refused.value.message
    return refused.value


class TestErrors:
    def test_no_such_method(self, running):
        assert refusal(running, "service.paint", {}).code == -32601

    @pytest.mark.parametrize(
        ("method", "params", "pointer"),
        [
            ("service.add", {}, None),
            ("service.add", {"vip": "nowhere", "protocol": "tcp", "port": 80}, "/vip"),
            ("service.add", {"vip": "192.0.2.101", "protocol": "tcp", "port": 80, "scheduler": "x"}, "/scheduler"),
            ("service.delete", {"vip": "192.0.2.100", "protocol": "tcp", "port": "80"}, "/port"),
            ("server.add", {"service": {"vip": "192.0.2.100", "protocol": "tcp", "port": 80}, "server": {}}, None),
            ("connection.list", {"limit": -1}, "/limit"),
        ],
    )
    def test_invalid_params(self, running, method, params, pointer):
        error = refusal(running, method, params)
        assert error.code == -32602
        if pointer:
            assert pointer in error.pointers(), error

    def test_no_such_service_or_server(self, network, running):
        missing = {"vip": network.UNUSED, "protocol": "tcp", "port": 80}
        present = key(service(network.VIP, []))
        for method, params in [
            ("service.delete", missing),
            ("service.edit", {**missing, "scheduler": "rr"}),
            ("server.add", {"service": missing, "server": {"address": "192.0.2.11"}}),
            ("server.delete", {"service": present, "server": {"address": "192.0.2.50"}}),
            ("server.edit", {"service": present, "server": {"address": "192.0.2.50", "weight": 2}}),
        ]:
            assert refusal(running, method, params).code == -32000, method

    def test_already_exists(self, network, running, servers):
        present = service(network.VIP, servers)
        assert refusal(running, "service.add", present).code == -32001
        again = {"service": key(present), "server": {"address": servers[0]}}
        assert refusal(running, "server.add", again).code == -32001

    def test_cannot_be_done(self, running):
        assert refusal(running, "config.save", {"file": "/nonexistent/folder/turnout.json"}).code == -32002

    def test_a_refused_change_leaves_the_generation(self, running, network):
        before = running.generation()
        refusal(running, "service.delete", {"vip": network.UNUSED, "protocol": "tcp", "port": 80})
        refusal(running, "service.add", {})
        assert running.generation() == before


def test_the_socket_is_for_its_owner_and_group(running):
    assert stat.S_IMODE(running.socket.stat().st_mode) == 0o660


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"garbage", -32700),
        (b"{", -32700),
        (b"\xff\xfe\x00", -32700),
        (b"[" * 100000, -32700),
        (b"[]", -32600),
        (b"17", -32600),
        (b'{"jsonrpc": "1.0", "id": 1, "method": "daemon.info"}', -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": 5}', -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "daemon.info", "params": [1]}', -32602),
    ],
)
def test_garbage_is_answered_with_an_error(running, line, code):
    with running.client() as client:
        client.send_line(line)
        assert client.read_response()["error"]["code"] == code
    assert running.rpc("daemon.info")["generation"] > 0


def test_random_bytes_do_no_harm(running):
    chance = random.Random(20240501)
    for _ in range(50):
        with contextlib.suppress(OSError), running.client() as client:
            client.socket.sendall(chance.randbytes(chance.randrange(1, 5000)))
    assert running.rpc("daemon.info")["generation"] > 0


def test_requests_may_be_sent_ahead(running):
    with running.client() as client:
        wanted = [client.request(method) for method in ("daemon.info", "stats.get", "service.list") * 5]
        assert [client.read_response()["id"] for _ in wanted] == wanted


def test_a_batch_is_answered_as_one(running):
    batch = [{"jsonrpc": "2.0", "id": number, "method": "daemon.info"} for number in range(3)]
    with running.client() as client:
        client.send_line(json.dumps(batch).encode())
        assert sorted(response["id"] for response in client.read_response()) == [0, 1, 2]


def test_half_a_request_holds_nobody_up(running):
    with running.client() as half:
        half.socket.sendall(b'{"jsonrpc": "2.0", "id": 1, "met')
        assert running.rpc("daemon.info")["generation"] > 0
        half.socket.sendall(b'hod": "daemon.info"}\n')
        assert half.read_response()["result"]["generation"] > 0
    with running.client() as gone:
        gone.socket.sendall(b'{"jsonrpc": ')
    assert running.rpc("daemon.info")["generation"] > 0


def test_a_hundred_clients_are_served(running):
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(running.client()) for _ in range(100)]
        for client in clients:
            client.request("stats.get")
        for client in reversed(clients):
            assert "result" in client.read_response()


def test_a_client_that_never_reads_holds_nobody_up(network, running):
    with running.client(timeout=0.5) as deaf:
        with contextlib.suppress(OSError):  # its requests pile up until the daemon takes no more
            for _ in range(20000):
                deaf.request("config.get")
        for _ in range(20):
            running.rpc("stats.get")  # which fails if it gets no answer for a while
        assert who_answers(network.client, network.VIP).startswith("real")
