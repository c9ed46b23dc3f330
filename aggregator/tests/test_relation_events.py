"""What is told of sensors that no longer move together: from births to the sentence."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from lamppost.aggregator import columns as c
from lamppost.aggregator.alarms import event as e
from lamppost.aggregator.alarms.event import Event
from lamppost.aggregator.alarms.reasons import reason
from lamppost.aggregator.config import check
from lamppost.aggregator.judge import group_state as g
from lamppost.aggregator.nodes.series import SeriesIndex, SeriesKey
from lamppost.aggregator.pipeline.judging import Judging, Readings
from lamppost.aggregator.settings.groups import GroupConfig
from lamppost.aggregator.settings.rules import ConfigError
from lamppost.wire.datatypes import DataType

from .samples_judge import T0, Floats
from .test_groups import A_WEEK, STEP_MS, pump

CHANNELS = {"current": "A", "flow": "L/s", "pressure": "bar", "level": "m"}
EVENT = Event(
    "id", "city", "n", "pump-1", "", e.PROCESS_ANOMALY, e.RELATION, T0, T0 + 1,
    None, 0.6, 2.1, 3.9, None, None, "bar", "", of=e.APART,
    contributors=(("pressure", 0.62), ("flow", 0.3)),
)  # fmt: skip


def judging(groups: tuple[GroupConfig, ...] = ()) -> Judging:
    """A pump with four sensors and a meter, and a tank elsewhere."""
    index = SeriesIndex()
    new = Judging(index, groups=groups)
    for metric, unit in CHANNELS.items():
        key = SeriesKey("city", "n", "pump-1", metric)
        new.admit(index.add(key, DataType.DOUBLE, unit=unit))
    meter = SeriesKey("city", "n", "pump-1", "energy")
    new.admit(index.add(meter, DataType.DOUBLE, unit="kW.h", channel_class="energy"))
    new.admit(index.add(SeriesKey("city", "n", "pump-1", "name"), DataType.STRING))
    new.admit(index.add(SeriesKey("city", "m", "tank", "level"), DataType.DOUBLE, unit="m"))
    new.settle()
    return new


def members(city: Judging) -> list[list[int]]:
    """Who is in which group, by now."""
    city.settle()
    return sorted(list(city.groups.members(group)) for group in city.groups)


def fed(city: Judging, values: Floats, first: int = 0) -> list[Event]:
    """The relation events of values[tick, channel]; the clock looks every two hours."""
    told: list[Event] = []
    for at in range(0, len(values), 24):
        part = values[at : at + 24]
        times = np.repeat(T0 + (first + at + np.arange(len(part))) * STEP_MS, 4).astype(
            np.int64
        )
        readings = Readings(
            np.tile(np.arange(4, dtype=np.int32), len(part)),
            times,
            part.ravel(),
            np.full(part.size, c.QUALITY_GOOD, np.int16),
            np.zeros(part.size, np.uint8),
        )
        city.readings(readings, [], int(times[-1]))
        records = city.sweep(int(times[-1]), silence=False)[1]
        told += [one for one in records if isinstance(one, Event) and one.kind == e.RELATION]
    return told


def test_a_broken_relation_becomes_an_event_and_ends() -> None:
    """It says which channels have how much to do with it; a restart changes nothing."""
    values = pump(1, 2 * A_WEEK + 300)
    values[2 * A_WEEK : 2 * A_WEEK + 144, 1] += 2.0
    city = judging()
    assert fed(city, values[:A_WEEK]) == []
    document, arrays = city.state()
    city = judging()
    assert city.restore(json.loads(json.dumps(document)), arrays)
    first, *_, last = fed(city, values[A_WEEK:], A_WEEK)
    assert first.event_class == e.PROCESS_ANOMALY
    assert first.asset == ("city", "n", "pump-1")
    assert "flow" in [name for name, _ in first.contributors]
    assert 0.9 <= sum(share for _, share in first.contributors) <= 1.001
    assert "no longer goes with" in first.reason
    assert last.id == first.id
    assert last.end_ms is not None
    assert first.onset_ms < first.detected_ms < last.end_ms


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {},
            (
                "pressure at city/n/pump-1 no longer goes with flow as it always has since "
                "22:13:20Z: it is 2.1 bar where they say 3.9 bar; 62% of the departure is its"
            ),
        ),
        (
            {"of": e.TOGETHER, "contributors": (("pressure", 0.9),)},
            (
                "pressure at city/n/pump-1 has gone with the others where they have never been "
                "since 22:13:20Z: it is 2.1 bar, its mean is 3.9 bar; "
                "90% of the departure is its"
            ),
        ),
    ],
)
def test_sentences(change: dict[str, object], sentence: str) -> None:
    """One for each way in which a group departs, with the numbers in it."""
    assert reason(replace(EVENT, **change)) == sentence  # type: ignore[arg-type]


def test_an_event_comes_back_from_json_as_it_was() -> None:
    """Contributors are pairs again."""
    assert Event.from_json(json.loads(json.dumps(asdict(EVENT)))) == EVENT


def test_groups_follow_births_and_configuration() -> None:
    """A device is a group without its meter; a named group takes channels of several."""
    assert members(judging()) == [[0, 1, 2, 3]]
    named = GroupConfig("basin", ("city/n/pump-1/level", "city/m/tank/level"))
    assert members(judging((named,))) == [[0, 1, 2], [3, 6]]


def test_a_device_with_many_channels_has_several_groups() -> None:
    """None is larger than a group may be; a new birth changes nothing."""
    index = SeriesIndex()
    city = Judging(index)
    for number in range(11):
        key = SeriesKey("city", "n", "d", f"c{number}")
        city.admit(index.add(key, DataType.DOUBLE))
    city.admit(index.add(SeriesKey("city", "n", "d", "c3"), DataType.DOUBLE, unit="V"))
    assert [len(one) for one in members(city)] == [g.MEMBERS, 3]


def test_an_asset_gathers_its_sensors_from_all_devices() -> None:
    """Also when it is named only later; the device keeps the others, and none is alone."""
    city = judging()
    for info in [city.index[3], city.index[6]]:
        city.admit(city.index.put(replace(info, asset="tank-1")))
    assert members(city) == [[0, 1, 2], [3, 6]]
    for series in (0, 1):
        city.admit(city.index.put(replace(city.index[series], asset="motor-1")))
    assert members(city) == [[0, 1], [3, 6]]
    city.admit(city.index.put(replace(city.index[6], asset="")))
    assert members(city) == [[0, 1]]


def test_a_group_that_is_no_more_is_not_told_of_for_ever() -> None:
    """Its event ends when one of its sensors turns out to belong to another asset."""
    values = pump(1, 2 * A_WEEK + 144)
    values[2 * A_WEEK :, 1] += 2.0
    city = judging()
    assert fed(city, values)[-1].end_ms is None
    city.admit(city.index.put(replace(city.index[1], asset="pipe-1")))
    now_ms = T0 + len(values) * STEP_MS
    _, records = city.sweep(now_ms, silence=False)
    (over,) = [one for one in records if isinstance(one, Event)]
    assert (over.kind, over.end_ms) == (e.RELATION, now_ms)
    assert city.sweep(now_ms + 1_000, silence=False)[1] == []


@pytest.mark.parametrize(
    ("tables", "where", "allowed"),
    [
        ({}, "[[groups]]", "at most"),
        ([3], "number 1", "a table"),
        ([{"members": ["a/b/c", "a/b/d"]}], "number 1: name", "a name"),
        ([{"name": "x", "members": ["a/b/c"]}], "number 1: members", "2 to 8"),
        ([{"name": "x", "members": ["a/b/c", "a//c"]}], "members", "GROUP/NODE"),
        ([{"name": "x", "members": ["a/b/c", "a/b/c"]}], "members", "once"),
        ([{"name": "x", "members": ["a/b/c", "a/b/d"], "of": 1}], ": of", "members"),
        (
            [{"name": "x", "members": [f"a/{n}/x", f"a/{n}/y"]} for n in range(2)],
            "number 2",
            "no other",
        ),
    ],
)
def test_what_is_wrong_is_told(tables: object, where: str, allowed: str) -> None:
    """File, key, and what is allowed."""
    with pytest.raises(ConfigError) as caught:
        check({"groups": tables}, "city.toml", Path())
    problem = caught.value.problems[0]
    assert problem.file == "city.toml"
    assert where in problem.key
    assert allowed in problem.allowed
