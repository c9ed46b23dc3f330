"""The map kept in memory is, after every change, the one that a fresh look would find."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from lamppost.register.alarms import desk as alarms
from lamppost.register.days import desk as days
from lamppost.register.days.day import DAY_MS, Day
from lamppost.register.indicators.definitions import CITY_FILE
from lamppost.register.pages.ahead import ahead, look
from lamppost.register.pages.indicator_values import all_values, asked_period
from lamppost.register.records.boundary import Boundary
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register
from lamppost.register.resources import deciding
from lamppost.register.resources.latest import latest
from lamppost.register.resources.loading import World, world

from .registers import CHANNEL, FLOW, LEVEL, T0, Clock, birth, incident
from .test_records_import import taken

PUMPS = "id,name,class,district\npump-1,One,pump,west\n"
DATASET = {"name": "Flows", "owner": "Water", "gathers_class": "flow"}


def enter(register: Register, one: str = "flows") -> None:
    """Enter a dataset that gathers flows, and who uses it."""
    with register.changing("ada") as writer:
        deciding.enter(writer, one, "dataset", DATASET)
        deciding.enter(writer, f"{one}-desk", "consumer", {"name": "Desk"})
        deciding.connect(writer, f"dataset:{one}", f"consumer:{one}-desk", "ada")


def amend(register: Register) -> None:
    """Let the dataset gather something else."""
    with register.changing("ada") as writer:
        deciding.amend(writer, "flows", {"gathers_class": "level"}, None)


def name_stream(register: Register) -> None:
    """Say who owns a stream, and that it feeds the dataset by hand too."""
    with register.changing("ada") as writer:
        stream = f"{CHANNEL}@{T0}"
        deciding.enter_about(writer, "stream", stream, {"owner": "Water", "name": "The flow"})
        deciding.connect(writer, f"stream:{stream}", "dataset:flows", "ada")


def end(register: Register) -> None:
    """End the dataset, and with it what flows."""
    with register.changing("ada") as writer:
        deciding.end(writer, "flows", None)


STEPS: dict[str, Callable[[Register], object]] = {
    "born": lambda held: held.observe_births([birth(FLOW, LEVEL)]),
    "entered": enter,
    "another node": lambda held: held.observe_births([birth(FLOW, node="other")]),
    "bound": lambda held: held.bind(CHANNEL, "pump-1", "state", "ada"),
    "named": name_stream,
    "amended": amend,
    "gone": lambda held: held.observe_births([birth(LEVEL, at_ms=T0 + 1)]),
    "back": lambda held: held.observe_births([birth(FLOW, LEVEL, at_ms=T0 + 2)]),
    "ended": end,
}


def told(there: World) -> tuple[object, ...]:
    """Return all that a map says, whatever the order it was made in."""
    graph = there.graph
    ways = [
        {key: frozenset(edges) for key, edges in way.items()}
        for way in (graph.onward, graph.back)
    ]
    assert len(set(graph.edges)) == len(graph.edges)
    return (
        there.resources, there.streams, dict(graph.things), frozenset(graph.edges), ways,
        there.strangers, dict(there.places),
    )  # fmt: skip


def fresh(register: Register) -> World:
    """Return the map as a first look finds it."""
    with register.database.reading() as connection:
        return world(connection)


@pytest.fixture
def city(register: Register, tmp_path: Path) -> Register:
    """Pumps that nothing watches yet."""
    taken(register, tmp_path, PUMPS)
    return register


def test_after_every_change_it_is_what_a_fresh_look_finds(city: Register) -> None:
    """Births, links, entries and ends, one after the other."""
    for name, step in STEPS.items():
        step(city)
        assert told(latest(city)) == told(fresh(city)), name


def test_alarms_change_nothing_and_entries_only_what_people_say(city: Register) -> None:
    """The same map after an alarm; after an entry another one, of the same streams."""
    STEPS["born"](city)
    first = latest(city)
    with city.changing(alarms.WHO) as writer:
        alarms.observe(writer, [incident()])
    assert latest(city) is first
    enter(city)
    second = latest(city)
    assert second is not first
    assert second.streams is first.streams


def test_each_choice_of_districts_has_a_map_of_its_own(city: Register) -> None:
    """Who is for a district sees its streams as soon as they are linked, others never."""
    STEPS["born"](city)
    inside, outside = (city.within(Boundary([one])) for one in ("west", "east"))
    assert len(latest(city).streams) == 2
    assert not latest(inside).streams
    city.bind(CHANNEL, "pump-1", "state", "ada")
    assert [one.channel for one in latest(inside).streams] == [CHANNEL]
    assert latest(city.within(Boundary(["west"]))) is latest(inside)
    assert not latest(outside).streams
    assert told(latest(inside)) == told(fresh(inside))


async def test_a_console_reads_the_map_ahead(city: Register) -> None:
    """At the start, and again when births or days have come, but not for an alarm."""
    looks: asyncio.Queue[int] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def seen(register: Register) -> None:
        loop.call_soon_threadsafe(looks.put_nowait, len(latest(register).streams))

    task = asyncio.create_task(ahead(city, 0.01, seen), name="map ahead")
    try:
        assert await asyncio.wait_for(looks.get(), 60) == 0
        with city.changing(alarms.WHO) as writer:
            alarms.observe(writer, [incident()])
        STEPS["born"](city)
        assert await asyncio.wait_for(looks.get(), 60) == 2
        assert looks.empty()
        with city.database.writing() as connection:
            days.keep(connection, T0 // DAY_MS * DAY_MS, {CHANNEL: Day(1_440)}, T0)
        assert await asyncio.wait_for(looks.get(), 60) == 2
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def test_the_last_month_is_computed_ahead(city: Register, clock: Clock) -> None:
    """Who asks later finds what was computed then; a city's file that is wrong is no end."""
    look(city)
    clock.now_ms += 60_000
    assert all_values(city, asked_period(city, ""))[0] == T0
    (city.data_dir / CITY_FILE).write_text("inhabitants = 12\n")
    look(city)
    with pytest.raises(RefusedError, match="inhabitants"):
        all_values(city, asked_period(city, ""))
