"""Waiting for a condition instead of for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

TIMEOUT_S = 120.0
POLL_S = 0.05


def wait_for(
    condition: Callable[[], T], what: str, timeout_s: float = TIMEOUT_S, poll_s: float = POLL_S
) -> T:
    """The first truthy answer of `condition`; an OSError counts as not yet."""
    deadline = time.monotonic() + timeout_s
    last: object = None
    while time.monotonic() < deadline:
        try:
            if answer := condition():
                return answer
            last = answer
        except OSError as error:
            last = error
        time.sleep(poll_s)
    raise AssertionError(f"waited {timeout_s:.0f} s for {what}; last answer: {last!r}")
