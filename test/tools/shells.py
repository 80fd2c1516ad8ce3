"""bash and zsh at a terminal: what stands on the command line after somebody typed and pressed Tab."""

import os
import pty
import select
import signal
import tempfile
import time
from pathlib import Path

LIMIT = 20  # seconds to wait for a shell, at most
SHOW = b"\x14"  # Ctrl-T: bound to writing the line into a file
ERASE = b"\x15"  # Ctrl-U


class Shell:
    """One shell on a terminal of its own. `start`: what it runs at its start, with SHOWN for the file of the line."""

    def __init__(self, command: list[str], start_file: str, start: str, environment: dict):
        self.folder = tempfile.TemporaryDirectory()
        home = Path(self.folder.name)
        self.shown = home / "line"
        (home / start_file).write_text(start.replace("SHOWN", str(self.shown)))
        self.said = b""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(home)
            os.execvpe(command[0], command, {**environment, "TERM": "dumb", "HOME": str(home), "ZDOTDIR": str(home)})
        self.line("")  # the shell is ready when it answers

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)
        self.folder.cleanup()

    def send(self, keys: bytes) -> None:
        os.write(self.terminal, keys)

    def read(self, seconds: float) -> None:
        if select.select([self.terminal], [], [], seconds)[0]:
            self.said += os.read(self.terminal, 65536)

    def line(self, typed: str) -> str:
        """The line after `typed` and a Tab."""
        self.shown.unlink(missing_ok=True)
        end = time.monotonic() + LIMIT
        self.send(typed.encode() + (b"\t" if typed else b"") + SHOW)
        while not self.shown.exists() or not self.shown.read_text().endswith("\n"):
            assert time.monotonic() < end, f"the shell says nothing more than {self.said!r}"
            self.read(0.05)
        self.send(ERASE)
        return self.shown.read_text().removesuffix("\n")


def bash(script: str, environment: dict) -> Shell:
    start = f"""PS1=
bind 'set bell-style none'
show() {{ printf '%s\\n' "$READLINE_LINE" >SHOWN; }}
bind -x '"\\C-t": show'
source {script}
"""
    return Shell(["bash", "--noprofile", "--rcfile", "start", "-i"], "start", start, environment)


def zsh(script: str, environment: dict) -> Shell:
    start = f"""PS1=
setopt no_beep
autoload -Uz compinit
compinit -u -D
show() {{ print -r -- "$BUFFER" >SHOWN }}
zle -N show
bindkey '^T' show
bindkey '^U' kill-whole-line
source {script}
"""
    return Shell(["zsh", "-d", "-i"], ".zshrc", start, environment)
