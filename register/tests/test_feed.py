"""The one reader of the live view."""

import logging

import pytest

from lamppost.register.feed import RECENT_POINTS, SILENT_MS, Feed

from .city import GROUP, City

NO2 = (GROUP, "air-mast-7", "mast", "no2")


class Clock:
    """A clock the test moves."""

    def __init__(self) -> None:
        self.ms = 1_000_000

    def __call__(self) -> int:
        """Return the time."""
        return self.ms


async def test_it_remembers_a_bounded_window(city: City) -> None:
    """The window keeps the last points, with gaps where a channel was stale."""
    feed = Feed(city)
    for _ in range(RECENT_POINTS + 5):
        await feed.poll()
    city.go_stale("mast", "no2")
    await feed.poll()
    values = feed.recent(NO2)
    assert len(values) == RECENT_POINTS
    assert values[-2:] == (23.8, None)


async def test_a_channel_that_is_gone_is_forgotten(city: City) -> None:
    """Nothing is kept for what is no longer in the snapshot."""
    feed = Feed(city)
    await feed.poll()
    del city.channels[NO2]
    await feed.poll()
    assert feed.recent(NO2) == ()


async def test_silence_is_told_and_ends(city: City, caplog: pytest.LogCaptureFixture) -> None:
    """A failing live view leaves the last snapshot, says so once, and recovers."""
    clock = Clock()
    feed = Feed(city, clock)
    await feed.poll()
    city.fault = RuntimeError("spool gone")
    clock.ms += SILENT_MS + 1
    with caplog.at_level(logging.ERROR):
        await feed.poll()
        await feed.poll()
    assert feed.silent_ms == SILENT_MS + 1
    assert feed.trouble == "RuntimeError: spool gone"
    assert feed.latest is not None
    assert len(caplog.records) == 1
    city.fault = None
    await feed.poll()
    assert (feed.silent_ms, feed.trouble) == (0, "")
