"""Indicators: each trap, what is never zero, and a hash that follows every input."""

from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from lamppost.register import cli
from lamppost.register.indicators import desk
from lamppost.register.indicators.commands import number
from lamppost.register.indicators.computing import compute, lineage
from lamppost.register.indicators.definitions import (
    DefinitionError,
    city_facts,
    definitions,
    known,
    period,
)
from lamppost.register.indicators.values import FROM_RECORDS, Input, Kind, Value
from lamppost.register.records.births import ChannelSeen, channel_id
from lamppost.register.records.importing import EMPTY
from lamppost.register.records.store import Register

from .registers import T0, Clock, birth

NOW = period("2025-10")
FACTS = {"area_km2": 50.0, "population": 200_000.0, "population_100k": 2.0}
SMART_LAMP = ("lamp_state", "schedule", "dimming", "energy", "lamp_fault")


def city(register: Register, *assets: tuple[str, str, dict[str, Any], tuple[str, ...]]) -> None:
    """Enter assets of (id, class, columns, channel classes of its own device)."""
    with register.changing("ada") as writer:
        for one, kind, columns, _ in assets:
            facts = {**EMPTY, "name": one, "asset_class": kind, **columns}
            writer.create("asset", one, facts | {"external_ids": {}} | columns, T0)
    for one, _, _, measured in assets:
        if measured:
            channels = [ChannelSeen(name, "double", channel_class=name) for name in measured]
            register.observe_births([birth(*channels, device=one)])
            for name in measured:
                register.bind(
                    channel_id("riverside", "station", one, name), one, "state", "ada", T0
                )


def value(register: Register, one: str, facts: dict[str, float] | None = None) -> Value:
    """Return an indicator of the month that tests live in."""
    found = desk.values(register, NOW, FACTS if facts is None else facts)
    return next(item for item in found if item.indicator == one)


@pytest.fixture
def later(register: Register, clock: Clock) -> Register:
    """A register whose clock stands in the period, after all births."""
    clock.now_ms = T0 + 60_000
    return register


def test_a_lamp_counts_only_with_all_five(later: Register) -> None:
    """Four of five make no smart lamp, and neither does a meter in the cabinet."""
    city(
        later,
        ("lamp-1", "lamp", {}, SMART_LAMP),
        ("lamp-2", "lamp", {}, SMART_LAMP[:4]),
        ("lamp-3", "street_light", {}, ()),
        ("cabinet", "light_cabinet", {}, SMART_LAMP),
    )
    found = value(later, "iso37122-2019:7.6")
    assert (found.value, found.numerator, found.denominator) == (100 / 3, 1.0, 3.0)
    assert found.status == "measured"


def test_households_are_parted_from_other_buildings(later: Register) -> None:
    """7.9 leaves them out, 12.1 has only them, U4SSC's meters take both."""
    city(
        later,
        ("home-1", "household", {}, ("energy",)),
        ("home-2", "household", {}, ()),
        ("hall", "public_building", {}, ("energy",)),
    )
    assert value(later, "iso37122-2019:7.9").value == 100.0
    assert value(later, "iso37122-2019:12.1").value == 50.0
    assert value(later, "u4ssc:EC:ICT:ES:1C").value == pytest.approx(200 / 3)


def test_lengths_count_not_pieces(later: Register) -> None:
    """Of a short main that is watched and a long one that is not, little is watched."""
    city(
        later,
        ("main-1", "water_main", {"length_m": 100.0}, ("pressure",)),
        ("main-2", "water_main", {"length_m": 900.0}, ()),
    )
    assert value(later, "iso37122-2019:23.3").value == 10.0


def test_an_unknown_length_lowers_the_coverage_until_nothing_is_reported(
    later: Register,
) -> None:
    """What nobody measured is neither left out nor guessed: below the gate it is NR."""
    city(
        later,
        ("main-1", "water_main", {"length_m": 100.0}, ("pressure",)),
        ("main-2", "water_main", {}, ()),
    )
    found = value(later, "iso37122-2019:23.3")
    assert (found.status, found.value, found.coverage) == ("NR", None, 0.5)
    assert "length_m is known of 50%" in found.reason


def test_nothing_on_record_is_not_reported_and_never_zero(later: Register) -> None:
    """An empty register reports nothing at all."""
    found = desk.values(later, NOW, FACTS)
    assert {one.status for one in found} == {"NR"}
    assert {one.value for one in found} == {None}
    assert all(one.reason for one in found)


def test_densities_need_the_facts_of_the_city(later: Register) -> None:
    """Stations a square kilometre and for 100,000 people; without area or people NR."""
    city(
        later,
        ("mast-1", "air_mast", {}, ("no2",)),
        ("mast-2", "air_mast", {}, ("temperature",)),
        ("river-1", "water_quality_station", {}, ("ph",)),
    )
    assert value(later, "iso37122-2019:8.2").value == pytest.approx(1 / 50)
    assert value(later, "iso37122-2019:23.2").value == pytest.approx(1 / 2)
    missing = value(later, "iso37122-2019:8.2", {})
    assert (missing.status, missing.value) == ("NR", None)
    assert "area_km2" in missing.reason


def test_what_is_made_up_is_no_evidence(later: Register) -> None:
    """An asset of the demo city makes the value synthetic."""
    city(later, ("bin", "public_bin", {"external_ids": {"demo": "made up"}}, ("fill_level",)))
    found = value(later, "iso37122-2019:16.5")
    assert (found.status, found.value, found.quality) == (
        "synthetic",
        100.0,
        "synthetic, no evidence",
    )


