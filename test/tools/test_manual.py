"""The manual pages: clean, and about everything that there is."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from programs import BUILD, ROOT, TURNOUTD, turnoutctl

PAGES = {
    "turnoutd.8": ROOT / "docs" / "man" / "turnoutd.8",
    "turnoutctl.8": BUILD / "docs" / "man" / "turnoutctl.8",
    "turnout.json.5": BUILD / "docs" / "man" / "turnout.json.5",
}


def shown(page: Path) -> str:
    """The page as a reader sees it, in one paragraph."""
    if shutil.which("mandoc") is None:
        pytest.skip("mandoc is missing; run: sudo scripts/setup-host --dev")
    run = subprocess.run(["mandoc", "-T", "ascii", "-O", "width=500", page], capture_output=True, text=True, check=True)
    return " ".join(re.sub(r".\x08", "", run.stdout).split())


@pytest.mark.parametrize("name", PAGES)
def test_mandoc_finds_nothing_wrong(name):
    if shutil.which("mandoc") is None:
        pytest.skip("mandoc is missing; run: sudo scripts/setup-host --dev")
    run = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", PAGES[name]], capture_output=True, text=True, check=False)
    assert run.stdout == ""


@pytest.mark.parametrize("name", PAGES)
def test_man_finds_nothing_wrong(name):
    if shutil.which("man") is None:
        pytest.skip("man is missing; run: sudo scripts/setup-host --dev")
    run = subprocess.run(
        ["man", "--warnings", "-l", PAGES[name]], capture_output=True, text=True, check=True,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "100", "MAN_KEEP_FORMATTING": "", "PAGER": "cat"},
    )  # fmt: skip
    assert run.stderr == ""


def test_every_command_and_option_is_described():
    text = shown(PAGES["turnoutctl.8"])
    registry = json.loads(turnoutctl("--json", "help").stdout)
    for option in registry["options"]:
        assert f"--{option['name']}" in text
    for group in registry["groups"]:
        assert group["title"] in text
        for command in group["commands"]:
            assert f"{command['name']} {command['arguments']}".strip().replace("…", "...") in text.replace("…", "...")
            for option in command["options"]:
                assert f"--{option['name']} {option['value_name']}".strip().replace("…", "...")[:20] in text.replace("…", "...")


def test_every_key_is_described():
    text = shown(PAGES["turnout.json.5"])
    schema = json.loads((ROOT / "conf" / "turnout.schema.json").read_text())
    for key in schema["properties"]:
        assert f" {key} " in text
    for name in ("port", "service", "real_server", "health", "vip", "member", "uplink"):
        for key in schema["$defs"][name]["properties"]:
            assert f".{key} " in text, key
    assert "$schema" in text and "turnout/turnout.schema.json" in text


def test_every_option_of_turnoutd_is_described():
    help_text = subprocess.run([TURNOUTD, "--help"], capture_output=True, text=True, check=True).stdout
    options = set(re.findall(r"--[a-z][a-z-]+", help_text))
    assert len(options) >= 5
    text = shown(PAGES["turnoutd.8"])
    for option in options:
        assert option in text
