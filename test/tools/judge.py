"""turnoutd's reader of configurations, asked about many at once."""

import json
import re
import subprocess

from programs import CHECK_CONFIGS


def verdicts_of(documents: list) -> list[dict]:
    """{errors: [{pointer, reason}], config: with every default, or null} of each document."""
    return verdicts_of_texts("".join(json.dumps(document) + "\n" for document in documents))


def verdicts_of_texts(lines: str) -> list[dict]:
    answer = subprocess.run([CHECK_CONFIGS], input=lines, capture_output=True, text=True, timeout=300, check=True)
    return [json.loads(line) for line in answer.stdout.splitlines()]


def judge(documents: list) -> list[list[dict]]:
    """What is wrong with each document."""
    return [verdict["errors"] for verdict in verdicts_of(documents)]


def without_comments(text: str) -> str:
    """JSON with // and /* */ comments as plain JSON; texts are left alone."""
    return re.sub(
        r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', lambda found: found.group(1) or " ", text, flags=re.DOTALL
    )
