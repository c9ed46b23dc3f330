"""What the register tells dashboards."""

from pathlib import Path

import pytest

from lamppost.register.condition import desk
from lamppost.register.days.day import DAY_MS
from lamppost.register.publish.publisher import Publisher
from lamppost.register.publish.rows import HOUR_MS, MINUTE_MS, Row
from lamppost.register.records.store import Register
from lamppost.register.seed.parts import PARTS
from lamppost.register.seed.seeding import Seeding, seed_city
from lamppost.wire.series import FieldType

from .registers import T0, Clock, opened
from .test_condition import view

TYPES = {FieldType.FLOAT: (float, int), FieldType.INTEGER: int, FieldType.STRING: str}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Register:
    """A made-up city whose conditions were found."""
    register = opened(tmp_path_factory.mktemp("city"))
    seed_city(Seeding(register, T0, 64), PARTS, lambda _: None)
    with register.database.reading() as connection:
        told = desk.conditions(connection, view(T0), T0)
    with register.database.writing() as connection:
        desk.keep_conditions(connection, told, T0)
    return register


def named(rows: tuple[Row, ...], name: str) -> list[Row]:
    """Return the rows of a measurement."""
    return [row for row in rows if row.measurement.name == name]


def test_every_row_fits_the_schema(city: Register) -> None:
    """Names and types are those of the wire; a wrong one would be refused by the database."""
    rows = Publisher(city).due(T0)
    assert {row.measurement.name for row in rows} == {
        "asset_state", "alarm_system", "capacity", "resource_use", "quality", "indicator",
    }  # fmt: skip
    for row in rows:
        types = {field.name: field.type for field in row.measurement.fields}
        assert set(row.tags) <= set(row.measurement.tags)
        for name, value in row.fields.items():
            assert value is None or isinstance(value, TYPES[types[name]]), name  # type: ignore[arg-type]


def test_headroom_and_its_end_are_told_for_yesterday(city: Register) -> None:
    """At the day they tell of, in percent; the end is a field of its own."""
    rows = named(Publisher(city).due(T0), "capacity")
    assert {row.time_ms for row in rows} == {T0 // DAY_MS * DAY_MS - DAY_MS}
    first = next(row for row in rows if row.tags["asset"] == "pump-2-1")
    used, capacity = first.fields["used"], first.fields["capacity"]
    assert isinstance(used, float)
    assert isinstance(capacity, float)
    assert first.fields["headroom_pct"] == pytest.approx(100 - 100 * used / capacity)
    ends = [row.fields["days_left"] for row in rows if row.fields.get("days_left") is not None]
    assert ends
    assert all(isinstance(one, float) and one >= 0 for one in ends)


def test_rows_are_given_when_they_are_due(city: Register) -> None:
    """Conditions once until they change, the alarm system each minute, days each hour."""
    publisher = Publisher(city)
    assert len(named(publisher.due(T0), "asset_state")) == 62  # counters have no grade
    assert publisher.due(T0 + 1) == ()
    minute = publisher.due(T0 + MINUTE_MS)
    assert {row.measurement.name for row in minute} == {"alarm_system"}
    hour = {row.measurement.name for row in publisher.due(T0 + HOUR_MS)}
    assert hour == {"alarm_system", "capacity", "resource_use"}


def test_without_a_database_nothing_is_told(tmp_path: Path) -> None:
    """Dashboards must not stop the drain."""
    register = Register("sqlite:register.db", tmp_path, Clock())
    assert Publisher(register).due(T0) == ()
    register.close()
