"""How good days are: parts and score, the API, the command, and what dashboards are told."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from lamppost.register.days import desk
from lamppost.register.days.day import DAY_MS, MINUTE_MS, Day
from lamppost.register.days.devices import QUARTER_MS, DeviceGrade, DeviceGrades
from lamppost.register.days.quality import PARTS, WEIGHTS, Around, accuracy, graded
from lamppost.register.live import ChannelView, Snapshot
from lamppost.register.publish.publisher import Publisher
from lamppost.register.publish.quality import devices as quality_rows
from lamppost.register.records.births import ChannelSeen
from lamppost.register.records.importing import EMPTY
from lamppost.register.records.store import Register

from .asking import asking, body
from .city import City
from .registers import CHANNEL, FLOW, LEVEL, T0, Clock, birth
from .test_days import START_MS, kept
from .test_register_cli import Shell

YESTERDAY_MS = START_MS - DAY_MS
GOOD = Day(1_440, 0, 20.0, 21.0, 22.0, 23.0, 5.0)
ENERGY = ChannelSeen("energy", "double", "kW.h", 0.0, None, 60_000, "energy")
EARLIER = START_MS - 9 * DAY_MS


def test_a_perfect_day_scores_one_and_an_empty_one_zero() -> None:
    """What nobody can tell does not weigh; silence is never good."""
    perfect = graded(GOOD, Around(1_440))
    assert (perfect.score, perfect.uniqueness, perfect.accuracy) == (1.0, None, None)
    empty = graded(Day(0), Around(1_440, taken=10))
    assert (empty.score, empty.completeness, empty.validity) == (0.0, 0.0, None)


@pytest.mark.parametrize(
    ("day", "around", "part", "value"),
    [
        (replace(GOOD, minutes=720), Around(1_440), "completeness", 0.5),
        (replace(GOOD, minutes=720), Around(720), "completeness", 1.0),
        (replace(GOOD, minutes=360, flagged=1_080), Around(1_440), "validity", 0.25),
        (replace(GOOD, late=144), Around(1_440), "timeliness", 0.9),
        (GOOD, Around(1_440, unit_ok=False), "consistency", 0.5),
        (GOOD, Around(1_440, streams=2), "consistency", 0.5),
        (replace(GOOD, falls=360), Around(1_440, "energy"), "consistency", 0.75),
        (replace(GOOD, falls=360), Around(1_440, "flow"), "consistency", 1.0),
        (GOOD, Around(1_440, taken=200, duplicates=50), "uniqueness", 0.75),
        (GOOD, Around(1_440, bias=-2.0, accuracy=1.0), "accuracy", 0.5),
    ],
)
def test_each_part_says_one_thing(day: Day, around: Around, part: str, value: float) -> None:
    """And lowers the score by its weight among those that are known."""
    told = graded(day, around)
    assert getattr(told, part) == pytest.approx(value)
    known = {name: getattr(told, name) for name in PARTS if getattr(told, name) is not None}
    whole = sum(WEIGHTS[name] for name in known)
    assert told.score == pytest.approx(1 - WEIGHTS[part] / whole * (1 - value))


@given(st.floats(-100, 100), st.floats(0.01, 10))
def test_accuracy_is_whole_within_the_promise_and_gone_at_three_times(
    bias: float, allowed: float
) -> None:
    """Between them it falls in a straight line."""
    near = accuracy(bias, allowed)
    assert near is not None
    over = abs(bias) / allowed
    assert near == pytest.approx(1.0 if over <= 1 else 0.0 if over >= 3 else (3 - over) / 2)
    assert accuracy(None, allowed) is accuracy(bias, None) is None


@pytest.fixture
def city(register: Register) -> Register:
    """A station with a flow, a level and a meter, of which yesterday was kept."""
    register.observe_births([birth(FLOW, LEVEL, ENERGY, at_ms=EARLIER)])
    with register.changing("ada") as writer:
        facts = {**EMPTY, "name": "Pump", "asset_class": "pump", "district": "Harbour"}
        writer.create("asset", "pump", facts | {"external_ids": {}}, T0)
    register.bind(CHANNEL, "pump", "state", "ada", T0)
    days = {
        CHANNEL: replace(GOOD, minutes=720, flags={"stuck": 9}, flagged=9),
        "riverside/station/pump-1/level": GOOD,
        "riverside/station/pump-1/energy": Day(0),
    }
    with register.database.writing() as connection:
        desk.keep(connection, YESTERDAY_MS, days, T0)
        desk.keep(connection, YESTERDAY_MS - DAY_MS, {CHANNEL: GOOD}, T0)
    return register


@pytest_asyncio.fixture
async def client(city: Register) -> AsyncIterator[httpx.AsyncClient]:
    """The API on it."""
    async with asking(city) as client:
        yield client


async def test_streams_of_a_day_the_worst_first(client: httpx.AsyncClient) -> None:
    """The newest day unless one is named; filters; what nobody knows is refused."""
    told = await body(client, "quality")
    assert (told["day"], told["total"]) == ("2025-10-08", 3)
    assert [one["channel"].rsplit("/")[-1] for one in told["items"]] == [
        "energy", "flow", "level",
    ]  # fmt: skip
    assert told["items"][1]["flags"] == {"stuck": 9}
    assert (await body(client, "quality?below=0.5"))["total"] == 1
    assert (await body(client, "quality?class=level&node=riverside/station"))["total"] == 1
    assert (await body(client, "quality?day=2025-10-07"))["items"][0]["score"] == 1.0
    assert (await body(client, "quality?day=2020-01-01"))["total"] == 0
    for wrong in ("quality?day=soon", "quality?below=2", "quality?bellow=1", "days"):
        assert (await client.get(wrong)).status_code == 400


async def test_nodes_and_days(client: httpx.AsyncClient) -> None:
    """Means of a node's streams with the silent ones counted; a channel day by day."""
    (node,) = (await body(client, "quality/nodes"))["items"]
    assert (node["node"], node["streams"], node["silent"]) == ("riverside/station", 3, 1)
    assert node["validity"] == pytest.approx((720 / 729 + 1.0) / 2)
    days = (await body(client, f"days?channel={CHANNEL}"))["items"]
    assert [one["day_ms"] for one in days] == [YESTERDAY_MS - DAY_MS, YESTERDAY_MS]
    assert (days[1]["minutes"], days[1]["flagged"], days[1]["unit"]) == (720, 9, "L/s")
    assert (await body(client, f"days?channel={CHANNEL}&from_ms={YESTERDAY_MS}"))["items"] == [
        days[1]
    ]


