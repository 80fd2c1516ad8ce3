"""A client of the control socket: JSON-RPC 2.0, one object per line."""

import json
import socket
from pathlib import Path


class RpcError(Exception):
    """The error object of a response."""

    def __init__(self, error: dict):
        super().__init__(f"{error['code']}: {error['message']} {error.get('data')}")
        self.code: int = error["code"]
        self.message: str = error["message"]
        self.data = error.get("data")

    def pointers(self) -> list[str]:
        """The JSON pointers of all that is wrong."""
        data = self.data or {}
        return [data.get("pointer")] + [error["pointer"] for error in data.get("errors", [])]


class RpcClient:
    """One connection."""

    def __init__(self, path: Path, timeout=10.0):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))
        self._lines = self.socket.makefile("rb")
        self._id = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        self._lines.close()
        self.socket.close()

    def send_line(self, line: bytes) -> None:
        self.socket.sendall(line + b"\n")

    def read_response(self) -> dict:
        line = self._lines.readline()
        if not line.endswith(b"\n"):
            raise ConnectionError(f"the daemon closed the connection after {line!r}")
        return json.loads(line)

    def request(self, method: str, params: dict | None = None) -> int:
        """Sends a request without waiting; returns its id."""
        self._id += 1
        self.send_line(json.dumps({"jsonrpc": "2.0", "id": self._id, "method": method, "params": params or {}}).encode())
        return self._id

    def call(self, method: str, params: dict | None = None):
        wanted = self.request(method, params)
        response = self.read_response()
        assert response["jsonrpc"] == "2.0" and response["id"] == wanted, response
        if "error" in response:
            raise RpcError(response["error"])
        return response["result"]
