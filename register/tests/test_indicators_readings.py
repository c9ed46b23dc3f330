"""Indicators that need sums and means of readings, each with its trap."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from lamppost.register.days import desk as days
from lamppost.register.days.day import DAY_MS, Day
from lamppost.register.days.tables import channel_day
from lamppost.register.evidence.making import make
from lamppost.register.evidence.verifying import verify
from lamppost.register.indicators import desk
from lamppost.register.indicators.definitions import known
from lamppost.register.indicators.values import Value
from lamppost.register.records.births import ChannelSeen, channel_id
from lamppost.register.records.importing import EMPTY
from lamppost.register.records.store import Register

from .registers import T0, Clock, birth
from .test_indicators import NOW

MONTH_MS = NOW.from_ms
DAYS = 8
"""Of the month they are over at T0, a ninth of October."""

FACTS = {"population": 1_000.0, "population_100k": 0.01}
UNITS = {"energy": "kW.h", "volume": "m3", "power": "kW"}


@pytest.fixture
def later(register: Register, clock: Clock) -> Register:
    """A register whose clock stands in the period, after all births."""
    clock.now_ms = T0 + 60_000
    return register


def asset(
    register: Register, one: str, kind: str, *measured: str, unit: str = "", **columns: Any
) -> None:
    """Enter an asset with channels of its own; "class/metric" names both."""
    with register.changing("ada") as writer:
        facts = {**EMPTY, "name": one, "asset_class": kind, "external_ids": {}, **columns}
        writer.create("asset", one, facts, MONTH_MS)
    if not measured:
        return
    seen = [
        ChannelSeen(
            name.rpartition("/")[2], "double", unit or UNITS.get(name, "ug/m3"),
            channel_class=name.partition("/")[0],
        )
        for name in measured
    ]  # fmt: skip
    register.observe_births([birth(*seen, device=one, at_ms=MONTH_MS)])
    for part in seen:
        register.bind(channel(one, part.metric), one, "state", "ada", MONTH_MS)


def channel(one: str, metric: str) -> str:
    """Return the id of an asset's own channel."""
    return channel_id("riverside", "station", one, metric)


def counter(rise: float, begin: float = 0.0) -> list[Day]:
    """Return days of a counter that rises by so much a day, half of it by night."""
    return [
        Day(1_440, rise=rise / 2, first=begin + n * rise, last=begin + n * rise + rise / 2)
        for n in range(DAYS)
    ]


def level(mean: float, minutes: int = 1_440) -> list[Day]:
    """Return days with a mean."""
    return [Day(minutes, mean=mean, integral_h=mean * minutes / 60) for _ in range(DAYS)]


def kept(register: Register, name: str, told: list[Day], *but: int) -> None:
    """Keep days of a channel but some, from the month's first on."""
    with register.database.writing() as connection:
        for n, day in enumerate(told):
            if n not in but:
                days.keep(connection, MONTH_MS + n * DAY_MS, {name: day}, T0)


def value(register: Register, one: str) -> Value:
    """Return an indicator of the month."""
    return next(v for v in desk.values(register, NOW, FACTS) if v.indicator == one)


def test_energy_of_buildings_by_their_floor(later: Register) -> None:
    """7.5: in GJ/m2; a building without a meter is in neither number, one in ten may be."""
    for n in range(10):
        floor: dict[str, Any] = {
            "capacity": 100.0,
            "capacity_unit": "m2",
            "capacity_basis": "design",
        }
        measured = ("energy",) if n else ()
        asset(later, f"hall-{n}", "public_building", *measured, **floor)
        if n:
            kept(later, channel(f"hall-{n}", "energy"), counter(50.0))
    found = value(later, "iso37120-2018:7.5")
    one = 50.0 * (DAYS - 0.5) * 3.6e-3
    assert found.value == pytest.approx(9 * one / 900)
    assert (found.unit, found.coverage, found.completeness) == ("GJ/m2", 0.9, 1.0)
    assert (found.status, found.quality) == ("measured", "accurate measurements")
    asset(later, "hall-x", "school")
    missing = value(later, "iso37120-2018:7.5")
    assert (missing.status, missing.value) == ("NR", None)
    assert "82% of the assets are metered" in missing.reason


