"""Condition, capacity, coverage, resources and what to do next, in a register."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import pytest_asyncio

from lamppost.register.alarms import desk as alarms
from lamppost.register.condition import desk
from lamppost.register.condition.following import ConditionFollower
from lamppost.register.days import desk as days
from lamppost.register.days.day import DAY_MS, Day
from lamppost.register.live import ChannelView, History, Snapshot
from lamppost.register.records.births import ChannelSeen
from lamppost.register.records.store import Register

from .asking import asking, body, told
from .city import City
from .registers import CHANNEL, FLOW, LEVEL, T0, Clock, birth, incident
from .test_records_import import taken

METER = ChannelSeen("energy", "double", "kW.h", 0.0, None, 10_000, "energy")
ENERGY = "riverside/station/pump-1/energy"
TODAY_MS = T0 // DAY_MS * DAY_MS
ASSETS = """\
id,name,class,district,criticality,capacity,capacity_unit,capacity_basis,length_m,population
pump-1,Pump 1,pump,north,5,100,m3/h,nameplate,,
pump-2,Pump 2,pump,south,2,,,,,
main-1,Main 1,main,north,4,,,,900,3000
main-2,Main 2,main,south,,,,,100,1000
"""


class Past:
    """A store with a reading of 20 L/s each minute, and a view that knows the flow."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.value = 20.0
        self.away = False

    def history(
        self, group: str, node: str, device: str, metric: str,
        from_ms: int, to_ms: int, step_ms: int,
    ) -> History:  # fmt: skip
        """Return it, or fail as a store does."""
        assert f"{group}/{node}/{device}" == "riverside/station/pump-1"
        if self.away:
            raise OSError("the store is away")
        if metric == "level":
            raise LookupError(metric)
        self.asked.append(metric)
        times = tuple(range(from_ms, to_ms, step_ms))
        none = (None,) * len(times)
        return History(times, (self.value,) * len(times), none, none, none, ((),) * len(times))

    def snapshot(self) -> Snapshot:
        """Not asked for here."""
        raise AssertionError


def view(now_ms: int, severity: float = 0.0) -> Snapshot:
    """Return a live view in which the flow was read a second ago."""
    flags = ("anomaly",) if severity else ()
    one = ChannelView(
        "riverside", "station", "pump-1", "flow", "L/s", 20.0, now_ms - 1_000,
        None, None, None, flags, severity, False,
    )  # fmt: skip
    return replace(City(now_ms).snapshot(), time_ms=now_ms, channels=(one,))


@pytest.fixture
def city(register: Register, tmp_path: Path) -> Register:
    """Two pumps and two mains; the flow of one pump and its energy are measured."""
    taken(register, tmp_path, ASSETS)
    register.observe_births([birth(FLOW, LEVEL, METER)])
    register.bind(CHANNEL, "pump-1", "capacity_use", "ada", T0)
    register.bind(ENERGY, "pump-1", "state", "ada", T0)
    return register


@pytest_asyncio.fixture
async def client(city: Register) -> AsyncIterator[httpx.AsyncClient]:
    """The API on it, with a store."""
    async with asking(city, SimpleNamespace(live=Past())) as client:
        yield client


def grew(register: Register, count: int = 60, by: float = 0.1) -> None:
    """Keep days of a flow that grows, and of a meter that counts 50 kW.h a day."""
    with register.database.writing() as connection:
        for n in range(count):
            day_ms = TODAY_MS - (count - n) * DAY_MS
            load = 10.0 + by * n
            day = Day(1_440, 0, load, load, load, load, 0.0)
            meter = Day(1_440, 0, 1.0, 1.0, 1.0, 1.0, 50.0)
            days.keep(connection, day_ms, {CHANNEL: day, ENERGY: meter}, T0)
        assert desk.keep_forecasts(connection, CHANNEL, T0) == 1


async def test_the_follower_keeps_conditions(
    city: Register, client: httpx.AsyncClient, clock: Clock
) -> None:
    """A live reading makes a grade with its reason."""
    past, follow = Past(), ConditionFollower()
    for _ in range(3):
        follow(city, past, view(clock.now_ms, severity=0.6))
    pump = await body(client, "assets/pump-1/condition")
    assert (pump["grade"], pump["status"], pump["scale"]) == (4, "known", "iimm-1")
    assert "worst now 0.60" in pump["reason"]
    assert (await body(client, "conditions?status=unknown&class=main"))["total"] == 2
    clock.now_ms += 3_600_000
    follow(city, past, replace(view(clock.now_ms), channels=()))
    silent = await body(client, "assets/pump-1/condition")
    assert (silent["grade"], silent["status"]) == (4, "unknown")


async def test_headroom_runs_out_on_a_day_and_is_an_assumption(
    city: Register, client: httpx.AsyncClient
) -> None:
    """100 m3/h are 27.8 L/s; from 10 at 0.1 a day that is 178 days after the first."""
    grew(city)
    (one,) = (await body(client, "capacity"))["items"]
    assert (one["kind"], one["asset"], one["days"]) == ("assumption", "pump-1", 60)
    expected_ms = TODAY_MS + (178 - 60) * DAY_MS
    assert abs(one["runs_out_ms"] - expected_ms) <= 8 * DAY_MS
    (whole,) = (await body(client, "assets/pump-1/forecasts"))["items"]
    assert len(whole["p50"]) == 730
    assert "p50" not in one
    top = (await body(client, "next"))["items"][0]
    assert (top["kind"], top["asset"]) == ("capacity", "pump-1")
    assert "x criticality 5/5 x confidence" in top["arithmetic"]


