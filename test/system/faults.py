"""What goes wrong with real servers, each as a block after which it is mended."""

import contextlib
import os
import signal
import socket
import subprocess
from pathlib import Path

from network import Host, family_of
from waiting import wait_for


def _prefix(vip: str) -> str:
    return f"{vip}/128" if ":" in vip else f"{vip}/32"


@contextlib.contextmanager
def without_vip(server: Host, vip: str):
    server.run("ip", "address", "del", _prefix(vip), "dev", "lo")
    try:
        yield
    finally:
        server.run("ip", "address", "add", _prefix(vip), "dev", "lo")


@contextlib.contextmanager
def unplugged(server: Host, lan="lan", device="eth0"):
    """The switch's end of the cable goes down: the server keeps its addresses, as with a real cable."""
    port = ("ip", "-n", f"{server.lab}-{lan}", "link", "set", f"{server.name}.{device}")
    subprocess.run([*port, "down"], check=True)
    try:
        yield
    finally:
        subprocess.run([*port, "up"], check=True)


@contextlib.contextmanager
def no_service(server: Host, restart):
    """nginx ends; `restart` brings it back."""
    pid = int(Path(server.folder, "nginx.pid").read_text())
    os.kill(pid, signal.SIGTERM)  # at once: a connection that nobody ends must not keep it
    wait_for("nginx ending", lambda: not Path(f"/proc/{pid}").exists())
    try:
        yield
    finally:
        restart(server)


@contextlib.contextmanager
def listening(server: Host, address: str, port=80):
    """Somebody listens on that address alone."""
    with server.inside():
        listener = socket.socket(family_of(address), socket.SOCK_STREAM)
    with contextlib.closing(listener):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen()
        yield


@contextlib.contextmanager
def forwarding(server: Host):
    keys = ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding")
    for key in keys:
        server.run("sysctl", "-qw", f"{key}=1")
    try:
        yield
    finally:
        for key in keys:
            server.run("sysctl", "-qw", f"{key}=0")


@contextlib.contextmanager
def rejecting(server: Host, rule: str):
    """A firewall of one rule, as in `tcp dport 80 reject`."""
    server.run("nft", "add table inet fault; add chain inet fault input { type filter hook input priority 0; }")
    server.run("nft", f"add rule inet fault input {rule}")
    try:
        yield
    finally:
        server.run("nft", "delete table inet fault")
