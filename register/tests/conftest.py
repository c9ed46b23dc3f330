"""A seeded city, a console that serves it, and a headless Chromium to look at it with."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from lamppost.register.feed import wall_ms
from lamppost.register.records.store import Register
from lamppost.register.serve import Console

from .chrome import CHROMIUM_ARGS, chromium
from .city import City
from .registers import VARIABLE, Clock, on_postgres, opened


@pytest.fixture
def city() -> City:
    """A city in which all is well."""
    return City(wall_ms())


@pytest.fixture
def console(city: City) -> Iterator[Console]:
    """A console on a free port."""
    served = Console(city, port=0)
    served.start()
    yield served
    city.hold.set()
    served.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Headless Chromium, as Debian packages it; one for all tests of a module."""
    path = chromium()
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)
        yield launched
        await launched.close()


@pytest.fixture
def clock() -> Clock:
    """A clock for registers."""
    return Clock()


@pytest.fixture
def register(
    request: pytest.FixtureRequest, tmp_path: Path, clock: Clock
) -> Iterator[Register]:
    """An empty register: in an SQLite file, or on the PostgreSQL that the environment names."""
    if os.environ.get(VARIABLE) and request.node.get_closest_marker("sqlite") is None:
        with on_postgres(tmp_path, clock) as served:
            yield served
        return
    held = opened(tmp_path, clock)
    yield held
    held.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_register(
    request: pytest.FixtureRequest, tmp_path: Path, clock: Clock
) -> Iterator[Register]:
    """An empty register, on each database there is."""
    if request.param == "postgresql":
        with on_postgres(tmp_path, clock) as held:
            yield held
        return
    held = opened(tmp_path, clock)
    yield held
    held.close()
