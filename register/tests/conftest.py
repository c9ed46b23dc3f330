"""A seeded city, a console that serves it, and a headless Chromium to look at it with."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST
from playwright.async_api import Browser, async_playwright, expect

from lamppost.register.access import passwords
from lamppost.register.feed import wall_ms
from lamppost.register.records.store import Register
from lamppost.register.serve import Console
from parts.consoles import patient_consoles

from .asking import PATIENCE_S
from .chrome import CHROMIUM_ARGS, chromium
from .city import City
from .consoles import serving
from .registers import VARIABLE, Clock, on_postgres, opened


@pytest.fixture(scope="session", autouse=True)
def _patience() -> Iterator[None]:
    """A page on a busy machine gets its time, and a console is over before the next starts."""
    expect.set_options(timeout=PATIENCE_S * 1e3)
    with patient_consoles():
        yield


@pytest.fixture
def city() -> City:
    """A city in which all is well."""
    return City(wall_ms())


@pytest.fixture
def console(city: City) -> Iterator[Console]:
    """A console on a free port."""
    with serving(city) as served:
        yield served
        city.hold.set()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def launched() -> AsyncIterator[Browser]:
    """Headless Chromium, as Debian packages it; one for all tests of a module."""
    path = chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def browser(launched: Browser) -> AsyncIterator[Browser]:
    """Chromium without pages; those of a test end with it, also when it fails."""
    yield launched
    for context in launched.contexts:
        await context.close()


@pytest.fixture(scope="session", autouse=True)
def _cheap_hashes() -> Iterator[None]:
    """Passwords of tests are hashed with little memory; one test looks at the real cost."""
    passwords.hash_with(PasswordHasher.from_parameters(CHEAPEST))
    yield
    passwords.hash_with(passwords.STRONG)


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
