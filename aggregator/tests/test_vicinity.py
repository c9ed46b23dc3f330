"""Whom a channel is compared with, and what that tells of the weather and of a sensor."""

from dataclasses import replace

import numpy as np
import pytest

from lamppost.aggregator import columns as c
from lamppost.aggregator.judge.judge import NEAR, Judge
from lamppost.aggregator.judge.neighbours import LEAST, MAX_NEAR
from lamppost.aggregator.nodes.series import SeriesIndex, SeriesInfo, SeriesKey
from lamppost.aggregator.pipeline.judging import Judging, Readings
from lamppost.aggregator.pipeline.vicinity import EVERY_MS, MAX_POOL, NEAREST, Vicinity
from lamppost.wire.datatypes import DataType

from .samples_judge import T0, Floats, judge_of

INFO = SeriesInfo(0, "city", "n", "d", "t", DataType.DOUBLE, "Cel", channel_class="temperature")
KILOMETRE = 1 / 111.2  # degrees of latitude


def near(judge: Judge) -> list[list[int]]:
    """Of each series whom it is compared with."""
    rows = judge.state()[NEAR][:, :MAX_NEAR].tolist()
    return [[one for one in row if one >= 0] for row in rows]


def settled(*infos: SeriesInfo) -> list[list[int]]:
    """The same, of channels numbered as they come."""
    judge, vicinity = judge_of(len(infos)), Vicinity()
    for index, info in enumerate(infos):
        vicinity.admit(replace(info, index=index))
    vicinity.settle(judge, T0)
    return near(judge)


def along(*kilometres: float, longitude: float = 16.0) -> tuple[SeriesInfo, ...]:
    """Stations on a meridian, each a node of its own."""
    return tuple(
        replace(INFO, node=f"at {at}", latitude=48 + at * KILOMETRE, longitude=longitude)
        for at in kilometres
    )


def test_a_device_comes_first() -> None:
    """Two thermometers of a cabinet, whatever is around; not one in Fahrenheit."""
    beside = replace(INFO, latitude=48.0, longitude=16.0)
    found = settled(
        beside,
        replace(beside, metric="second"),
        replace(beside, metric="odd", unit="[degF]"),
        replace(beside, metric="nameless", channel_class=""),
        replace(beside, metric="hot", datatype=DataType.BOOLEAN),
        *along(0.1, 0.2, 0.3),
    )
    assert found[:5] == [[1], [0], [], [], []]
    assert sorted(found[5]) == [0, 1, 6, 7]


def test_an_area_is_two_kilometres_and_at_least_three_others() -> None:
    """The nearest five; who has two within reach has none."""
    found = settled(*along(0, 0.5, 1, 1.5, 1.9, 3.7, 5.8))
    assert found[0] == [1, 2, 3, 4]
    assert found[2][0] in {1, 3}
    assert found[5] == []
    assert found[6] == []
    crowd = settled(*along(*np.linspace(0, 1, 12)))
    assert crowd[0] == [1, 2, 3, 4, 5]
    assert all(len(others) == NEAREST for others in crowd)


def test_no_meridian_is_a_border() -> None:
    """Stations on both sides of the date line are near each other."""
    sides = [
        replace(one, latitude=0.0, longitude=longitude)
        for one, longitude in zip(
            along(1, 2, 3, 4), (179.999, -179.999, 179.998, -179.998), strict=True
        )
    ]
    assert [len(others) for others in settled(*sides)] == [3, 3, 3, 3]


def test_without_a_place_the_group_is_the_area() -> None:
    """Of one Sparkplug group, those without a place among themselves."""
    lone = [replace(INFO, node=f"n{number}") for number in range(4)]
    other = replace(INFO, group="elsewhere")
    found = settled(*lone, other, *along(1))
    assert found == [[1, 2, 3], [2, 3, 0], [3, 0, 1], [0, 1, 2], [], []]


def test_the_order_of_births_is_nothing() -> None:
    """Another order, and births again with other facts, end in the same."""
    infos = [replace(one, index=at) for at, one in enumerate(along(*np.linspace(0, 9, 40)))]
    rng = np.random.default_rng(3)
    found = []
    for _ in range(2):
        judge, vicinity = judge_of(40), Vicinity()
        for at in rng.permutation(40).tolist():
            vicinity.admit(replace(infos[at], latitude=float(rng.uniform(47, 49))))
            vicinity.settle(judge, T0 + at * EVERY_MS)
        for at in rng.permutation(40).tolist():
            vicinity.admit(infos[at])
        vicinity.settle(judge, T0 + 99 * EVERY_MS)
        found.append(near(judge))
    assert found[0] == found[1]
    assert any(found[0])


