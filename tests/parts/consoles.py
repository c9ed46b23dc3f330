"""Consoles of tests end for good."""

from collections.abc import Iterator
from contextlib import contextmanager

from lamppost.register import serve
from parts.waiting import TIMEOUT_S


@contextmanager
def patient_consoles() -> Iterator[None]:
    """Let a console take its time to stop: while it is there the next one cannot start."""
    bound_s, serve.STOP_S = serve.STOP_S, TIMEOUT_S
    try:
        yield
    finally:
        serve.STOP_S = bound_s
