"""Whether the register has its tables; the intake makes them soon after the first start."""

from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError

from lamppost.register.alarms.tables import alarm
from lamppost.register.records.database import Database


def has_tables(database: Database) -> bool:
    """Return whether there is anything to ask; all tables are made at once."""
    try:
        with database.reading() as connection:
            return inspect(connection).has_table(alarm.name)
    except SQLAlchemyError:
        return False
