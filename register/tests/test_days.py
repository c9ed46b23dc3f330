"""Days of channels: how a day is made of its readings, how it is kept, and when anew."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from lamppost.register.days import desk
from lamppost.register.days.day import DAY_MS, MINUTE_MS, Day, day_of
from lamppost.register.days.following import GRACE_MS, DayFollower
from lamppost.register.days.tables import channel_day
from lamppost.register.live import History, LedgerView, Snapshot
from lamppost.register.records.importing import EMPTY
from lamppost.register.records.store import Register

from .city import City
from .registers import CHANNEL, FLOW, T0, Clock, birth

START_MS = T0 // DAY_MS * DAY_MS

Point = tuple[int, float | str | None, tuple[str, ...]]


def history(points: Iterable[Point], day_ms: int = START_MS) -> History:
    """Return points of (minute, value, flags) as the store gives them."""
    told = list(points)
    none = (None,) * len(told)
    return History(
        tuple(day_ms + minute * MINUTE_MS for minute, _, _ in told),
        tuple(value for _, value, _ in told),
        none, none, none,
        tuple(flags for _, _, flags in told),
    )  # fmt: skip


def test_a_day_leaves_faults_out_and_a_counter_may_begin_again() -> None:
    """What a counter has counted is the sum of its increases."""
    day = day_of(history(enumerate_good(100.0, 103.0, 1.0, 2.5, None)), START_MS)
    assert (day.minutes, day.rise, day.peak, day.falls) == (4, 5.5, 103.0, 1)
    assert (day.first, day.last) == (100.0, 2.5)
    bad = day_of(history([(0, 1.0, ("stuck",)), (1, 2.0, ("stuck", "late"))]), START_MS)
    assert (bad.minutes, bad.flagged, bad.mean, bad.late) == (0, 2, None, 1)
    assert bad.flags == {"stuck": 2}


def enumerate_good(*values: float | None) -> list[Point]:
    """Return minutes from the day's beginning, without a flag."""
    return [(minute, value, ()) for minute, value in enumerate(values)]


def test_a_reading_holds_until_the_next_but_no_longer_than_was_promised() -> None:
    """Who reports changes only has no gaps; who is silent for longer has."""
    two = history([(0, 10.0, ()), (600, 20.0, ())])
    promised = day_of(two, START_MS, 300 * MINUTE_MS)
    assert (promised.minutes, promised.gaps) == (300 + 300, 2)
    assert promised.integral_h == pytest.approx(5 * 10.0 + 5 * 20.0)
    nothing = day_of(two, START_MS)
    assert (nothing.minutes, nothing.gaps) == (2, 2)
    hourly = day_of(history((n * 60, 5.0, ()) for n in range(24)), START_MS, 3_600_000)
    assert (hourly.minutes, hourly.gaps, hourly.integral_h) == (1_440, 0, 120.0)


def test_a_fault_holds_too() -> None:
    """Between two readings with a fault nothing is known."""
    day = day_of(history([(0, 1.0, ("stuck",)), (60, 1.0, ())]), START_MS, 3_600_000)
    assert (day.flagged, day.minutes) == (60, 60)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 1_439),
            st.floats(-1e6, 1e6) | st.none() | st.text(max_size=2),
            st.sampled_from([(), ("stuck",), ("late",)]),
        ),
        unique_by=lambda point: point[0],
        max_size=50,
    ),
    st.integers(0, 100 * 60_000),
)
def test_whatever_comes_the_minutes_of_a_day_are_accounted_for(
    points: list[Point], interval_ms: int
) -> None:
    """Good, faulty and silent minutes are 1,440, and the numbers lie where they must."""
    day = day_of(history(sorted(points, key=lambda one: one[0])), START_MS, interval_ms)
    assert 0 <= day.minutes + day.flagged <= 1_440
    if day.mean is not None:
        assert day.low is not None
        assert day.peak is not None
        slack = 1e-9 * max(abs(day.low), abs(day.peak))
        assert day.low - slack <= day.mean <= day.peak + slack
    longer = day_of(history(sorted(points, key=lambda one: one[0])), START_MS, 2 * interval_ms)
    assert longer.minutes + longer.flagged >= day.minutes + day.flagged


class Store:
    """A view with a reading each minute of some days, and the books of its node."""

    def __init__(self, *days_ms: int) -> None:
        self.days = set(days_ms)
        self.asked: list[tuple[str, int]] = []
        self.away = False
        self.stored = 1_440

    def history(
        self, group: str, node: str, device: str, metric: str,
        from_ms: int, to_ms: int, step_ms: int,
    ) -> History:  # fmt: skip
        """Return a day, or fail as a store does."""
        assert (group, node, device, to_ms - from_ms, step_ms) == (
            "riverside", "station", "pump-1", DAY_MS, MINUTE_MS
        )  # fmt: skip
        if self.away:
            raise OSError("the store is away")
        if metric == "unknown":
            raise LookupError(metric)
        self.asked.append((metric, from_ms))
        minutes = range(self.stored) if from_ms in self.days else ()
        return history([(minute, 20.0, ()) for minute in minutes], from_ms)

    def snapshot(self) -> Snapshot:
        """Return the books of yesterday."""
        day = datetime.fromtimestamp((START_MS - DAY_MS) / 1_000, UTC).date().isoformat()
        books = LedgerView("riverside", "station", day, self.stored, self.stored, 0, 0, 0, 0)
        return replace(City(T0).snapshot(), ledger=(books,))


