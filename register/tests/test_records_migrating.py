"""Bringing a database to the tables this version works with."""

import shutil
import threading
from dataclasses import fields
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from lamppost.register.days.tables import channel_day, node_day, node_grade
from lamppost.register.records.audit import Change, append, verify
from lamppost.register.records.database import Database
from lamppost.register.records.migrating import STEPS, MigrationError, migrate
from lamppost.register.records.reading import KINDS
from lamppost.register.records.store import Register
from lamppost.register.records.tables import audit
from lamppost.register.records.values import Entry

HEAD = ScriptDirectory(STEPS).get_current_head()
metadata = audit.metadata
OBSERVED = (channel_day, node_day, node_grade)
"""Tables that are no records, so that nothing else here would bring them in."""

BROKEN = '''"""A step that fails half way."""
import sqlalchemy as sa
from alembic import op
revision, down_revision = "9998", "HEAD"
def upgrade():
    op.create_table("half", sa.Column("id", sa.Text, primary_key=True))
    op.execute("INSERT INTO half VALUES ('x')")
    op.execute("INSERT INTO nowhere VALUES (1)")
'''


def tables(database: Database) -> set[str]:
    """Return the names of the tables there are."""
    with database.reading() as connection:
        return set(inspect(connection).get_table_names())


def test_an_empty_database_gets_every_table_once(any_register: Register) -> None:
    """The first run makes everything, the next finds nothing to do."""
    made = tables(any_register.database)
    assert made == {*metadata.tables, "alembic_version"}
    assert {one.name for one in OBSERVED} <= made
    again = any_register.migrate()
    assert again.before == again.after


def test_the_steps_make_what_the_tables_say(any_register: Register) -> None:
    """Steps and tables cannot drift apart unseen."""
    with any_register.database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("kind", KINDS)
def test_values_have_a_field_for_each_column(kind: str) -> None:
    """What is kept is also shown."""
    shown = {field.name for field in fields(KINDS[kind].value)}
    assert shown == set(KINDS[kind].table.columns.keys())
    assert {field.name for field in fields(Entry)} == set(audit.columns.keys())


def test_a_step_that_fails_leaves_nothing_behind(register: Register, tmp_path: Path) -> None:
    """Half a step would be a database that no version can read."""
    steps = tmp_path / "steps"
    shutil.copytree(STEPS, steps, ignore=shutil.ignore_patterns("__pycache__"))
    (steps / "versions" / "r9998_broken.py").write_text(BROKEN.replace("HEAD", str(HEAD)))
    before = tables(register.database)
    with pytest.raises(Exception, match="nowhere"):
        migrate(register.database, steps)
    assert tables(register.database) == before
    assert register.migrate().before == HEAD


def test_days_of_load_become_days_of_channels(tmp_path: Path) -> None:
    """What was kept stays, what is made up says so, and the trail of old records holds."""
    steps = tmp_path / "steps"
    shutil.copytree(STEPS, steps, ignore=shutil.ignore_patterns("__pycache__"))
    for file in (steps / "versions").glob("r*.py"):
        if file.name > "r0006":
            file.unlink()
    held = Register("sqlite:old.db", tmp_path)
    migrate(held.database, steps)
    with held.database.writing() as connection:
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        _node_of_before(connection)
        for one, ids in (("real", "{}"), ("made-up", '{"demo": "made up"}')):
            _channel_of_before(connection, one, ids)
        row = dict(connection.execute(text("SELECT * FROM channel")).mappings().first() or {})
        row["unit_ok"] = True
        append(connection, "births", 1, [Change("create", "channel", row["id"], None, row)])
    held.migrate()
    with held.database.reading() as connection:
        days = connection.execute(
            text("SELECT channel, provenance, mean, rise, flags FROM channel_day ORDER BY 1")
        ).all()
        named = [fault.told for fault in verify(connection).faults]
    held.close()
    assert days == [
        ("g/n/d/made-up", "synthetic", 2.0, 5.0, "{}"),
        ("g/n/d/real", "measured", 2.0, 5.0, "{}"),
    ]
    assert "channel 'g/n/d/real' is not what its last entry says" not in named
    assert "channel 'g/n/d/made-up' has no entry" in named


KEPT = {"created_ms": 1, "updated_ms": 1, "valid_from_ms": 1, "valid_to_ms": None}


def _node_of_before(connection: Connection) -> None:
    """Enter a node with a device."""
    birth = {"name": "n", "last_birth_ms": 1, **KEPT}
    _insert(connection, "node", id="g/n", group="g", version="", acks=False, **birth)
    _insert(connection, "device", id="g/n/d", node="g/n", **birth)


def _channel_of_before(connection: Connection, name: str, external_ids: str) -> None:
    """Enter a channel of an asset, linked, with a day of load."""
    channel = f"g/n/d/{name}"
    told = {"name": name, "asset_class": "pump", "external_ids": external_ids}
    _insert(connection, "asset", id=name, **told, **KEPT)
    told = {"device": "g/n/d", "metric": name, "datatype": "double", "channel_class": ""}
    _insert(connection, "channel", id=channel, unit="L/s", unit_ok=True, **told, **KEPT)
    told = {"asset": name, "role": "state", "asserted_by": "ada"}
    _insert(connection, "link", id=name, channel=channel, **told, **KEPT)
    load = {"mean": 2.0, "p95": 3.0, "p99": 3.0, "peak": 4.0, "rise": 5.0}
    counts = {"day_ms": 0, "unit": "L/s", "minutes": 1_440, "flagged": 3}
    _insert(connection, "load_day", channel=channel, **counts, **load)


def _insert(connection: Connection, table: str, **row: object) -> None:
    columns = ", ".join(f'"{name}"' for name in row)
    values = ", ".join(f":{name}" for name in row)
    connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), row)  # noqa: S608 - names of ours


def test_two_programs_that_start_at_once_wait_for_each_other(tmp_path: Path) -> None:
    """Aggregator and command line may meet on a new database."""
    done, failed = [], []

    def start() -> None:
        held = Register("sqlite:register.db", tmp_path)
        try:
            done.append(held.migrate())
        except Exception as error:  # noqa: BLE001 - told by the assertion below
            failed.append(error)
        finally:
            held.close()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert sorted(str(one.before) for one in done) == [*[str(HEAD)] * 3, "None"]


def test_a_database_of_a_newer_version_is_left_alone(register: Register) -> None:
    """An old program must not write into tables it does not know."""
    with register.database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(MigrationError, match=f"came step '9999', allowed: up to '{HEAD}'"):
        register.migrate()


def test_a_foreign_database_is_left_alone(tmp_path: Path) -> None:
    """A table of that name that is not ours is not taken over."""
    held = Register("sqlite:other.db", tmp_path)
    with held.database.writing() as connection:
        connection.execute(text("CREATE TABLE asset (id TEXT)"))
    with pytest.raises(MigrationError, match="has a table 'asset'"):
        held.migrate()
    assert tables(held.database) == {"asset"}
    held.close()
