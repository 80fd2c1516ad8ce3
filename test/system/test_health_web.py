"""Health checks that need a connection or a program: http and https by the kernel's TCP, exec by a script."""

import contextlib
import http.server
import signal
import ssl
import subprocess
import threading

import pytest

from clients import ask_many
from director import DUAL_PORT, service
from faults import forwarding, no_service, without_vip
from health import row, wait_down, wait_up
from network import family_of
from waiting import wait_for

FAST = {"interval": 0.3, "timeout": 0.25, "rise": 2, "fall": 2}


def checked(vip: str, servers: list, health: dict, port=80) -> dict:
    return {**service(vip, servers, "rr", port=port), "health": {**FAST, **health}}


def start(director, *services) -> None:
    director.start(director.config(services, ports=[DUAL_PORT]))


def put_page(host, name: str, text: str) -> None:
    (host.folder / "www" / name).write_text(text)


@pytest.fixture
def pages(dual_network):
    for server in dual_network.servers:
        put_page(server, "up.txt", "all is well\n")
    yield
    for server in dual_network.servers:
        (server.folder / "www/up.txt").unlink(missing_ok=True)


def test_http_looks_at_the_page(dual_network, lan, dual_director, pages):
    vip, servers = lan
    start(dual_director, checked(vip, servers, {"type": "http", "path": "/up.txt", "expect": "all is well", "status": 200}))
    wait_up(dual_director, *servers)
    put_page(dual_network.servers[0], "up.txt", "out of order\n")
    (dual_network.servers[1].folder / "www/up.txt").unlink()
    wait_down(dual_director, servers[0], "all is well")
    wait_down(dual_director, servers[1], "404")
    assert set(ask_many(dual_network.client, vip, 6)) == {"real3"}
    for server in dual_network.servers[:2]:
        put_page(server, "up.txt", "all is well again\n")
    wait_up(dual_director, *servers)


def test_http_goes_the_way_of_clients(dual_network, lan, dual_director):
    """Each real server is asked by itself, over its own MAC address, and the VIP is never the kernel's."""
    vip, servers = lan
    start(dual_director, checked(vip, servers, {"type": "http"}))
    wait_up(dual_director, *servers)
    held = dual_network.director.run("ip", "-o", "address", "show").stdout
    assert vip not in held
    with without_vip(dual_network.servers[1], vip):
        said = wait_down(dual_director, servers[1], "lacks the VIP")
        assert "no answer to SYN" in said["reason"]
        assert set(ask_many(dual_network.client, vip, 6)) == {"real1", "real3"}
    wait_up(dual_director, *servers)
    with no_service(dual_network.servers[0], dual_network.web):
        wait_down(dual_director, servers[0], "RST: nothing listens on the VIP")
    wait_up(dual_director, *servers)


def test_a_server_that_forwards_its_check(dual_network, lan, dual_director):
    vip, servers = lan
    start(dual_director, checked(vip, servers, {"type": "http"}))
    wait_up(dual_director, *servers)
    with without_vip(dual_network.servers[1], vip), forwarding(dual_network.servers[1]):
        wait_down(dual_director, servers[1], "in its place", "lacks the VIP")
    wait_up(dual_director, *servers)


class Teapot(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(418)
        self.end_headers()
        self.wfile.write(f"for {self.headers['Host']}".encode())

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def tls_server(host, address: str, port: int, folder):
    """HTTP over TLS with a certificate that nobody has signed but itself."""
    certificate, key = folder / f"{host.name}.pem", folder / f"{host.name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
                    "-subj", "/CN=nobody", "-keyout", key, "-out", certificate], check=True, capture_output=True)  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    class Server(http.server.ThreadingHTTPServer):
        address_family = family_of(address)
        daemon_threads = True

        def handle_error(self, *_):
            """Checks end their connections by RST."""

    with host.inside():
        server = Server((address, port), Teapot)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def test_https(dual_network, lan, dual_director, tmp_path):
    vip, servers = lan
    health = {"type": "https", "status": 418, "host": "www.example.com", "expect": "for www.example.com", "timeout": 1}
    with tls_server(dual_network.servers[0], vip, 443, tmp_path):
        start(dual_director, checked(vip, servers[:2], health, port=443))
        wait_up(dual_director, servers[0])
        wait_down(dual_director, servers[1], "RST")
    wait_down(dual_director, servers[0], "RST")


def test_https_where_no_tls_is_spoken(dual_network, dual_director):
    vip, servers = dual_network.VIP, [server.address for server in dual_network.servers]
    start(dual_director, checked(vip, servers[:1], {"type": "https"}))
    wait_down(dual_director, servers[0], "TLS")


SCRIPT = """#!/bin/sh
echo "$TURNOUT_VIP $TURNOUT_PROTOCOL $TURNOUT_PORT $TURNOUT_SERVER $TURNOUT_SERVER_MAC" >>{folder}/asked
[ ! -e {folder}/full ] || {{ echo "disk full" >&2; exit 2; }}
"""


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "check"
    path.write_text(SCRIPT.format(folder=tmp_path))
    path.chmod(0o755)
    return path


def test_exec_by_the_exit_code(dual_network, lan, dual_director, script, tmp_path):
    vip, servers = lan
    start(dual_director, checked(vip, servers[:1], {"type": "exec", "command": [str(script)], "timeout": 1}))
    wait_up(dual_director, servers[0])
    mac = dual_network.servers[0].mac()
    assert (tmp_path / "asked").read_text().splitlines()[0] == f"{vip} tcp 80 {servers[0]} {mac}"
    (tmp_path / "full").touch()
    wait_down(dual_director, servers[0], "exit code 2", "disk full")
    (tmp_path / "full").unlink()
    wait_up(dual_director, servers[0])


def test_exec_comes_from_the_file_by_sighup(dual_network, dual_director, script):
    vip, servers = dual_network.VIP, [server.address for server in dual_network.servers]
    plain = checked(vip, servers[:1], {"type": "tcp"})
    start(dual_director, plain)
    wait_up(dual_director, servers[0])
    config = dual_director.config([checked(vip, servers[:1], {"type": "exec", "command": [str(script)]})], ports=[DUAL_PORT])
    dual_director.write(config)
    dual_director.process.send_signal(signal.SIGHUP)
    wait_for("the program's checks", lambda: row(dual_director, servers[0])["type"] == "exec")
    done = dual_director.ctl("apply", dual_director.config_file)  # the same program again may come over the socket
    assert done.returncode == 0


def test_exec_runs_on_any_cpu_and_leaves_nothing_behind(dual_network, dual_director, tmp_path):
    vip, servers = dual_network.VIP, [server.address for server in dual_network.servers]
    path = tmp_path / "check"
    path.write_text(f"#!/bin/sh\ngrep Cpus_allowed_list /proc/self/status >>{tmp_path}/cpus\nsleep 30\n")
    path.chmod(0o755)
    start(dual_director, checked(vip, servers[:1], {"type": "exec", "command": [str(path)], "timeout": 1}))
    wait_down(dual_director, servers[0], "did not end")
    allowed = wait_for("what it says", lambda: (tmp_path / "cpus").read_text()).splitlines()[0].split(":")[1].strip()
    with open("/proc/self/status") as status:
        ours = next(line for line in status if line.startswith("Cpus_allowed_list")).split(":")[1].strip()
    assert allowed == ours
    dual_director.stop()
    wait_for("the end of its programs", lambda: str(path) not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout, 5)