def test_a_reference_at_the_same_asset_tells_how_accurate(register: Register) -> None:
    """Whichever day is kept first, in the channel's own unit."""
    other = replace(FLOW, metric="reference", unit="m3/h")
    register.observe_births([birth(FLOW, other, at_ms=EARLIER)])
    reference = "riverside/station/pump-1/reference"
    with register.changing("ada") as writer:
        facts = {**EMPTY, "name": "Pump", "asset_class": "pump", "external_ids": {}}
        writer.create("asset", "pump", facts, T0)
    for one in (CHANNEL, reference):
        register.bind(one, "pump", "state", "ada", T0)
    register.rate(CHANNEL, "ada", 0.5, "indicative")
    register.rate(reference, "ada", None, "reference")
    told = {CHANNEL: GOOD, reference: replace(GOOD, mean=19.0 * 3.6)}
    for day_ms, order in ((YESTERDAY_MS, told), (EARLIER, reversed(told))):
        for one in order:
            with register.database.writing() as connection:
                desk.keep(connection, day_ms, {one: told[one]}, T0)
        found = {row["channel"]: row for row in kept(register, day_ms)}
        assert found[CHANNEL]["accuracy"] == pytest.approx(0.5)
        assert found[CHANNEL]["score"] < 1.0
        assert found[reference]["accuracy"] is None


