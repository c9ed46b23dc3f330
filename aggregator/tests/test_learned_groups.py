"""Groups that are learned: hourly means, looks in a row, and a restart in between."""

import json
from dataclasses import replace

import numpy as np
import pytest

from lamppost.aggregator import columns as c
from lamppost.aggregator.judge.group_hours import DAY, FIRST_LOOK, HOUR_MS, HOURS, Hours
from lamppost.aggregator.nodes.series import SeriesIndex, SeriesInfo, SeriesKey
from lamppost.aggregator.pipeline.judging import Judging, Readings
from lamppost.aggregator.pipeline.kin import LOOKS, MAX_TOGETHER, Kin
from lamppost.wire.datatypes import DataType

from .samples_judge import Floats

A_DAY_MS = 86_400_000
T0 = 20_000 * A_DAY_MS
STEP_MS = 1_200_000
A_DAY = A_DAY_MS // STEP_MS
INFO = SeriesInfo(0, "city", "n", "d", "m", DataType.DOUBLE)


def city(devices: int = 2) -> Judging:
    """A node with devices of four sensors each."""
    index = SeriesIndex()
    new = Judging(index)
    for number in range(4 * devices):
        key = SeriesKey("city", "n", f"d{number % devices}", f"m{number // devices}")
        new.admit(index.add(key, DataType.DOUBLE))
    new.settle()
    return new


def moving(seed: int, days: int, together: tuple[int, ...], count: int = 8) -> Floats:
    """Values[tick, sensor]: random walks, of which some are one and the same."""
    rng = np.random.default_rng(seed)
    walks = np.cumsum(rng.standard_normal((days * A_DAY, count)), axis=0)
    walks[:, together] = walks[:, together[:1]] * rng.uniform(0.5, 2, len(together))
    noisy: Floats = walks + 0.3 * rng.standard_normal(walks.shape)
    return noisy


def fed(judging: Judging, values: Floats, first: int = 0) -> list[tuple[int, ...]]:
    """Feed values[tick, sensor] from a tick on; the clock looks every hour."""
    for at in range(0, len(values), 3):
        part = values[at : at + 3]
        times = np.repeat(T0 + (first + at + np.arange(len(part))) * STEP_MS, part.shape[1])
        readings = Readings(
            np.tile(np.arange(part.shape[1], dtype=np.int32), len(part)),
            times.astype(np.int64),
            part.ravel(),
            np.full(part.size, c.QUALITY_GOOD, np.int16),
            np.zeros(part.size, np.uint8),
        )
        judging.readings(readings, [], int(times[-1]))
        judging.sweep(int(times[-1]), silence=False)
    return members(judging)


def members(judging: Judging) -> list[tuple[int, ...]]:
    """Who is in which group."""
    return sorted(tuple(judging.groups.members(group)) for group in judging.groups)


DEVICES = [(0, 2, 4, 6), (1, 3, 5, 7)]
LEARNED = [(0, 1, 2, 5), (3, 7), (4, 6)]
LEARN_DAYS = FIRST_LOOK // DAY + LOOKS


def test_sensors_of_two_devices_become_one_group() -> None:
    """After looks on three days; what is left of the devices stays together."""
    values = moving(1, LEARN_DAYS + 1, (0, 1, 2, 5))
    judging = city()
    assert fed(judging, values[: (LEARN_DAYS - 1) * A_DAY]) == DEVICES
    assert fed(judging, values[(LEARN_DAYS - 1) * A_DAY :], (LEARN_DAYS - 1) * A_DAY) == LEARNED


def test_a_restart_forgets_no_hour_and_no_look() -> None:
    """Two looks before it and one after are three, and nothing differs afterwards."""
    values = moving(1, LEARN_DAYS + 2, (0, 1, 2, 5))
    at = (LEARN_DAYS - 1) * A_DAY - A_DAY // 2
    straight, cut = city(), city()
    fed(straight, values)
    assert fed(cut, values[:at]) == DEVICES
    document, arrays = cut.state()
    cut = city()
    assert cut.restore(json.loads(json.dumps(document)), arrays)
    assert fed(cut, values[at:], at) == LEARNED
    for name, array in straight.state()[1].items():
        np.testing.assert_array_equal(cut.state()[1][name], array, err_msg=name)
    assert json.dumps(cut.state()[0]["kin"]) == json.dumps(straight.state()[0]["kin"])


def test_a_birth_that_names_an_asset_takes_its_sensor_out() -> None:
    """The others of a learned group fall back to their devices, and learn again."""
    judging = city()
    fed(judging, moving(1, LEARN_DAYS + 1, (0, 1, 2, 5)))
    judging.admit(judging.index.put(replace(judging.index[0], asset="a")))
    judging.settle()
    assert members(judging) == [(1, 3, 5, 7), (2, 4, 6)]