def test_a_counter_counts_on_in_silence_and_begins_again(later: Register) -> None:
    """A silent day between two readings is in the sum; a new meter begins at zero."""
    asset(later, "cabinet", "light_cabinet", "energy", length_m=2_000.0)
    name = channel("cabinet", "energy")
    kept(later, name, counter(10.0), 3)
    whole = value(later, "iso37120-2018:7.6")
    assert whole.value == pytest.approx((10.0 * DAYS - 5.0) / 2.0)
    changed = [*counter(10.0, 500.0)[:4], *counter(10.0)[4:]]
    changed[4:] = [
        replace(day, first=n * 10.0, last=n * 10.0 + 5.0) for n, day in enumerate(changed[4:])
    ]
    kept(later, name, changed)
    assert value(later, "iso37120-2018:7.6").value == pytest.approx((35.0 + 35.0) / 2.0)


def test_a_counter_that_is_silent_at_an_end_is_no_sum(later: Register) -> None:
    """What it counted after its last reading nobody knows: below the gate it is NR."""
    asset(later, "cabinet", "light_cabinet", "energy", length_m=2_000.0)
    kept(later, channel("cabinet", "energy"), counter(10.0), 6, 7)
    found = value(later, "iso37120-2018:7.6")
    assert (found.status, found.value, found.coverage) == ("NR", None, 0.0)
    assert found.completeness == 0.75


def test_lamps_behind_a_cabinet_do_not_count_twice(later: Register) -> None:
    """7.6: kilowatt hours of cabinets by kilometre; power is summed up over its hours."""
    asset(later, "cabinet", "light_cabinet", "power", length_m=500.0)
    asset(later, "lamp", "street_light", "energy")
    kept(later, channel("cabinet", "power"), level(2.0))
    kept(later, channel("lamp", "energy"), counter(99.0))
    found = value(later, "iso37120-2018:7.6")
    assert found.value == pytest.approx(2.0 * 24 * DAYS / 0.5)
    assert (found.unit, found.assets) == ("kW.h/km", 1)


def test_water_for_each_person_by_the_days_there_are(later: Register) -> None:
    """23.5: litres a day and person, each meter by its own days; population is needed."""
    asset(later, "home", "household", "volume")
    asset(later, "hall", "public_building", "volume")
    kept(later, channel("home", "volume"), counter(0.4))
    kept(later, channel("hall", "volume"), counter(2.0))
    found = value(later, "iso37120-2018:23.5")
    assert found.value == pytest.approx(2_400.0 * 7.5 / 8 / 1_000)
    assert found.unit == "L/d"
    nobody = next(v for v in desk.values(later, NOW, {}) if v.indicator == "iso37120-2018:23.5")
    assert (nobody.status, nobody.reason) == ("NR", "population of the city is not known")


def waterworks(register: Register, supplied: float = 5.0) -> None:
    """Enter works that supply so many m3 a day to four homes that use one each."""
    asset(register, "works", "waterworks", "volume")
    kept(register, channel("works", "volume"), counter(supplied))
    for n in range(4):
        asset(register, f"home-{n}", "household", "volume")
        kept(register, channel(f"home-{n}", "volume"), counter(1.0))


def test_water_loss_in_percent_and_by_connection(later: Register) -> None:
    """23.7 and our own beside it: the same loss, once of what was supplied."""
    waterworks(later)
    percent = value(later, "iso37120-2018:23.7")
    assert percent.value == pytest.approx(20.0)
    each = value(later, "lamppost-1:water_loss_per_connection")
    assert each.value == pytest.approx(1_000.0 * 7.5 / 8 / 4)
    assert (percent.unit, each.unit) == ("%", "L/d")


def test_a_missing_meter_is_no_loss_and_a_wrong_one_no_gain(later: Register) -> None:
    """Below the gate nothing is reported, nor when more was used than supplied."""
    asset(later, "home", "household")
    nothing = value(later, "iso37120-2018:23.7")
    assert nothing.reason == "no assets on record of what is supplied"
    with later.database.writing() as connection:
        connection.execute(text("UPDATE asset SET valid_to_ms = valid_from_ms"))
    waterworks(later, 3.0)
    wrong = value(later, "iso37120-2018:23.7")
    assert (wrong.status, wrong.value) == ("NR", None)
    assert "a meter errs" in wrong.reason
    asset(later, "home-x", "household")
    missing = value(later, "iso37120-2018:23.7")
    assert "80% of the assets are metered" in missing.reason