def test_a_period_before_it_all_knows_nothing_of_it(later: Register) -> None:
    """Records count from when they hold."""
    city(later, ("bin", "public_bin", {}, ("fill_level",)))
    before = desk.values(later, period("2024"), FACTS)
    assert {one.status for one in before} == {"NR"}
    assert value(later, "iso37122-2019:16.5").value == 100.0


def test_a_period_that_has_not_begun_is_not_reported(later: Register) -> None:
    """What is so today is no evidence of next month, nor of next year."""
    city(later, ("bin", "public_bin", {}, ("fill_level",)))
    for name in ("2025-11", "2026"):
        assert {one.status for one in desk.values(later, period(name), FACTS)} == {"NR"}


def test_a_channel_that_was_unbound_no_longer_counts(later: Register, clock: Clock) -> None:
    """The link is what makes it count."""
    city(later, ("bin", "public_bin", {}, ("fill_level",)))
    with later.database.reading() as connection:
        bound = connection.execute(text("SELECT id FROM link")).scalar_one()
    clock.now_ms += 1_000
    later.unbind(bound, "ada", clock.now_ms)
    clock.now_ms += 1_000
    assert value(later, "iso37122-2019:16.5").value == 0.0


def test_every_definition_is_qualified_and_tells_its_trap() -> None:
    """Ids carry standard and edition; every one says how it is computed."""
    assert len(definitions()) >= 31
    for one, definition in definitions().items():
        standard = one.partition(":")[0]
        assert standard in {
            "iso37120-2018", "iso37122-2019", "iso37123-2019", "u4ssc", "lamppost-1",
        }  # fmt: skip
        assert definition.trap.endswith(".")
        assert definition.kind in get_args(Kind)
        assert bool(definition.per) or definition.kind != "density"
        assert " of " in definition.formula
        if definition.kind not in FROM_RECORDS:
            assert len(definition.needs) == 1
            assert definition.into
            assert definition.told_unit


INPUTS = st.lists(
    st.builds(
        Input,
        asset=st.text(min_size=1, max_size=8),
        asset_class=st.just("lamp"),
        weight=st.none() | st.floats(0, 1e6),
        counted=st.booleans(),
        synthetic=st.booleans(),
        channels=st.lists(st.text(max_size=4), max_size=2).map(tuple),
    ),
    max_size=6,
    unique_by=lambda one: one.asset,
)


@given(INPUTS, st.randoms(use_true_random=False))
def test_the_lineage_knows_no_order(inputs: list[Input], random: Random) -> None:
    """The same inputs in any order give the same value and the same hash."""
    lamp = known("iso37122-2019:7.6")
    shuffled = random.sample(inputs, len(inputs))
    assert compute(lamp, "2026-10", {}, inputs) == compute(lamp, "2026-10", {}, shuffled)


@given(INPUTS.filter(bool), st.integers(0, 5), st.sampled_from(("counted", "weight", "asset")))
def test_the_lineage_follows_every_input(inputs: list[Input], at: int, what: str) -> None:
    """One input changed anywhere gives another hash; so do another period and another fact."""
    lamp, air = known("iso37122-2019:7.6"), known("iso37122-2019:8.2")
    one = inputs[at % len(inputs)]
    changed = {
        "counted": replace(one, counted=not one.counted),
        "weight": replace(one, weight=(one.weight or 0.0) + 1.0),
        "asset": replace(one, asset=one.asset + "x"),
    }[what]
    other = [changed if item is one else item for item in inputs]
    before = lineage(lamp, "2026-10", {}, inputs)
    assert before != lineage(lamp, "2026-10", {}, other)
    assert before != lineage(lamp, "2026-11", {}, inputs)
    some, more = {"area_km2": 1.0}, {"area_km2": 2.0}
    assert lineage(air, "2026", some, inputs) != lineage(air, "2026", more, inputs)


@pytest.mark.parametrize("name", ["2026-13", "2026-1", "26-10", "October", "", "2026-10-01"])
def test_a_wrong_period_is_told(name: str) -> None:
    """What came and what is allowed."""
    with pytest.raises(DefinitionError, match="allowed: 2026 or 2026-10"):
        period(name)


def test_a_year_and_a_month_end_where_the_next_begins() -> None:
    """Periods touch and do not overlap."""
    assert period("2026-12").to_ms == period("2027-01").from_ms == period("2026").to_ms
    assert period("2026").from_ms == period("2026-01").from_ms


@pytest.mark.parametrize(
    "said", ["area = 1", "area_km2 = 'x'", "area_km2 = -1", "= ", "area_km2=true"]
)
def test_a_wrong_city_file_is_told(tmp_path: Path, said: str) -> None:
    """It names the file."""
    file = tmp_path / "city.toml"
    file.write_text(said)
    with pytest.raises(DefinitionError, match=r"city\.toml"):
        city_facts(file)


def test_the_command_tells_all_and_which_are_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line each, NR with its reason; wrong use is exit code 2."""
    asked = ["indicators", "--data", str(tmp_path)]
    assert cli.main([*asked, "--period", "2026-10"]) == 0
    told = capsys.readouterr().out
    assert told.count("\tNR\t") == len(definitions())
    assert f"0 of {len(definitions())} can be shown in 2026-10" in told
    assert cli.main([*asked, "--period", "soon"]) == 2
    assert "soon" in capsys.readouterr().err


def test_a_small_value_is_not_rounded_to_nothing() -> None:
    """On a terminal: half a gigajoule a square metre is not zero, and zero is."""
    assert [number(one) for one in (0.0, 0.0366, 21.0526, -1.5)] == [
        "0.00", "0.0366", "21.05", "-1.50",
    ]  # fmt: skip
