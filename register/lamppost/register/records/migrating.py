"""Brings a database to the tables this version works with."""

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from lamppost.register.records.database import Database

STEPS = Path(__file__).parent / "migrations"


class MigrationError(RuntimeError):
    """The database cannot be brought to this version."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """What a migration did.

    Attributes:
        before: The step the database was at; None when it was empty.
        after: The step it is at.
    """

    before: str | None
    after: str


def migrate(database: Database, steps: Path = STEPS) -> Migrated:
    """Run the steps that are missing: all of them, or none when one fails.

    Two programs that start at once wait for each other; the second finds nothing to do.

    Raises:
        MigrationError: the database is of a newer version, or holds foreign tables.
    """
    config = Config()
    config.set_main_option("script_location", str(steps).replace("%", "%%"))
    script = ScriptDirectory.from_config(config)
    newest = script.get_current_head()
    if newest is None:
        raise MigrationError(f"{steps} holds no steps")
    with database.writing() as connection:
        before = MigrationContext.configure(connection).get_current_revision()
        known = {step.revision for step in script.walk_revisions()}
        if before is not None and before not in known:
            raise MigrationError(
                f"{database.address}: came step {before!r}, allowed: up to {newest!r}; "
                "a newer Lamppost has worked on it"
            )
        if before is None and "asset" in inspect(connection).get_table_names():
            raise MigrationError(
                f"{database.address}: has a table 'asset' that no step of ours has made"
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return Migrated(before, newest)