def kept(register: Register, day_ms: int) -> list[dict[str, Any]]:
    """Return the rows of a day."""
    asked = select(channel_day).where(channel_day.c.day_ms == day_ms)
    with register.database.reading() as connection:
        return [dict(row) for row in connection.execute(asked).mappings()]


def look(follow: DayFollower, register: Register, store: Store, times: int = 12) -> None:
    """Let it look."""
    for _ in range(times):
        follow(register, store, store.snapshot())


@pytest.fixture
def flow(register: Register, clock: Clock) -> Register:
    """A station whose flow is measured since the day before yesterday."""
    register.observe_births([birth(FLOW, at_ms=START_MS - 2 * DAY_MS)])
    clock.now_ms = START_MS + GRACE_MS
    return register


def test_yesterday_and_the_days_before_are_kept_once(flow: Register) -> None:
    """Newest first, no day before the channel was there, and not again."""
    store, then = Store(START_MS - DAY_MS), list[str]()
    follow = DayFollower(lambda _connection, names, _now_ms: then.extend(names))
    look(follow, flow, store)
    assert store.asked == [("flow", START_MS - DAY_MS), ("flow", START_MS - 2 * DAY_MS)]
    assert then == [CHANNEL, CHANNEL]
    (row,) = kept(flow, START_MS - DAY_MS)
    assert (row["minutes"], row["mean"], row["provenance"]) == (1_440, 20.0, "measured")
    assert (row["revision"], row["node_stored"], row["score"]) == (0, 1_440, 1.0)
    (empty,) = kept(flow, START_MS - 2 * DAY_MS)
    assert (empty["minutes"], empty["mean"], empty["score"]) == (0, None, 0.0)


def test_a_day_is_not_read_before_its_last_readings_could_come(
    flow: Register, clock: Clock
) -> None:
    """Just after midnight yesterday waits; the day before does not."""
    clock.now_ms = START_MS + GRACE_MS - 1
    store = Store()
    look(DayFollower(), flow, store)
    assert store.asked == [("flow", START_MS - 2 * DAY_MS)]


def test_a_store_that_is_away_is_asked_again_later(flow: Register, clock: Clock) -> None:
    """No empty day is made of an outage."""
    store, follow = Store(), DayFollower()
    store.away = True
    look(follow, flow, store)
    store.away = False
    look(follow, flow, store)
    assert store.asked == []
    clock.now_ms += 3_600_000
    look(follow, flow, store)
    assert len(store.asked) == 2


def test_late_data_make_a_day_anew_once(flow: Register, clock: Clock) -> None:
    """When the node's books say that more has come, and some time has passed."""
    store, follow = Store(START_MS - DAY_MS), DayFollower()
    store.stored = 700
    look(follow, flow, store)
    assert kept(flow, START_MS - DAY_MS)[0]["minutes"] == 700
    store.stored = 1_440
    clock.now_ms += 3_600_000
    look(follow, flow, store)
    assert kept(flow, START_MS - DAY_MS)[0]["minutes"] == 700
    for _ in range(3):
        clock.now_ms += 3_600_000
        look(follow, flow, store)
    (row,) = kept(flow, START_MS - DAY_MS)
    assert (row["minutes"], row["revision"], row["node_stored"]) == (1_440, 1, 1_440)
    assert store.asked.count(("flow", START_MS - DAY_MS)) == 2


def test_what_was_kept_last_is_the_newest_also_when_a_clock_was_set_back(
    flow: Register, clock: Clock
) -> None:
    """Who looks whether something newer was kept has to see it."""
    made = []
    for _ in range(3):
        with flow.database.writing() as connection:
            desk.keep(connection, START_MS, {CHANNEL: Day(1_440)}, clock.now_ms)
        made += [row["made_ms"] for row in kept(flow, START_MS)]
        clock.now_ms -= 3_600_000
    assert made == [START_MS + GRACE_MS + n for n in range(3)]


def test_what_tells_of_a_made_up_asset_is_synthetic(flow: Register) -> None:
    """It is kept, and never taken for measured."""
    with flow.changing("ada") as writer:
        facts = {**EMPTY, "name": "pump", "asset_class": "pump"}
        writer.create("asset", "pump", facts | {"external_ids": {"demo": "made up"}}, T0)
    flow.bind(CHANNEL, "pump", "state", "ada", T0)
    look(DayFollower(), flow, Store(START_MS - DAY_MS))
    assert [row["provenance"] for row in kept(flow, START_MS - DAY_MS)] == ["synthetic"]


def test_days_are_forgotten_after_their_time(flow: Register) -> None:
    """The table has a bound."""
    with flow.database.writing() as connection:
        desk.keep(connection, START_MS - 802 * DAY_MS, {CHANNEL: Day(0)}, T0)
        desk.keep(connection, START_MS - 700 * DAY_MS, {CHANNEL: Day(0)}, T0)
    look(DayFollower(), flow, Store())
    assert kept(flow, START_MS - 802 * DAY_MS) == []
    assert len(kept(flow, START_MS - 700 * DAY_MS)) == 1


def test_a_day_is_as_long_as_its_channel_was_there(register: Register, clock: Clock) -> None:
    """Who was born at noon lacks no morning."""
    register.observe_births([birth(FLOW, at_ms=START_MS - DAY_MS // 2)])
    clock.now_ms = START_MS + GRACE_MS
    store = Store(START_MS - DAY_MS)
    store.stored = 720
    look(DayFollower(), register, store)
    (row,) = kept(register, START_MS - DAY_MS)
    assert (row["expected"], row["completeness"]) == (720, 1.0)
