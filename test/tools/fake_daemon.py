"""What answers on a control socket in place of turnoutd, from a script."""

import contextlib
import json
import socket
import threading
from pathlib import Path


class FakeDaemon:
    def __init__(self, path: Path, answers: dict, silent=False):
        self.path = path
        self.answers = answers
        self.asked: list[str] = []
        self.silent = silent  # takes connections and never answers
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            for line in connection.makefile("rb"):
                request = json.loads(line)
                self.asked.append(request["method"])
                if self.silent:
                    continue
                known = request["method"] in self.answers
                result = {"result": self.answers.get(request["method"])}
                error = {"error": {"code": -32601, "message": "no such method"}}
                answer = {"jsonrpc": "2.0", "id": request["id"], **(result if known else error)}
                connection.sendall(json.dumps(answer).encode() + b"\n")
