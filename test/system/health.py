"""What the director says of its health checks, and waiting for it to say so."""

from director import Director
from waiting import wait_for


def row(director: Director, server: str) -> dict:
    """The first row of health.list about a real server."""
    return next(row for row in director.rpc("health.list") if row["server"] == server)


def wait_up(director: Director, *servers: str) -> None:
    for server in servers:
        wait_for(f"{server} being up", lambda server=server: row(director, server)["state"] == "up")


def wait_down(director: Director, server: str, *words: str) -> dict:
    """Down, and the reason or the hint comes to say all of these words."""

    def down():
        said = row(director, server)
        text = f"{said['reason']} ({said['hint']})"
        return said if said["state"] == "down" and all(word in text for word in words) else None

    try:
        return wait_for(f"{server} being down: {words}", down)
    except AssertionError as error:
        raise AssertionError(f"{error}: {row(director, server)}") from None