def test_air_in_micrograms_from_parts_per_billion(later: Register) -> None:
    """8.5: 1 ppb of NO2 is 1.9 ug/m3; stations by their means, each as one."""
    asset(later, "mast-1", "air_mast", "no2", unit="[ppb]")
    asset(later, "mast-2", "air_mast", "gas/no2")
    asset(later, "mast-3", "air_mast", "gas/so2")
    kept(later, channel("mast-1", "no2"), level(10.0))
    kept(later, channel("mast-2", "no2"), level(25.0))
    kept(later, channel("mast-3", "so2"), level(99.0))
    found = value(later, "iso37120-2018:8.5")
    assert found.value == pytest.approx((19.0 + 25.0) / 2)
    assert (found.unit, found.coverage) == ("ug/m3", 1.0)
    assert found.quality == "estimation on assumptions"


def test_a_station_needs_three_quarters_of_its_daily_means(later: Register) -> None:
    """8.1: six of eight days are enough, five are not; a day needs as much of its minutes."""
    asset(later, "mast-1", "air_mast", "particulates/pm2.5")
    asset(later, "mast-2", "air_mast", "pm25")
    kept(later, channel("mast-1", "pm2.5"), level(8.0), 0, 1)
    thin = [*level(99.0)[:5], *level(99.0, minutes=1_079)[5:]]
    kept(later, channel("mast-2", "pm25"), thin)
    found = value(later, "iso37120-2018:8.1")
    assert (found.value, found.coverage) == (8.0, 0.5)
    assert found.completeness == pytest.approx((6 + 5) / 16)


def test_a_reference_is_not_averaged_with_hints(later: Register) -> None:
    """Indicative sensors give a value only where there is no reference."""
    for one, mean in (("mast-1", 8.0), ("mast-2", 30.0)):
        asset(later, one, "air_mast", "pm25")
        kept(later, channel(one, "pm25"), level(mean))
    assert value(later, "iso37120-2018:8.1").value == 19.0
    later.rate(channel("mast-1", "pm25"), "ada", None, "reference")
    found = value(later, "iso37120-2018:8.1")
    assert (found.value, found.denominator) == (8.0, 1.0)
    assert found.quality == "accurate measurements"


def test_an_overdue_calibration_makes_an_estimate(later: Register) -> None:
    """What should have been calibrated before the end is not accurate."""
    asset(later, "cabinet", "light_cabinet", "energy", length_m=2_000.0)
    kept(later, channel("cabinet", "energy"), counter(10.0))
    later.calibrate(channel("cabinet", "energy"), "ada", MONTH_MS, MONTH_MS + DAY_MS)
    assert value(later, "iso37120-2018:7.6").quality == "estimation on assumptions"


@pytest.mark.parametrize("provenance", ["forecast", "gap_filled"])
def test_what_was_not_measured_never_counts(later: Register, provenance: str) -> None:
    """A day that was forecast or filled in is no day."""
    asset(later, "cabinet", "light_cabinet", "energy", length_m=2_000.0)
    kept(later, channel("cabinet", "energy"), counter(10.0))
    with later.database.writing() as connection:
        connection.execute(channel_day.update().values(provenance=provenance))
    found = value(later, "iso37120-2018:7.6")
    assert (found.status, found.value, found.completeness) == ("NR", None, 0.0)


def test_a_made_up_meter_is_no_evidence(later: Register) -> None:
    """It has a value, which says what it is."""
    asset(
        later, "cabinet", "light_cabinet", "energy",
        length_m=2_000.0, external_ids={"demo": "made up"},
    )  # fmt: skip
    kept(later, channel("cabinet", "energy"), counter(10.0))
    with later.database.reading() as connection:
        said = connection.execute(text("SELECT DISTINCT provenance FROM channel_day"))
        assert said.scalars().all() == ["synthetic"]
    assert value(later, "iso37120-2018:7.6").status == "synthetic"


