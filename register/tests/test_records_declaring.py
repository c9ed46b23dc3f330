"""The asset that a birth names: links that births open and end, and people who count more."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamppost.register.records.boundary import Boundary
from lamppost.register.records.links import RefusedError
from lamppost.register.records.reading import Wanted
from lamppost.register.records.store import Register
from lamppost.register.records.values import Link
from lamppost.register.resources.latest import latest
from lamppost.register.resources.reading import found

from .registers import CHANNEL, FLOW, LEVEL, T0, Clock, birth, opened
from .test_records_import import taken

PUMPS = "id,name,class,district\npump-1,One,pump,west\npump-2,Two,pump,east\n"
LATE = "id,name,class,district\npump-3,Three,pump,west\n"
MINUTE_MS = 60_000
BY_BIRTH = ("births", "state")


@pytest.fixture
def city(any_register: Register, tmp_path: Path) -> Register:
    """A register with two pumps."""
    assert not taken(any_register, tmp_path, PUMPS).problems
    return any_register


def born(register: Register, asset: str, minute: int = 0) -> int:
    """Let the flow name an asset in its birth; returns how many entries that made."""
    seen = birth(replace(FLOW, asset=asset), at_ms=T0 + minute * MINUTE_MS)
    return register.observe_births([seen]).changes


def links(register: Register, state: str = "all", channel: str = CHANNEL) -> tuple[Link, ...]:
    """Return the links of a channel, the first that began first."""
    wanted = Wanted({"channel": channel}, state=state)  # type: ignore[arg-type]
    items: tuple[Link, ...] = register.page("links", wanted).items
    return tuple(sorted(items, key=lambda one: one.valid_from_ms))


def told(register: Register) -> list[tuple[str, str, int, int | None]]:
    """Return asset, asserter and span of each link, in minutes."""
    return [
        (
            one.asset,
            one.asserted_by,
            (one.valid_from_ms - T0) // MINUTE_MS,
            None if one.valid_to_ms is None else (one.valid_to_ms - T0) // MINUTE_MS,
        )
        for one in links(register)
    ]


def missing(register: Register) -> dict[str, str]:
    """Return the finding of each channel whose asset is not here."""
    items = found(latest(register), "unknown_assets", register.now_ms())
    return {one.name: one.told for one in items}


def test_a_birth_links_its_channel_to_the_asset_it_names(city: Register) -> None:
    """From the birth on, in the role that a birth may give, and the trail says who."""
    born(city, "pump-1")
    (link,) = links(city)
    assert (link.asserted_by, link.role) == BY_BIRTH
    assert (link.asset, link.valid_from_ms, link.valid_to_ms) == ("pump-1", T0, None)
    assert city.one("channels", CHANNEL).declared_asset == "pump-1"
    (entry,) = city.trail("link", link.id).items
    assert (entry.who, entry.what) == ("births", "create")
    assert born(city, "pump-1", 1) == 0
    assert city.verify_audit().faults == ()


def test_another_asset_ends_the_link_and_begins_another(city: Register) -> None:
    """Each link says since when and until when it held, and that births ended it."""
    for minute, asset in enumerate(("pump-1", "pump-2", "", "pump-1")):
        born(city, asset, minute)
    assert told(city) == [
        ("pump-1", "births", 0, 1),
        ("pump-2", "births", 1, 2),
        ("pump-1", "births", 3, None),
    ]
    assert [one.ended_by for one in links(city)] == ["births", "births", None]
    assert city.verify_audit().faults == ()


def test_births_of_one_millisecond_leave_one_link(city: Register) -> None:
    """There and back in no time is one link, not two of the same id."""
    flows = [birth(replace(FLOW, asset=one)) for one in ("pump-1", "pump-2", "pump-1")]
    city.observe_births(flows)
    city.observe_births(flows)
    assert [one.asset for one in links(city, "open")] == ["pump-1"]
    assert city.verify_audit().faults == ()


def test_a_channel_that_goes_takes_its_link_along(city: Register) -> None:
    """What a birth names no more it does not assert either; it returns with the channel."""
    born(city, "pump-1")
    city.observe_births([birth(LEVEL, at_ms=T0 + MINUTE_MS)])
    assert told(city) == [("pump-1", "births", 0, 1)]
    born(city, "pump-1", 2)
    assert told(city) == [("pump-1", "births", 0, 1), ("pump-1", "births", 2, None)]


def test_an_unknown_asset_is_a_finding_until_it_comes(
    city: Register, tmp_path: Path, clock: Clock
) -> None:
    """No link to nowhere; the import of the asset makes it, and the finding goes."""
    born(city, "pump-1")
    clock.now_ms = T0 + 3 * MINUTE_MS
    born(city, "pump-3", 1)
    assert told(city) == [("pump-1", "births", 0, 1)]
    assert missing(city) == {CHANNEL: "names asset 'pump-3' that the register does not have"}
    assert not taken(city, tmp_path, LATE).problems
    assert told(city)[1:] == [("pump-3", "births", 3, None)]
    assert missing(city) == {}
    assert born(city, "pump-3", 4) == 0
    assert city.verify_audit().faults == ()


@pytest.mark.parametrize("name", ["pump\0-1", "\ud800", "p" * 500], ids=ascii)
def test_a_hostile_name_links_nothing(city: Register, name: str) -> None:
    """What had to be mended is nobody's name; the channel is kept, with a finding."""
    born(city, name)
    assert links(city) == ()
    assert list(missing(city)) == [CHANNEL]


