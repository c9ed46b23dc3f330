"""Bringing a database to the tables this version works with."""

import shutil
import threading
from dataclasses import fields
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from lamppost.register.records.database import Database
from lamppost.register.records.migrating import STEPS, MigrationError, migrate
from lamppost.register.records.reading import KINDS
from lamppost.register.records.store import Register
from lamppost.register.records.tables import audit
from lamppost.register.records.values import Entry

HEAD = ScriptDirectory(STEPS).get_current_head()
metadata = audit.metadata

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
    assert tables(any_register.database) == {*metadata.tables, "alembic_version"}
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
        thread.join(30)
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