def test_units_that_mean_nothing_here_are_no_amount(later: Register) -> None:
    """A meter in bars counts no kilowatt hours."""
    asset(later, "cabinet", "light_cabinet", "energy", unit="bar", length_m=2_000.0)
    kept(later, channel("cabinet", "energy"), counter(10.0))
    assert value(later, "iso37120-2018:7.6").status == "NR"


@pytest.mark.parametrize(
    "one", ["iso37120-2018:23.7", "iso37120-2018:8.1", "iso37120-2018:23.5"]
)
def test_packs_of_readings_hold_by_themselves(
    later: Register, tmp_path: Path, one: str
) -> None:
    """The value and its lineage follow from what is in the pack."""
    waterworks(later)
    asset(later, "mast-1", "air_mast", "pm25")
    kept(later, channel("mast-1", "pm25"), level(1 / 3))
    out = tmp_path / "pack.zip"
    made = make(later, known(one), NOW, FACTS, out, "ada")
    checked = verify(out)
    assert made.value is not None
    assert (checked.faults, checked.lineage) == ((), made.lineage)


def test_the_lineage_follows_the_readings(later: Register) -> None:
    """Another day of one channel, another hash."""
    waterworks(later)
    before = value(later, "iso37120-2018:23.7")
    assert value(later, "iso37120-2018:23.7").lineage == before.lineage
    kept(later, channel("home-1", "volume"), [Day(1_440, rise=0.6, first=0.0, last=0.5)])
    assert value(later, "iso37120-2018:23.7").lineage != before.lineage


def test_water_counts_and_not_works(later: Register) -> None:
    """23.1: three quarters of the water are watched, though that is one works of two."""
    asset(later, "large", "waterworks", "volume", "turbidity")
    asset(later, "small", "waterworks", "volume")
    kept(later, channel("large", "volume"), counter(75.0))
    kept(later, channel("small", "volume"), counter(25.0))
    found = value(later, "iso37122-2019:23.1")
    assert found.value == pytest.approx(75.0)
    assert (found.unit, found.coverage, found.status) == ("%", 1.0, "measured")
    asset(later, "dry", "waterworks", "ph")
    missing = value(later, "iso37122-2019:23.1")
    assert (missing.status, missing.value) == ("NR", None)
    assert "67% of the assets are metered" in missing.reason


def test_the_heat_of_a_city_needs_both_sides(later: Register) -> None:
    """UHI: the mean of roofs less that of fields; without a field it is not reported."""
    for one, kind, mean in (("r1", "urban", 21.0), ("r2", "urban", 23.0), ("f", "rural", 19.5)):
        asset(later, one, f"{kind}_weather_station", "temperature", unit="Cel")
        if kind == "urban":
            kept(later, channel(one, "temperature"), level(mean))
    nothing = value(later, "iso37123-2019:8.1")
    assert (nothing.status, nothing.coverage) == ("NR", 0.0)
    assert "no rural_weather_station tells temperature on 75% of the days" in nothing.reason
    kept(later, channel("f", "temperature"), level(19.5))
    asset(later, "pump", "pump", "temperature", unit="Cel")
    kept(later, channel("pump", "temperature"), level(60.0))
    found = value(later, "iso37123-2019:8.1")
    assert found.value == pytest.approx(2.5)
    assert (found.unit, found.status, found.assets) == ("K", "measured", 3)


@pytest.mark.parametrize("one", ["iso37122-2019:23.1", "iso37123-2019:8.1"])
def test_their_packs_hold(later: Register, tmp_path: Path, one: str) -> None:
    """The arithmetic of the pack is that of the engine."""
    asset(later, "works", "waterworks", "volume", "ph")
    kept(later, channel("works", "volume"), counter(75.0))
    for name, kind in (("roof", "urban"), ("field", "rural")):
        asset(later, name, f"{kind}_weather_station", "temperature", unit="Cel")
        kept(later, channel(name, "temperature"), level(15.0))
    out = tmp_path / "pack.zip"
    assert make(later, known(one), NOW, FACTS, out, "ada").value is not None
    assert verify(out).faults == ()
