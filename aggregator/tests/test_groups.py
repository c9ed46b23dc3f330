"""Groups of sensors: beside their twin, what they find, and what they keep silent on."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.judge import group_state as g
from lamppost.aggregator.judge.group_profile import GROUPS, GroupProfile
from lamppost.aggregator.judge.groups import Change, Groups

from .samples_judge import T0, Floats, judge_of, judged, troubled
from .twins_group import Group

STEP_MS = 300_000
A_WEEK = 7 * 288
NEVER = GROUPS._replace(warm_cells=np.inf)


def of(count: int, profile: GroupProfile = GROUPS) -> Groups:
    """One group of so many series."""
    groups = Groups(profile)
    number = groups.add_group()
    for series in range(count):
        assert groups.join(number, series)
    return groups


def pump(seed: int, ticks: int) -> Floats:
    """Four sensors of a pump that starts and stops: current, flow, pressure, level."""
    rng = np.random.default_rng(seed)
    runs = np.repeat(np.arange(ticks) % 2, rng.integers(3, 9, ticks))[:ticks]
    lag = np.convolve(runs, np.exp(-np.arange(40) / 8.0))[:ticks] / 8
    day = np.sin(2 * np.pi * np.arange(ticks) / 288)
    clean = np.stack([3 * runs, 10 * runs, 4 + lag, 20 + 5 * day + 2 * lag], axis=1)
    noisy: Floats = clean + rng.standard_normal((ticks, 4)) * (0.1, 0.3, 0.05, 0.2)
    return noisy


def fed(
    groups: Groups, values: Floats, first: int = 0, flags: NDArray[np.uint32] | None = None
) -> list[Change]:
    """Feed values[tick, series] from a tick on, an hour at a time; what changed."""
    ticks, count = values.shape
    found: list[Change] = []
    for at in range(0, ticks, 12):
        part = values[at : at + 12]
        rows = np.repeat(np.arange(at, at + len(part)), count)
        time_ms = T0 + (first + rows) * STEP_MS
        bits = np.zeros(part.size, np.uint32) if flags is None else flags[at : at + 12].ravel()
        series = np.tile(np.arange(count, dtype=np.int32), len(part))
        groups.update(series, time_ms, part.ravel(), bits)
        found += groups.changes(int(time_ms[-1]))
    return found


def test_t2_and_q_are_those_of_the_twin() -> None:
    """With members that come rarely, hold their value, drop out faulty, and come late."""
    rng = np.random.default_rng(1)
    groups, twin = of(5, NEVER), Group(5, NEVER)
    common, compared, time = 0.0, 0, float(T0)
    for _ in range(9_000):
        common = 0.98 * common + rng.normal()
        k = int(rng.choice(5, p=[0.3, 0.3, 0.2, 0.15, 0.05]))
        time += float(rng.integers(1, 4_000))
        stamp = time - float(rng.choice([0, 0, 0, 30_000]))
        x, faulty = (k + 1) * common + rng.normal(), rng.random() < 0.01
        bits = c.STUCK if faulty else c.SUSPECT if rng.random() < 0.01 else 0
        groups.update(
            np.array([k], np.int32),
            np.array([int(stamp)]),
            np.array([x]),
            np.array([bits], np.uint32),
        )
        if faulty:
            twin.out[k] = True
        elif not bits:
            twin.take(k, float(int(stamp)), x)
        row = groups.state()["rows"][0]
        assert row[g.CELLS] == twin.cells
        if len(twin.measured) > compared:
            compared = len(twin.measured)
            assert (row[g.T_NOW], row[g.Q_NOW]) == pytest.approx(twin.measured[-1], rel=1e-6)
    assert compared > 400


def test_cuts_and_restarts_change_nothing() -> None:
    """One reading at a time, or through a checkpoint: the same bits as in one batch."""
    values = pump(2, 1_500)
    series = np.tile(np.arange(4, dtype=np.int32), len(values))
    time_ms = np.repeat(T0 + np.arange(len(values)) * STEP_MS, 4)
    bits = np.where(np.random.default_rng(2).random(values.size) < 0.02, c.STUCK, 0)
    columns: tuple[Any, ...] = (series, time_ms, values.ravel(), bits.astype(np.uint32))
    whole, cut = of(4), of(4)
    whole.update(*columns)
    for first in range(0, values.size, 7):
        cut.update(*(column[first : first + 7] for column in columns))
        if first == 7 * 300:
            state, cut = cut.state(), of(4)
            cut.restore(state)
    assert whole.state()["rows"].tobytes() == cut.state()["rows"].tobytes()


@pytest.mark.parametrize("seed", range(3))
def test_a_member_that_leaves_the_others_is_told_and_named(seed: int) -> None:
    """A flow that reads two litres too much while all else goes on; and its end."""
    values = pump(seed, 3 * A_WEEK)
    broken = slice(2 * A_WEEK, 2 * A_WEEK + 144)
    values[broken, 1] += 2.0
    opened, *more, closed = fed(of(4), values)
    assert opened.open
    assert opened.by_relation
    assert {opened.members[0].series, opened.members[1].series} >= {1}
    assert abs((opened.since_ms - T0) / STEP_MS - 2 * A_WEEK) < 12
    assert all(change.open for change in more)
    assert not closed.open
    lead = opened.members[0]
    assert abs(lead.value - lead.wanted) > 0.2


@pytest.mark.parametrize("kind", ["pump", "noise", "alike", "daily"])
def test_healthy_groups_are_kept_silent_on(kind: str) -> None:
    """Six weeks each of eight groups: at most one alarm."""
    told = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        ticks = 6 * A_WEEK
        noise = rng.standard_normal((ticks, 4))
        if kind == "alike":
            for tick in range(1, ticks):
                noise[tick] += 0.95 * noise[tick - 1]
        day = 5 * np.sin(2 * np.pi * np.arange(ticks) / 288)[:, None] * rng.uniform(0.3, 2, 4)
        values = {"pump": pump(seed, ticks), "daily": day + noise}.get(kind, noise)
        told += sum(change.open for change in fed(of(4), values))
    assert told <= 1


def test_a_dead_or_faulty_member_drops_out() -> None:
    """One channel stops, another reads nonsense with a flag: nothing is told of the rest."""
    values, flags = pump(5, 3 * A_WEEK), np.zeros((3 * A_WEEK, 4), np.uint32)
    values[2 * A_WEEK :, 0] = 1e6
    flags[2 * A_WEEK :, 0] = c.STUCK
    groups = of(4)
    assert fed(groups, values, flags=flags) == []
    assert np.isnan(groups.state()["rows"][0, g.ZED])
    silent = of(4)
    assert fed(silent, values[: 2 * A_WEEK]) == []
    later = np.delete(values[2 * A_WEEK :], 0, axis=1)
    rows = np.arange(2 * A_WEEK, 3 * A_WEEK)
    silent.update(
        np.tile(np.arange(1, 4, dtype=np.int32), len(later)),
        np.repeat(T0 + rows * STEP_MS, 3),
        later.ravel(),
        np.zeros(later.size, np.uint32),
    )
    assert silent.changes(int(T0 + rows[-1] * STEP_MS)) == []


def test_maintenance_is_not_learned() -> None:
    """Nothing of the model moves while somebody works on the asset."""
    groups = of(4)
    fed(groups, pump(6, A_WEEK))
    before = groups.state()["rows"][0]
    flags = np.full((288, 4), c.MAINTENANCE, np.uint32)
    assert fed(groups, pump(7, 288) * 9, first=A_WEEK, flags=flags) == []
    after = groups.state()["rows"][0]
    for block in (slice(g.MEAN, g.ZED), slice(g.COVARIANCE, g.VECTORS), g.CELLS):
        np.testing.assert_array_equal(after[block], before[block])


def test_silence_ends_an_alarm() -> None:
    """A group of which nothing is heard any more does not stay broken for ever."""
    values = pump(8, 2 * A_WEEK)
    values[-30:, 1] += 3.0
    groups = of(4)
    assert [change.open for change in fed(groups, values)][-1:] == [True]
    last = T0 + len(values) * STEP_MS
    assert groups.changes(last) == []
    (over,) = groups.changes(last + 86_400_000)
    assert not over.open


def test_no_input_makes_a_group_no_number() -> None:
    """NaN, infinities, 1e300 and stamps of every kind, with the flags the judge gives them."""
    for seed in range(3):
        stream = troubled(seed, 6_000, 4)
        out = judged(judge_of(4), stream, 2 * 10**12)
        groups = of(4)
        groups.update(stream.series, stream.time_ms, stream.value, out.flags)
        row = groups.state()["rows"][0].copy()
        row[g.ZED : g.ZED + g.MEMBERS] = 0.0  # NaN there says that a member is missing
        row[g.ROOM :] = 0.0
        assert np.isfinite(row).all()


def test_a_group_is_bounded() -> None:
    """The ninth member is refused, and so is a series that is in a group already."""
    groups = of(8)
    assert not groups.join(0, 8)
    other = groups.add_group()
    assert not groups.join(other, 3)
    assert groups.join(other, 8)


def test_a_foreign_state_is_refused() -> None:
    """Rows of another width are of another release."""
    state = of(3).state()
    with pytest.raises(ValueError, match="groups: came"):
        of(3).restore(state | {"rows": state["rows"][:, 1:]})
