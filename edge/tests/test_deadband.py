"""The deadband: what passes, and that nothing is silent for longer than promised."""

import math

from hypothesis import given
from hypothesis import strategies as st

from lamppost.edge.config.model import ChannelConfig
from lamppost.edge.drivers.seam import Reading, Value
from lamppost.edge.sampling.conform import conform
from lamppost.edge.sampling.deadband import Deadband
from lamppost.wire.datatypes import DataType, Quality

POLL_MS = 1000


def channel(band: float = 1.0, heartbeat_s: float = 10.0) -> ChannelConfig:
    """The one channel of these tests."""
    return ChannelConfig("flow", deadband=band, heartbeat_s=heartbeat_s)


def at(second: float, value: Value, quality: Quality = Quality.GOOD) -> Reading:
    """A reading of that channel at a time in seconds."""
    return Reading("flow", value, round(second * 1000), quality)


def passed(
    readings: list[Reading], band: float = 1.0, heartbeat_s: float = 10.0
) -> list[float]:
    """The times in seconds of the readings that pass, polled once a second."""
    gate = Deadband([channel(band, heartbeat_s)], POLL_MS / 1000)
    return [reading.time_ms / 1000 for reading in readings if gate.passes(reading)]


def test_the_first_passes() -> None:
    """The first reading of a channel passes, whatever it says."""
    assert passed([at(0, None, Quality.BAD)]) == [0]


def test_more_than_the_band() -> None:
    """A change by exactly the band does not pass; one by more does."""
    assert passed([at(0, 10.0), at(1, 11.0), at(2, 11.1), at(3, 10.1)]) == [0, 2]


def test_slow_drift_is_measured_from_the_last_sent() -> None:
    """A drift in steps below the band passes once it has gone further than the band."""
    assert passed([at(n, n * 0.4) for n in range(8)]) == [0, 3, 6]


def test_no_band() -> None:
    """With a band of 0 every change passes and no repetition does."""
    assert passed([at(0, 1.0), at(1, 1.0), at(2, 1.0000001)], band=0) == [0, 2]


def test_heartbeat() -> None:
    """An unchanged value passes each time the heartbeat has elapsed."""
    assert passed([at(n, 5.0) for n in range(25)]) == [0, 10, 20]


def test_heartbeat_is_not_late_when_a_poll_is_early() -> None:
    """A poll some milliseconds before the heartbeat sends it: the next would break it."""
    assert passed([at(0, 5.0), at(9.998, 5.0), at(10.998, 5.0)]) == [0, 9.998]


def test_quality_changes_pass() -> None:
    """Going BAD and coming back both pass, and BAD repeats by heartbeat only."""
    bad = [at(n, None, Quality.BAD) for n in range(1, 13)]
    assert passed([at(0, 5.0), *bad, at(13, 5.0)]) == [0, 1, 11, 13]


def test_texts_and_booleans_pass_when_they_differ() -> None:
    """Text and boolean channels have no band: any other value passes."""
    assert passed([at(0, "a"), at(1, "a"), at(2, "b")]) == [0, 2]
    gate = Deadband([ChannelConfig("flow", DataType.BOOLEAN)], 1)
    assert [gate.passes(at(n, value)) for n, value in enumerate((True, True, False))] == [
        True,
        False,
        True,
    ]


def test_a_clock_set_back_does_not_silence() -> None:
    """A reading older than the last one sent passes, so that a clock step costs no silence."""
    assert passed([at(1000, 5.0), at(0, 5.0), at(1, 5.0)]) == [1000, 0]


VALUES = st.none() | st.floats(-10, 10) | st.sampled_from([math.nan, math.inf, -math.inf])


@given(
    values=st.lists(VALUES, min_size=1, max_size=60),
    band=st.sampled_from([0.0, 0.5, 3.0]),
    heartbeat_s=st.integers(1, 8),
    jitter_ms=st.lists(st.integers(-400, 400), min_size=60, max_size=60),
)
def test_the_receiver_is_never_misled(
    values: list[float | None], band: float, heartbeat_s: int, jitter_ms: list[int]
) -> None:
    """At every poll the last sent reading is within band, of like quality, and not too old."""
    gate = Deadband([channel(band, heartbeat_s)], POLL_MS / 1000)
    sent: Reading | None = None
    for n, value in enumerate(values):
        raw = Reading("flow", value, n * POLL_MS + jitter_ms[n])
        reading = conform(raw, DataType.DOUBLE)
        if gate.passes(reading):
            assert sent is None or reading != sent
            sent = reading
        assert sent is not None
        assert sent.quality is reading.quality
        assert reading.time_ms - sent.time_ms < heartbeat_s * 1000
        if isinstance(reading.value, float):
            assert isinstance(sent.value, float)
            assert abs(reading.value - sent.value) <= band
