"""What an operator is told of the instrument's faults: kinds, places and sentences."""

from dataclasses import replace

import numpy as np
import pytest

from lamppost.aggregator import columns as c
from lamppost.aggregator.alarms import event as e
from lamppost.aggregator.alarms.event import Event
from lamppost.aggregator.alarms.reasons import reason
from lamppost.aggregator.nodes.series import SeriesIndex, SeriesInfo, SeriesKey
from lamppost.aggregator.pipeline.judging import Judging, Readings
from lamppost.aggregator.pipeline.leads import is_counter
from lamppost.wire.datatypes import DataType

from .samples_judge import T0
from .test_instrument import BEFORE, STEP_MS, daily

INFO = SeriesInfo(0, "city", "n", "d", "temperature", DataType.DOUBLE, "Cel")
SINCE = 1_700_000_002_000  # 22:13:22Z
EVENT = Event(
    "id", "city", "n", "d", "temperature", e.SENSOR_FAULT, e.UNIT, SINCE, SINCE, None,
    0.6, 20_000.0, 20.0, 19.0, 21.0, "Cel", "",
)  # fmt: skip
PLACE = "temperature at city/n/d"
TREMBLES = f"{PLACE} trembles much more or much less than it ever has"
ZONE = "as with a wrong time zone or daylight saving"
CLOCK = "the clock of node city/n is"
AT = "22:13:22Z"
FAST = f"{PLACE} reads 95.5 Cel since {AT}, faster than it can have come there"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({}, f"{PLACE} reads 20000 Cel since 22:13:22Z, a thousand times the expected 20 Cel"),
        (
            {"value": 0.02},
            f"{PLACE} reads 0.02 Cel since 22:13:22Z, a thousandth of the expected 20 Cel",
        ),
        (
            {"value": 68.0},
            f"{PLACE} reads 68 Cel since 22:13:22Z, as in another unit; expected 20 Cel",
        ),
        (
            {"kind": e.RATE, "value": 95.5},
            f"{FAST}; expected 20 Cel",
        ),
        (
            {"kind": e.RATE, "value": 95.5, "expected": None},
            FAST,
        ),
        (
            {"kind": e.NOISE, "value": 21.5},
            f"{TREMBLES} since {AT}; now 21.5 Cel",
        ),
        (
            {"kind": e.DRIFT, "value": 23.0, "expected": None},
            f"{PLACE} has left its neighbours of the same kind since 22:13:22Z; now 23 Cel",
        ),
        (
            {"kind": e.COUNTER, "value": 3.0, "unit": "kW.h"},
            f"{PLACE} counts from the beginning again since 22:13:22Z; now 3 kW.h",
        ),
        (
            {"kind": e.CLOCK, "value": -3600.4},
            f"{CLOCK} 1 h 0 min behind since {AT}, {ZONE}",
        ),
        (
            {"kind": e.CLOCK, "value": 45.0},
            "the clock of node city/n is 45 s ahead since 22:13:22Z",
        ),
    ],
)
def test_sentences(change: dict[str, object], sentence: str) -> None:
    """Each kind in its own words, with its numbers."""
    assert reason(replace(EVENT, **change)) == sentence  # type: ignore[arg-type]


def judging(rate_per_s: float | None = None) -> Judging:
    """One temperature."""
    index = SeriesIndex()
    new = Judging(index)
    key = SeriesKey("city", "n", "d", "temperature")
    new.admit(
        index.add(
            key, DataType.DOUBLE, unit="Cel", channel_class="temperature", rate_per_s=rate_per_s
        )
    )
    return new


def told(city: Judging, value: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[Event]:
    """The events of a series of values, a reading at a time where it matters."""
    count = len(value)
    times = T0 + np.arange(count, dtype=np.int64) * STEP_MS
    events: list[Event] = []
    for first, last in ((0, BEFORE), *((n, n + 1) for n in range(BEFORE, count))):
        part = slice(first, last)
        readings = Readings(
            np.zeros(last - first, np.int32),
            times[part],
            value[part],
            np.full(last - first, c.QUALITY_GOOD, np.int16),
            np.ones(last - first, np.uint8),
        )
        now = int(times[last - 1])
        verdicts = city.readings(readings, [], now)
        records = city.events_in(readings, verdicts, now)
        events += [one for one in records if isinstance(one, Event)]
    return events


def test_another_unit_is_one_event_of_the_sensor() -> None:
    """Since the first reading in Fahrenheit, and no process anomaly, then or afterwards."""
    value = daily(31, 1, BEFORE + 60)[:, 0]
    value[BEFORE + 10 : BEFORE + 40] = 1.8 * value[BEFORE + 10 : BEFORE + 40] + 32
    events = [one for one in told(judging(), value) if one.onset_ms >= T0 + BEFORE * STEP_MS]
    units = [one for one in events if one.kind == e.UNIT]
    assert {one.onset_ms for one in units} == {T0 + (BEFORE + 10) * STEP_MS}
    assert {one.event_class for one in units} == {e.SENSOR_FAULT}
    assert not [one for one in events if one.event_class == e.PROCESS_ANOMALY]


def test_what_came_too_fast_is_one_event_of_the_sensor() -> None:
    """From the jump until it is back, though it stays there for longer than any spike."""
    value = daily(32, 1, BEFORE + 60)[:, 0]
    value[BEFORE + 10 : BEFORE + 30] += 40
    found = told(judging(rate_per_s=0.02), value)
    events = [one for one in found if one.onset_ms >= T0 + BEFORE * STEP_MS]
    assert {one.kind for one in events} == {e.RATE}
    assert {one.onset_ms for one in events} == {T0 + (BEFORE + 10) * STEP_MS}
    assert len({one.id for one in events}) == 1
    assert "faster than it can have come there" in events[0].reason


def test_a_wrong_clock_is_one_event_of_its_node() -> None:
    """Opened by the sweep once it is sure, closed when the offset is back; channel empty."""
    city = judging()
    events: list[Event] = []
    for reading in range(300):
        now = T0 + reading * 5_000
        off = 3_600_000 if 100 <= reading < 200 else 0
        readings = Readings(
            np.zeros(1, np.int32),
            np.array([now - 100 + off], np.int64),
            np.array([20.0 + reading % 7]),
            np.full(1, c.QUALITY_GOOD, np.int16),
            np.zeros(1, np.uint8),
        )
        city.readings(readings, [], now)
        _, records = city.sweep(now, silence=True)
        events += [one for one in records if isinstance(one, Event)]
    clocks = [one for one in events if one.kind == e.CLOCK]
    assert len({one.id for one in clocks}) == 1
    assert clocks[0].value == pytest.approx(3600, abs=1)
    assert (clocks[0].node, clocks[0].device, clocks[0].channel) == ("n", "", "")
    assert clocks[-1].end_ms == T0 + 200 * 5_000
    assert not [one for one in events if one.kind == e.GAP]


@pytest.mark.parametrize(
    ("kind", "unit", "counts"),
    [("energy", "kW.h", True), ("energy", "kW", False), ("flow", "m3", False)],
)
def test_what_is_a_counter(kind: str, unit: str, counts: bool) -> None:
    """By class and cumulative unit together."""
    assert is_counter(replace(INFO, channel_class=kind, unit=unit)) is counts
