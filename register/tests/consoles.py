"""Consoles to test with, which end with the block, whatever happens in it."""

from collections.abc import Iterator
from contextlib import contextmanager

from lamppost.register.live import LiveView
from lamppost.register.records.store import Register
from lamppost.register.serve import Console


@contextmanager
def serving(
    live: LiveView, register: Register | None = None, *, access: bool = False
) -> Iterator[Console]:
    """Serve a console on a free port."""
    console = Console(live, port=0, access=access, register=register)
    try:
        console.start()
        yield console
    finally:
        console.stop()