def test_what_people_say_counts_more(city: Register) -> None:
    """Their link ends that of the birth, and no birth comes beside it."""
    born(city, "pump-1")
    city.bind(CHANNEL, "pump-2", "capacity_use", "ada", T0 + MINUTE_MS)
    for minute, asset in ((2, "pump-1"), (3, "pump-2"), (4, "pump-1"), (5, "")):
        born(city, asset, minute)
    assert told(city) == [("pump-1", "births", 0, 1), ("pump-2", "ada", 1, None)]
    assert links(city)[0].ended_by == "ada"
    born(city, "pump-9", 6)
    assert missing(city) == {}


def test_a_person_makes_the_link_of_a_birth_theirs(city: Register) -> None:
    """Saying what a birth says is not saying nothing: births can change it no more."""
    born(city, "pump-1")
    assert city.bind(CHANNEL, "pump-1", "state", "ada", T0)[1]
    born(city, "pump-2", 1)
    assert [(one.asset, one.asserted_by) for one in links(city, "open")] == [("pump-1", "ada")]
    with pytest.raises(RefusedError, match="by: came 'births', allowed: the name of a person"):
        city.bind(CHANNEL, "pump-1", "state", "births", T0)


def test_a_link_that_a_person_has_ended_stays_ended(city: Register, tmp_path: Path) -> None:
    """Only a birth that says something new makes another."""
    born(city, "pump-1")
    assert city.unbind(links(city)[0].id, "ada", T0 + MINUTE_MS)
    assert links(city)[0].ended_by == "ada"
    born(city, "pump-1", 2)
    assert not taken(city, tmp_path, LATE).problems
    assert told(city) == [("pump-1", "births", 0, 1)]
    born(city, "pump-2", 3)
    born(city, "pump-1", 4)
    assert told(city)[1:] == [("pump-2", "births", 3, 4), ("pump-1", "births", 4, None)]


def test_districts_see_and_end_only_their_own(city: Register) -> None:
    """A link of a birth lies where its asset lies, whoever looks or acts."""
    born(city, "pump-2")
    west, east = (city.within(Boundary([one])) for one in ("west", "east"))
    assert links(west) == ()
    (link,) = links(east)
    with pytest.raises(RefusedError, match="link: came"):
        west.unbind(link.id, "w")
    assert missing(west) == {}
    assert east.unbind(link.id, "e", T0)


ASSETS = ("", "pump-1", "pump-2", "pump-9")
STEPS = st.one_of(
    st.tuples(st.just("born"), st.sampled_from(ASSETS)),
    st.tuples(st.just("gone"), st.just("")),
    st.tuples(st.just("bind"), st.sampled_from(("pump-1", "pump-2"))),
    st.tuples(st.just("unbind"), st.just("")),
)
NODES = count()


@pytest.fixture(scope="module")
def pumps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Register]:
    """One register for all examples; each has a node of its own."""
    folder = tmp_path_factory.mktemp("declaring")
    held = opened(folder)
    assert not taken(held, folder, PUMPS).problems
    yield held
    assert held.verify_audit().faults == ()
    held.close()


@given(st.lists(st.tuples(STEPS, st.booleans()), max_size=8))
@settings(max_examples=25)
def test_whatever_happens_links_are_as_they_shall_be(
    pumps: Register, steps: list[tuple[tuple[str, str], bool]]
) -> None:
    """At most one link of a birth, to the asset it names, never beside one of a person."""
    node = f"n{next(NODES)}"
    channel = f"riverside/{node}/pump-1/flow"
    there, declared, denied = False, "", set[str]()
    for minute, ((what, asset), again) in enumerate([(("born", "pump-1"), True), *steps]):
        at_ms = T0 + minute * MINUTE_MS
        if what in ("born", "gone"):
            channels = [replace(FLOW, asset=asset)] if what == "born" else [LEVEL]
            seen = [birth(*channels, at_ms=at_ms, node=node)]
            pumps.observe_births(seen)
            if what == "born" and asset != declared:
                denied.discard(asset)
            there, declared = what == "born", asset if what == "born" else declared
            if again:
                assert pumps.observe_births(seen).changes == 0
        elif what == "bind":
            open_before = links(pumps, "open", channel)
            pumps.bind(channel, asset, "state", "ada", at_ms)
            denied |= {one.asset for one in open_before if one.asserted_by == "births"}
        else:
            for one in links(pumps, "open", channel):
                pumps.unbind(one.id, "ada", at_ms)
                denied.add(one.asset)
        held = links(pumps, "open", channel)
        mine = [one.asset for one in held if one.asserted_by == "births"]
        theirs = [one for one in held if one.asserted_by != "births"]
        assert len(mine) <= 1
        assert not (mine and theirs)
        if what in ("born", "gone") and not theirs:
            due = there and declared in ("pump-1", "pump-2") and declared not in denied
            assert mine == ([declared] if due else []), (minute, denied)
    spans = [one for one in links(pumps, "all", channel) if one.asserted_by == "births"]
    for before, after in pairwise(spans):
        assert before.valid_to_ms is not None
        assert before.valid_to_ms <= after.valid_from_ms
