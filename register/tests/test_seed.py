"""The made-up city."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from lamppost.register.alarms.tables import alarm
from lamppost.register.condition.coverage import coverage, gaps
from lamppost.register.condition.next import what_next
from lamppost.register.condition.tables import asset_condition, forecast
from lamppost.register.condition.use import used
from lamppost.register.days.day import DAY_MS
from lamppost.register.indicators.definitions import CITY_FILE, definitions
from lamppost.register.indicators.records import VALUES
from lamppost.register.indicators.signing import SIGNOFFS
from lamppost.register.records.assetfields import incomplete
from lamppost.register.records.commissioning import HEARD_MS
from lamppost.register.records.geometry import checked
from lamppost.register.records.links import RefusedError
from lamppost.register.records.reading import Wanted, page
from lamppost.register.records.store import Register
from lamppost.register.resources.latest import latest
from lamppost.register.resources.reading import alike
from lamppost.register.resources.tables import resource
from lamppost.register.seed.indicators import facts_of_the_city
from lamppost.register.seed.parts import PARTS
from lamppost.register.seed.seeding import Seeding, seed_city

from .registers import T0, Clock, opened
from .test_exports import table_of, whole


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Register:
    """Three blocks of it."""
    register = opened(tmp_path_factory.mktemp("city"))
    seed_city(Seeding(register, T0, 96), PARTS, lambda _: None)
    return register


def test_every_room_has_something_to_show(city: Register) -> None:
    """Assets, gaps, forecasts, open and ended alarms, and something to do next."""
    with city.database.reading() as connection:
        (whole,) = coverage(connection)
        assert whole.assets == 96
        assert 0 < whole.by_count < whole.by_criticality < 1
        assert gaps(connection, 1, None, None)[0] > 0
        states = set(connection.execute(select(alarm.c.state)).scalars())
        assert {"normal", "unacknowledged"} <= states
        assert connection.execute(select(func.count()).select_from(forecast)).scalar_one() > 0
        kinds = {one.kind for one in what_next(connection, T0, 200)}
    assert {"alarm", "gap", "capacity", "calibration"} <= kinds


def test_what_is_seeded_would_pass_an_import(city: Register) -> None:
    """Made up, but not sloppy: complete capacities, real geometries, a trail that holds."""
    assets = city.page("assets", Wanted({}, limit=1_000)).items
    for one in assets:
        told = {"asset_class": one.asset_class, "id": one.id, "name": one.name}
        told |= {name: getattr(one, name) for name in ("capacity", "capacity_unit")}
        assert incomplete({**told, "capacity_basis": one.capacity_basis}) == []
        assert checked(one.geometry) == one.geometry
        assert one.external_ids == {"demo": "made up"}
    assert city.verify_audit().faults == ()


def test_devices_were_handed_over_each_in_its_way(city: Register) -> None:
    """With a reference, a reading only, or without data; links and calibrations follow."""
    records = city.page("commissionings", Wanted({}, limit=1_000)).items
    assert len({one.asset for one in records}) == 11, "pumps, masts and clinics of three blocks"
    checks = [check for one in records for check in one.checks]
    assert {check["passed"] for check in checks} == {True}
    assert {check["reference"] is None for check in checks} == {True, False}
    silent = [one for one in records if one.without_data]
    assert {one.asset for one in silent} == {"clinic-1", "clinic-2", "clinic-3"}
    assert all(one.heard_ms < one.valid_from_ms - HEARD_MS for one in silent)
    assert all(one.heard_ms == one.valid_from_ms for one in records if one not in silent)
    (flow,) = [one for one in records if (one.asset, one.role) == ("pump-1-1", "capacity_use")]
    (link,) = city.page("links", Wanted({"channel": flow.channels[0]})).items
    assert (link.asset, link.commissioning, link.asserted_by) == (
        "pump-1-1", flow.id, flow.commissioned_by,
    )  # fmt: skip
    channel = city.one("channels", flow.channels[0])
    assert (channel.calibrated_ms, channel.certificate) == (flow.valid_from_ms, flow.id)
    assert channel.calibration_due_ms < T0, "and it is to be done again"
    assert city.page("links", Wanted({"asset": "pump-1-1"})).total == 5, "each once"


def test_targets_are_of_the_whole_class(town: Register) -> None:
    """So that what is used a day is near them, and one is missed and one is met."""
    with town.database.reading() as connection:
        found = [
            one
            for resource in ("energy", "water")
            for one in used(connection, resource, "class", T0 - 8 * DAY_MS, T0 - DAY_MS)
            if one.goal is not None
        ]
    assert [one.part for one in found] == ["public_building", "public_building"]
    assert all(one.goal is not None and 0.8 < one.per_day / one.goal < 1.2 for one in found)


def test_the_same_size_makes_the_same_city(city: Register, tmp_path: Path) -> None:
    """So that two people talk about the same alarms."""
    other = opened(tmp_path, Clock())
    seed_city(Seeding(other, T0, 96), PARTS, lambda _: None)
    assert other.verify_audit().head == city.verify_audit().head
    other.close()


def test_a_real_city_is_left_alone(city: Register) -> None:
    """Made-up assets among real ones would never be found again."""
    before = city.verify_audit().head
    with pytest.raises(RefusedError, match="came a register with 96 assets"):
        seed_city(Seeding(city, T0), PARTS, lambda _: None)
    assert city.verify_audit().head == before


def test_no_made_up_data_says_that_it_was_measured(city: Register) -> None:
    """Datasets and streams of the made-up city are synthetic, whoever exports them."""
    with city.database.reading() as connection:
        asked = select(resource.c.provenance).where(resource.c.kind.in_(("dataset", "stream")))
        assert set(connection.execute(asked).scalars()) == {"synthetic"}


def test_what_people_decide_is_in_tables_for_an_auditor(city: Register) -> None:
    """Alarms, work, requirements, targets and the map; what is assumed says so in each row."""
    shown = ("alarms", "work-orders", "requirements", "targets", "resources", "flows")
    rows = {name: table_of(city, name) for name in (*shown, "forecasts")}
    assert all(rows.values())
    assert {one["state"] for one in rows["alarms"]} >= {"normal", "unacknowledged"}
    assert {one["kind"] for one in rows["forecasts"]} == {"assumption"}
    assert all("severity" in one["arithmetic"] for one in rows["work-orders"])


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Register]:
    """A city that is large enough for a town."""
    register = opened(tmp_path_factory.mktemp("town"))
    seed_city(Seeding(register, T0, 160), PARTS, lambda _: None)
    yield register
    register.close()


def test_every_indicator_has_a_value_that_says_it_is_made_up(town: Register) -> None:
    """Nothing is NR that a city could show; and nothing of it is evidence."""
    with town.database.reading() as connection:
        kept = page(connection, VALUES, Wanted({}, limit=1_000)).items
    assert {one.indicator for one in kept} == set(definitions())
    assert [(one.indicator, one.reason) for one in kept if one.status == "NR"] == []
    assert {one.status for one in kept} == {"synthetic"}
    by_id = {one.indicator: one.value for one in kept}
    assert 5 < by_id["iso37120-2018:23.7"] < 30, "a loss as waterworks have it"
    with town.database.reading() as connection:
        signed = page(connection, SIGNOFFS, Wanted({})).items
    assert {one.part: one.signed_by for one in signed} == {"owner": "dilara", "steward": "chen"}


def test_what_a_pilot_left_is_found_with_its_saving(town: Register) -> None:
    """Two instruments for one thing at one station, and nothing else that moves together."""
    pairs = alike(town, latest(town), 50.0).pairs
    sure = [one for one in pairs if one.correlation is not None]
    assert [(one.measurand, one.saving_year, one.currency) for one in sure] == [
        ("pm10", 240.0, "EUR")
    ]
    assert sure[0].correlation is not None
    assert sure[0].correlation > 0.9


def test_ngsi_ld_says_of_what_is_made_up_that_it_is(town: Register) -> None:
    """Indicators with their status and lineage, quality by stream, what is personal and not."""
    found = whole(town, "ngsi-ld")
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for one in found:
        by_kind.setdefault(one["type"], []).append(one)
    lamps = next(
        one
        for one in by_kind["KeyPerformanceIndicator"]
        if one["name"]["value"] == "iso37122-2019:7.6"
    )
    assert lamps["status"]["value"] == "synthetic"
    assert lamps["calculationPeriod"]["value"] == {"from": "2025-09-01", "to": "2025-09-30"}
    assert len(lamps["lineage"]["value"]) == 64
    graded = by_kind["DataQualityAssessment"]
    assert all(one["synthetic"]["value"] == {"isSynthetic": True} for one in graded)
    assert graded[0]["dataQualityAssessmentDomains"]["value"]["completeness"] == [1.0]
    assert {one["isPersonalData"]["value"] for one in by_kind["PrivacyObject"]} == {False}


def test_assets_have_conditions_and_a_file_of_facts_is_left_alone(town: Register) -> None:
    """A grade for what is watched or has a design life; the city's own facts are kept."""
    with town.database.reading() as connection:
        grades = set(connection.execute(select(asset_condition.c.grade)).scalars())
    assert {1, 2} <= grades
    path = town.data_dir / CITY_FILE
    path.write_text("population = 7\n", encoding="utf-8")
    facts_of_the_city(Seeding(town, T0))
    assert path.read_text(encoding="utf-8") == "population = 7\n"
