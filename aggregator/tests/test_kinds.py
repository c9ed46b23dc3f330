"""Kinds of sensor: known by class or unit, changed by configuration, obeyed by the judge."""

from pathlib import Path

import numpy as np
import pytest

from lamppost.aggregator import columns as c
from lamppost.aggregator.config import check
from lamppost.aggregator.judge.judge import CHANNELS
from lamppost.aggregator.judge.state import LEVEL_FACTOR, SILENCE_FACTOR
from lamppost.aggregator.nodes.series import SeriesIndex, SeriesKey
from lamppost.aggregator.pipeline.judging import Judging
from lamppost.aggregator.settings.kinds import KINDS, Profiles, SensorProfile, kind_of
from lamppost.aggregator.settings.rules import ConfigError
from lamppost.wire.datatypes import DataType

from .samples_judge import Floats, healthy, judge_of, judged, polled


@pytest.mark.parametrize(
    ("channel_class", "unit", "kind"),
    [
        ("level", "m", "water_level"),
        ("gas", "", "air_quality"),
        ("", "Cel", "temperature"),
        ("strain", "Cel", "vibration"),
        ("energy", "kW.h", "energy"),
        ("traffic", "1", "traffic_count"),
        ("pressure", "bar", "default"),
    ],
)
def test_a_class_names_a_kind_and_else_the_unit(
    channel_class: str, unit: str, kind: str
) -> None:
    """A declared class wins over the unit."""
    assert kind_of(channel_class, unit) == kind


def test_a_file_changes_kinds_and_channels() -> None:
    """The kind's change holds for its channels, the last pattern that fits over it."""
    document = {
        "profiles": {"temperature": {"level_factor": 2, "spike_factor": 3}},
        "channels": [
            {"match": "city/*/t-*", "spike_factor": 4.0},
            {"match": "city/node/t-1", "silence_factor": 9.0},
        ],
    }
    profiles = check(document, "f", Path()).profiles
    one = profiles.of("city/node/t-1", "temperature", "Cel")
    assert (one.level_factor, one.spike_factor, one.silence_factor) == (2.0, 4.0, 9.0)
    assert one.stuck_factor == KINDS["temperature"].profile.stuck_factor
    assert profiles.of("city/node/p", "pressure", "bar") == SensorProfile()


@pytest.mark.parametrize(
    ("document", "where", "allowed"),
    [
        ({"profiles": {"tide": {}}}, "[profiles.tide]", "[profiles.water_level]"),
        ({"profiles": {"energy": {"x": 1}}}, "[profiles.energy]: x", "level_factor"),
        ({"profiles": {"energy": {"spike_factor": 0}}}, "spike_factor", "0.1..100"),
        ({"profiles": {"energy": 3}}, "[profiles.energy]", "a table"),
        ({"profiles": 3}, "[profiles]", "[profiles.KIND]"),
        ({"channels": [{"spike_factor": 2}]}, "number 1: match", "pattern"),
        ({"channels": [{"match": "*", "spikes": 2}]}, "number 1: spikes", "spike_factor"),
        ({"channels": {}}, "[[channels]]", "at most"),
    ],
)
def test_what_is_wrong_is_told(document: dict[str, object], where: str, allowed: str) -> None:
    """File, key, and what is allowed."""
    with pytest.raises(ConfigError) as caught:
        check(document, "city.toml", Path())
    (problem,) = caught.value.problems
    assert problem.file == "city.toml"
    assert where in problem.key
    assert allowed in problem.allowed


def test_a_birth_gives_a_channel_its_profile_and_so_does_a_restart() -> None:
    """The judge's row has it after admission, and the present file's after a restore."""
    index = SeriesIndex()
    info = index.add(SeriesKey("g", "n", "d", "no2"), DataType.DOUBLE, channel_class="gas")
    before = Judging(index)
    before.admit(info)
    assert before.judge.state()[CHANNELS][0, LEVEL_FACTOR] == 1.5
    changed = Profiles(channels=(("g/n/d/*", {"silence_factor": 5.0}),))
    after = Judging(index, profiles=changed)
    after.admit(info)
    assert after.restore(*before.state())
    assert after.judge.state()[CHANNELS][0, [LEVEL_FACTOR, SILENCE_FACTOR]].tolist() == [1.5, 5]


def flagged(values: Floats, bit: int, **factors: float) -> int:
    """How many readings of the second series have a flag; the first has the default."""
    judge = judge_of(2)
    judge.tune(1, **factors)
    stream = polled(values, deadband=False)
    out = judged(judge, stream)
    counts = [int((out.flags[stream.series == s] & bit != 0).sum()) for s in (0, 1)]
    assert counts[0] > 0
    return counts[1]


def test_factors_are_obeyed_by_their_tiers() -> None:
    """A step, a spike and a stand that the default tells of are none for a patient profile."""
    step = np.repeat(healthy("gauss", 1, 1_000, 1), 2, axis=1)
    step[800:] += 12.0
    assert flagged(step, c.ANOMALY, level_factor=10.0) == 0
    spike = np.repeat(healthy("gauss", 2, 1_000, 1), 2, axis=1)
    spike[800] += 30.0
    assert flagged(spike, c.SPIKE, spike_factor=10.0) == 0
    stand = np.repeat(healthy("gauss", 3, 1_000, 1), 2, axis=1)
    stand[800:860] = stand[800]
    assert flagged(stand, c.STUCK, stuck_factor=10.0) == 0


def test_silence_is_waited_for_as_long_as_the_profile_says() -> None:
    """Of two channels that fell silent, the patient one is told of later."""
    judge = judge_of(2)
    judge.tune(1, silence_factor=4.0)
    stream = polled(healthy("gauss", 4, 100, 2), deadband=False)
    last = int(stream.time_ms[-1])
    judged(judge, stream, last)
    assert judge.sweep(last + 20_000)[0].tolist() == [0]
    assert judge.sweep(last + 70_000)[0].tolist() == [1]