def test_what_belongs_together_no_more_parts_slowly() -> None:
    """A sensor that goes its own way is out a fortnight later; on the next day it is not."""
    days = LEARN_DAYS + 1
    judging = city()
    fed(judging, moving(1, days, (0, 1, 2, 5)))
    later = moving(2, 13, (0, 1, 2))
    assert fed(judging, later[:A_DAY], days * A_DAY) == LEARNED
    assert (0, 1, 2) in fed(judging, later[A_DAY:], (days + 1) * A_DAY)


def test_sensors_of_one_device_need_not_be_learned() -> None:
    """That they move together is no news; the device's group goes on as it is."""
    judging = city()
    assert fed(judging, moving(3, LEARN_DAYS + 1, (0, 2, 4))) == DEVICES


def test_a_place_is_a_node_or_a_square_of_the_map() -> None:
    """Lone sensors of different nodes are compared when they are known to be near."""
    kin = Kin()
    for number, (node, latitude) in enumerate(
        [("a", None), ("b", None), ("c", 1.0), ("d", 1.0)]
    ):
        longitude = None if latitude is None else 2.0
        kin.admit(
            replace(INFO, index=number, node=node, latitude=latitude, longitude=longitude)
        )
    assert sorted(len(place[1]) for place in kin.state()) == [1, 1, 2]


def test_a_look_is_bounded() -> None:
    """Many places that are due are looked at one after the other, each once."""
    kin = Kin()
    each = MAX_TOGETHER // 2 - 1
    for number in range(5 * each):
        kin.admit(replace(INFO, index=number, node=f"n{number // each}", metric=f"m{number}"))
    series = np.arange(5 * each, dtype=np.int32)
    for hour in (0, FIRST_LOOK):
        time_ms = np.full(len(series), T0 + hour * int(HOUR_MS))
        kin.hours.update(
            series, time_ms, np.ones(len(series)), np.zeros(len(series), np.uint32)
        )
    looks = [len(kin.hours.due()) // each if kin.look() is not None else -1 for _ in range(4)]
    assert looks == [3, 1, 0, -1]


def test_a_place_is_bounded() -> None:
    """More sensors than are compared at once are several places."""
    kin = Kin()
    for number in range(MAX_TOGETHER + 3):
        kin.admit(replace(INFO, index=number, metric=f"m{number}"))
    assert [len(place[1]) for place in kin.state()] == [MAX_TOGETHER, 3]
    kin.drop(0)
    kin.admit(replace(INFO, index=0))
    assert [len(place[1]) for place in kin.state()] == [MAX_TOGETHER, 3]


def test_hourly_means_are_those_of_the_twin() -> None:
    """In any chunks, with pauses of days, late readings, faults and nonsense."""
    rng = np.random.default_rng(5)
    time_ms = T0 + np.sort(rng.integers(0, 14 * A_DAY_MS, 9_000))
    time_ms[2_000:] += 2 * A_DAY_MS
    late = rng.random(9_000) < 0.01
    time_ms[late] -= 2 * int(HOUR_MS)
    series = rng.integers(0, 4, 9_000).astype(np.int32)
    series[6_000:][series[6_000:] == 2] = 1  # one falls silent
    value = rng.standard_normal(9_000)
    value[rng.random(9_000) < 0.01] = np.nan
    flags = np.where(rng.random(9_000) < 0.02, c.STUCK, 0).astype(np.uint32)
    hours = Hours()
    for one in (1, 2):
        hours.add(one)
    for first in range(0, 9_000, 7):
        cut = slice(first, first + 7)
        hours.update(series[cut], time_ms[cut], value[cut], flags[cut])
    means: dict[tuple[int, int], list[float]] = {}
    opened = {1: -1, 2: -1}
    for s, t, x, bad in zip(
        series.tolist(), time_ms.tolist(), value.tolist(), flags, strict=True
    ):
        if s in opened and not bad and x == x and t // HOUR_MS >= opened[s]:
            opened[s] = int(t // HOUR_MS)
            means.setdefault((s, opened[s]), []).append(x)
    end = max(opened.values()) // DAY * DAY
    came = hours.of([1, 2])
    for row, s in enumerate((1, 2)):
        for at, hour in enumerate(range(end - HOURS, end)):
            there = means.get((s, hour)) if opened[s] - HOURS < hour < opened[s] else None
            wanted = float("nan") if there is None else np.float32(np.mean(there))
            assert came[row, at] == pytest.approx(wanted, nan_ok=True, abs=1e-6), (s, hour)


def test_a_foreign_state_of_hours_is_refused() -> None:
    """Rings of another length are of another release."""
    hours = Hours()
    hours.add(0)
    state = hours.state()
    with pytest.raises(ValueError, match="hours: came"):
        hours.restore(state | {"rings": state["rings"][:, 1:]})