@pytest.mark.sqlite
def test_the_command_tells_the_worst_first(
    city: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line each, JSON for scripts, wrong use is exit code 2."""
    city.close()
    shell = Shell(tmp_path, capsys)
    told = shell("quality", "--day", "2025-10-08", "--limit", "2")
    assert "energy\t0.00\t0.00\t-" in told
    assert "2025-10-08: 2 of 3 streams" in told
    found = shell.json("quality", "--below", "0.5")
    assert [one["channel"].rsplit("/")[-1] for one in found["items"]] == ["energy"]
    assert "allowed: a day" in shell("quality", "--day", "monday", code=2)
    assert "allowed: 0 to 1" in shell("quality", "--below", "7", code=2)


def channel(metric: str, time_ms: int, *flags: str, stale: bool = False) -> ChannelView:
    """Return a channel of the station in a live view."""
    return ChannelView(
        "riverside", "station", "pump-1", metric, "L/s", 1.0, time_ms, None, None, None,
        flags, 0.0, stale,
    )  # fmt: skip


def quarter(register: Register, grades: DeviceGrades) -> None:
    """Look for a quarter: the flow is sound but once, the level is away after five minutes."""
    for minute in range(16):
        now_ms = START_MS + minute * MINUTE_MS
        flow = channel("flow", now_ms - 1_000, *(["stuck", "late"] if minute == 7 else []))
        level = channel("level", min(now_ms, START_MS + 5 * MINUTE_MS), stale=minute > 5)
        view = Snapshot(now_ms, (), (flow, level), (), (), City(now_ms).health)
        grades(register, City(now_ms), view)


def test_devices_are_graded_each_quarter(register: Register) -> None:
    """By what the live view shows once a minute; a quarter is given once."""
    grades = DeviceGrades()
    quarter(register, grades)
    (one,) = grades.take()
    assert isinstance(one, DeviceGrade)
    assert (one.device, one.time_ms) == ("pump-1", START_MS + QUARTER_MS)
    assert one.parts["completeness"] == pytest.approx(21 / 30)
    assert one.parts["validity"] == pytest.approx(1 - 1 / 19)
    assert one.parts["timeliness"] == pytest.approx(1 - 1 / 19)
    assert one.counts == {"n": 19, "bad_n": 1, "late_n": 1, "gaps": 1, "series": 2}
    assert one.age_s == pytest.approx(9 * 60)
    assert grades.take() == ()


def test_dashboards_are_told_of_devices_and_streams(city: Register, clock: Clock) -> None:
    """Of a device without a metric, of a stream at its day, with the district, once."""
    grades = DeviceGrades()
    quarter(city, grades)
    publisher = Publisher(city, grades)
    rows = [row for row in publisher.due(clock.now_ms) if row.measurement.name == "quality"]
    devices = [row for row in rows if "metric" not in row.tags]
    assert [(row.tags["district"], row.time_ms) for row in devices] == [
        ("Harbour", START_MS + QUARTER_MS)
    ]
    streams = {(row.tags["metric"], row.time_ms): row for row in rows if "metric" in row.tags}
    assert len(streams) == 4
    flow = streams["flow", YESTERDAY_MS]
    assert flow.tags["district"] == "Harbour"
    assert (flow.fields["n"], flow.fields["bad_n"]) == (729, 9)
    assert streams["energy", YESTERDAY_MS].fields["score"] == 0.0
    again = publisher.due(clock.now_ms + 60_000)
    assert [row for row in again if row.measurement.name == "quality"] == []
    with city.database.writing() as connection:
        desk.keep(connection, YESTERDAY_MS, {CHANNEL: GOOD}, T0 + 1)
    (anew,) = [
        row
        for row in publisher.due(clock.now_ms + 120_000)
        if row.measurement.name == "quality"
    ]
    assert (anew.time_ms, anew.fields["score"]) == (YESTERDAY_MS, 1.0)


def test_what_no_asset_claims_counts_in_its_group(city: Register) -> None:
    """Boards choose by district, and a row without one would be on none."""
    grade = DeviceGrade("docks", "n", "nobody's", T0, {"score": 1.0}, {"n": 1}, 0.0)
    with city.database.reading() as connection:
        (row,) = quality_rows(connection, [grade])
    assert row.tags["district"] == "docks"
