"""The made-up city."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from lamppost.register.alarms.tables import alarm
from lamppost.register.condition.coverage import coverage, gaps
from lamppost.register.condition.next import what_next
from lamppost.register.condition.tables import forecast
from lamppost.register.records.assetfields import incomplete
from lamppost.register.records.geometry import checked
from lamppost.register.records.links import RefusedError
from lamppost.register.records.reading import Wanted
from lamppost.register.records.store import Register
from lamppost.register.resources.tables import resource
from lamppost.register.seed.parts import PARTS
from lamppost.register.seed.seeding import Seeding, seed_city

from .registers import T0, Clock, opened
from .test_exports import table_of


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
    assert {"alarm", "gap", "capacity"} <= kinds


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
