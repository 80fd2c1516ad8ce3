"""The built programs, and what the tests of this folder do with them. None of them needs root."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("TURNOUT_BUILD", ROOT / "build"))
TURNOUTD = BUILD / "turnoutd"
TURNOUTCTL = BUILD / "turnoutctl"
CHECK_CONFIGS = BUILD / "test" / "tools" / "check_configs"


def turnoutctl(
    *words: str, text: str = "", socket: str = "/nonexistent/control.sock", program="turnoutctl"
) -> subprocess.CompletedProcess:
    """`program`: the name that it is called by."""
    return subprocess.run(
        [BUILD / program, *words], input=text, capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "TURNOUT_SOCKET": socket},
    )  # fmt: skip