def test_changes_count_in_the_next_ten_minutes() -> None:
    """By the readings' time, so that a replay sees the same."""
    judge, vicinity = judge_of(5), Vicinity()
    for index, info in enumerate(along(0, 0.1, 0.2, 0.3)):
        vicinity.admit(replace(info, index=index))
    vicinity.settle(judge, T0)
    vicinity.admit(replace(INFO, index=0, channel_class=""))
    vicinity.settle(judge, T0 + 1)
    assert near(judge)[0]
    vicinity.settle(judge, T0 + EVERY_MS)
    assert near(judge) == [[]] * 5
    assert judge.state()[NEAR][0, LEAST] == 1


def test_a_crowd_is_bounded() -> None:
    """Of very many in one square the first few hundred are looked at."""
    found = settled(*along(*np.linspace(0, 0.2, MAX_POOL + 40)))
    assert all(len(others) == NEAREST for others in found)
    assert max(max(others) for others in found) < MAX_POOL


def stations(count: int) -> Judging:
    """A city of thermometers, each on a node of its own, 300 m apart."""
    index = SeriesIndex()
    city = Judging(index)
    for number in range(count):
        key = SeriesKey("city", f"n{number}", "mast", "temperature")
        place = (48 + 0.3 * number * KILOMETRE, 16.0)
        fact = {"unit": "Cel", "channel_class": "temperature"}
        city.admit(index.add(key, DataType.DOUBLE, position=place, **fact))  # type: ignore[arg-type]
    return city


STEP_MS = 900_000
DAYS = 12


def weather(seed: int, count: int) -> Floats:
    """Values[quarter, station]: a day's curve, the weather, and what is each station's own."""
    rng = np.random.default_rng(seed)
    ticks = DAYS * 96
    day = 5 * np.sin(2 * np.pi * np.arange(ticks) / 96)
    front = np.cumsum(rng.normal(0, 0.15, ticks))
    own = 0.3 * rng.standard_normal((ticks, count)) + rng.uniform(-1, 1, count)
    return np.asarray(20 + (day + front)[:, None] * rng.uniform(0.9, 1.1, count) + own)


def drifting(city: Judging, values: Floats) -> set[int]:
    """Which stations are flagged to drift."""
    found: set[int] = set()
    for tick, row in enumerate(values):
        count = len(row)
        readings = Readings(
            np.arange(count, dtype=np.int32),
            T0 + tick * STEP_MS + np.arange(count, dtype=np.int64),
            row,
            np.full(count, c.QUALITY_GOOD, np.int16),
            np.zeros(count, np.uint8),
        )
        flags = city.readings(readings, [], T0 + tick * STEP_MS + 1_000).flags
        found |= set(np.flatnonzero(flags & c.DRIFT).tolist())
    return found


@pytest.mark.parametrize("seed", range(3))
def test_a_heat_wave_is_no_fault_and_a_drift_is(seed: int) -> None:
    """Eight degrees everywhere in two days, and stay; then two degrees in one station alone."""
    wave = np.zeros(DAYS * 96)
    wave[6 * 96 : 8 * 96] = np.linspace(0, 8, 2 * 96)
    wave[8 * 96 :] = 8
    hot = weather(seed, 6) + wave[:, None]
    assert drifting(stations(6), hot) == set()
    hot[8 * 96 :, 2] += np.linspace(0, 6, 4 * 96)
    assert drifting(stations(6), hot) == {2}


def test_two_stations_do_not_show_what_an_area_does() -> None:
    """With fewer than three others nobody is compared."""
    values = weather(1, 3)
    values[6 * 96 :, 2] += 5
    assert drifting(stations(3), values) == set()


def test_what_is_back_every_day_is_no_drift() -> None:
    """A station in a hollow that is six degrees colder at night, from one day on."""
    values = weather(2, 6)
    night = np.maximum(-np.sin(2 * np.pi * np.arange(DAYS * 96) / 96), 0)
    values[6 * 96 :, 1] -= 6 * night[6 * 96 :]
    assert drifting(stations(6), values) == set()
