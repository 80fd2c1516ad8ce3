"""What clients do: HTTP requests, many of them, and slow ones; datagrams, and who answers them."""

import contextlib
import http.client
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator

from network import Host

RESET = struct.pack("ii", 1, 0)  # of SO_LINGER: the end is a single packet, and nothing is waited for
ACKNOWLEDGED = struct.pack("ii", 1, 5)  # the end is a FIN, whose acknowledgement is waited for, up to five seconds


def connection_to(
    host: Host, address: str, port=80, source_port=0, timeout=5.0, source=""
) -> http.client.HTTPConnection:
    """A new TCP connection from a host, from `source` if it has several addresses."""
    made = host.socket(timeout=timeout, to=address)
    if source_port or source:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # the port may have been used a moment ago
        made.bind((source or (host.address6 if ":" in address else host.address), source_port))
    try:
        made.connect((address, port))
    except BaseException:
        made.close()
        raise
    connection = http.client.HTTPConnection(address, port)
    connection.sock = made
    return connection


def get_over(connection: http.client.HTTPConnection, path="/", close=False) -> bytes:
    connection.request("GET", path, headers={"Connection": "close"} if close else {})
    response = connection.getresponse()
    body = response.read()
    assert response.status == 200, f"{path}: {response.status}"
    return body


def get(host: Host, address: str, path="/", port=80, source_port=0, timeout=5.0, source="") -> bytes:
    """One request over a connection of its own, closed by the server first.

    The client's last packet has passed the director by then: it is in the counts that are read next, and isn't sent
    again to the next test's. A client's port that is given can be used again at once, whoever forwards its last packets
    or doesn't.
    """
    with contextlib.closing(connection_to(host, address, port, source_port, timeout, source)) as connection:
        with connection.sock.dup() as ours:
            if source_port:
                ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            body = get_over(connection, path, close=True)
            with contextlib.suppress(OSError):
                ours.recv(1)
                if not source_port:
                    ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ACKNOWLEDGED)
            return body


def who_answers(host: Host, address: str, port=80, source_port=0, source="") -> str:
    return get(host, address, port=port, source_port=source_port, source=source).decode().strip()


def ask_many(host: Host, address: str, count: int, port=80) -> Counter:
    """Who answered how often."""
    return Counter(who_answers(host, address, port) for _ in range(count))


def reset(connection: http.client.HTTPConnection) -> None:
    """Ends a connection with a single packet."""
    if connection.sock is not None:
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    connection.close()


@contextlib.contextmanager
def open_connection(host: Host, address: str) -> Iterator[http.client.HTTPConnection]:
    """A connection that is open as long as the block lasts.

    It ends with a single packet, as a FIN that a director no longer forwards is sent again, to the next test's.
    """
    connection = connection_to(host, address)
    try:
        yield connection
    finally:
        reset(connection)


class Held:
    """Connections that stay open, each with the name of the server that it has."""

    def __init__(self, host: Host, address: str):
        self._host = host
        self._address = address
        self._open: list[tuple[str, http.client.HTTPConnection]] = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for _name, connection in self._open:
            reset(connection)

    def add(self, count: int) -> list[str]:
        """Opens so many, and says which server each got."""
        names = []
        for _ in range(count):
            connection = connection_to(self._host, self._address)
            names.append(get_over(connection).decode().strip())
            self._open.append((names[-1], connection))
        return names

    def end(self, server: str, count: int) -> None:
        """Closes so many of a server's."""
        for each in [each for each in self._open if each[0] == server][:count]:
            reset(each[1])
            self._open.remove(each)

    def count(self) -> Counter:
        return Counter(name for name, _connection in self._open)


class Hammer:
    """Requests without a pause from a thread, each on a new connection, as long as the block lasts."""

    def __init__(self, host: Host, address: str):
        self._host = host
        self._address = address
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.answers: Counter = Counter()
        self.failures: list[str] = []

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.answers[who_answers(self._host, self._address)] += 1
            except (OSError, AssertionError, http.client.HTTPException) as error:
                self.failures.append(f"{time.strftime('%X')} {error!r}")

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(10)


class SlowDownload:
    """A download that is read a little at a time, so that its connection lives through what the test does."""

    def __init__(self, host: Host, address: str, path: str):
        self._connection = connection_to(host, address)
        self._connection.request("GET", path)
        self._response = self._connection.getresponse()
        self.size = int(self._response.headers["Content-Length"])
        self.received = b""

    def read_some(self, size=65536) -> None:
        self.received += self._response.read(size)

    def read_rest(self) -> bytes:
        self.received += self._response.read()
        self._connection.close()
        return self.received


class Echo:
    """Answers each datagram with its host's name and what it said."""

    def __init__(self, host: Host, address: str, port: int):
        self._host = host
        self._socket = host.socket(socket.SOCK_DGRAM, timeout=None, to=address)
        self._socket.bind((address, port))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            said, peer = self._socket.recvfrom(65535)
            if said == b"end":
                return
            self._socket.sendto(self._host.name.encode() + b":" + said, peer)

    def end(self) -> None:
        address, port, *_ = self._socket.getsockname()
        with contextlib.closing(self._host.socket(socket.SOCK_DGRAM, to=address)) as teller:
            teller.sendto(b"end", (address, port))
        self._thread.join(5)
        self._socket.close()


@contextlib.contextmanager
def echoing(hosts: list[Host], address: str, port: int):
    """Each of the hosts answers datagrams as long as the block lasts."""
    with contextlib.ExitStack() as stack:
        for host in hosts:
            stack.callback(Echo(host, address, port).end)
        yield


def datagram_answer(client: socket.socket, address: str, port: int, said: bytes) -> str:
    """The name of the host that answers, with what was said and from the address that was asked."""
    client.sendto(said, (address, port))
    answer, sender = client.recvfrom(65535)
    assert sender[:2] == (address, port), f"the answer came from {sender}"
    name, echoed = answer.split(b":", 1)
    assert echoed == said
    return name.decode()
