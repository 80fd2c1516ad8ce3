"""Waiting with an end to it."""

import time
from collections.abc import Callable, Iterator


def until(seconds: float, pause: float = 0.0) -> Iterator[float]:
    """Counts attempts, each as the seconds left; raises TimeoutError when they are used up."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        yield left
        time.sleep(pause)
    raise TimeoutError(f"not within {seconds} seconds")


def wait_for(what: str, condition: Callable, seconds: float = 10.0, pause: float = 0.05):
    """The first true value of `condition`."""
    try:
        for _ in until(seconds, pause):
            if value := condition():
                return value
    except TimeoutError:
        raise AssertionError(f"{seconds} seconds have passed without {what}") from None