async def test_utilisation_now_and_what_is_refused(client: httpx.AsyncClient) -> None:
    """20 L/s of 100 m3/h; without capacity or load there is no percentage."""
    used = await body(client, f"assets/pump-1/utilisation?from_ms={T0 - DAY_MS}&to_ms={T0}")
    assert used["p95"] == pytest.approx(0.72)
    assert used["headroom"] == pytest.approx(0.28)
    assert (used["points"], used["completeness"]) == (1_440, 1.0)
    refused = await client.get("assets/pump-2/utilisation")
    assert refused.status_code == 409
    assert "no channel tells of its load" in refused.json()["detail"]
    assert (await client.get("assets/zz/utilisation")).status_code == 404


async def test_coverage_in_four_forms(client: httpx.AsyncClient, city: Register) -> None:
    """By count, length, people and criticality; what is not known is told."""
    city.bind("riverside/station/pump-1/level", "main-1", "environment", "ada", T0)
    (whole,) = (await body(client, "coverage"))["items"]
    assert (whole["assets"], whole["monitored"], whole["by_count"]) == (4, 2, 0.5)
    assert (whole["by_length"], whole["by_population"]) == (0.9, 0.75)
    assert whole["by_criticality"] == pytest.approx((5 + 4) / (5 + 2 + 4 + 3))
    assert (whole["length_unknown"], whole["population_unknown"]) == (2, 2)
    parts = (await body(client, "coverage?by=class"))["items"]
    assert [(one["part"], one["by_length"]) for one in parts] == [("main", 0.9), ("pump", None)]


async def test_gaps_are_what_a_class_requires_and_an_asset_lacks(
    client: httpx.AsyncClient,
) -> None:
    """The most critical first; a requirement that ended asks for nothing."""
    for kind, measurand in (("pump", "flow"), ("pump", "vibration"), ("main", "pressure")):
        new = await told(
            client, "requirements", by="ada", asset_class=kind, measurand=measurand, why="wear"
        )
    gaps = await body(client, "gaps")
    assert [(one["asset"], one["measurand"]) for one in gaps["items"]] == [
        ("main-1", "pressure"), ("main-2", "pressure"), ("pump-1", "vibration"),
        ("pump-2", "flow"), ("pump-2", "vibration"),
    ]  # fmt: skip
    await told(client, f"requirements/{new['id']}/end", by="ada")
    assert (await body(client, "gaps?class=main"))["total"] == 0
    again = await told(
        client, "requirements", by="bob", asset_class="main", measurand="pressure", why="leaks"
    )
    assert (again["id"], again["valid_to_ms"], again["why"]) == (new["id"], None, "leaks")


async def test_energy_against_baseline_and_goal(
    city: Register, client: httpx.AsyncClient
) -> None:
    """50 kW.h a day against 80 before and 60 to reach."""
    grew(city)
    said: Any = {"scope": "district", "subject": "north", "resource": "energy", "unit": "kW.h"}
    await told(client, "targets", by="ada", **said, baseline=80, goal=60, basis="bills")
    window = f"from_ms={TODAY_MS - 10 * DAY_MS}&to_ms={TODAY_MS}"
    (north,) = (await body(client, f"resource-use?resource=energy&{window}"))["items"]
    assert (north["part"], north["amount"], north["days"]) == ("north", 500.0, 10)
    assert (north["per_day"], north["saved"], north["on_track"]) == (50.0, 0.375, True)
    assert (await body(client, f"resource-use?resource=water&{window}"))["items"] == []


@pytest.mark.parametrize(
    ("change", "status", "detail"),
    [
        ({"unit": "kW"}, 400, "unit: came 'kW', allowed for energy: kW.h"),
        ({"scope": "asset", "subject": "zz"}, 404, "asset: came 'zz'"),
        ({"goal": -1}, 400, "goal: came -1"),
        ({"basis": "\u0007"}, 400, "basis: came"),
    ],
)
async def test_targets_that_mean_nothing_are_refused(
    client: httpx.AsyncClient, change: dict[str, object], status: int, detail: str
) -> None:
    """A clear error, and nothing is kept."""
    said: dict[str, object] = {
        "scope": "class", "subject": "pump", "resource": "energy", "unit": "kW.h",
        "baseline": 1, "goal": 1, "basis": "bills",
    }  # fmt: skip
    assert detail in await told(client, "targets", status, by="ada", **{**said, **change})
    assert (await body(client, "targets"))["total"] == 0


async def test_what_to_do_next_has_all_kinds_in_one_order(
    city: Register, client: httpx.AsyncClient, clock: Clock
) -> None:
    """Each with its arithmetic; an alarm that somebody works on is not told twice."""
    grew(city)
    city.calibrate(CHANNEL, "ada", T0 - 10 * DAY_MS, T0 - DAY_MS)
    with city.changing(alarms.WHO) as writer:
        alarms.observe(writer, [incident(), incident("i-2", device="x")])
    await told(client, "work-orders", by="ada", alarm="i-2", due_ms=T0 + 1)
    clock.now_ms += DAY_MS
    ConditionFollower()(city, Past(), view(clock.now_ms))
    lines = (await body(client, "next?limit=50"))["items"]
    assert {one["kind"] for one in lines} == {
        "alarm", "capacity", "calibration", "overdue_work", "condition",
    }  # fmt: skip
    assert [one["score"] for one in lines] == sorted(one["score"] for one in lines)[::-1]
    assert "i-2" not in {one["subject"] for one in lines}
    assert city.verify_audit().faults == ()
