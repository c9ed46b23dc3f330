"""What all tables share: one schema, and the columns that every record has."""

from typing import Any

from sqlalchemy import BigInteger, Column, MetaData, Text

ID_CHARS_MAX = 512
"""PostgreSQL indexes at most 2,704 bytes; four bytes a character stay below that."""

ADDED = {"added": True}
"""Of a column that came after records had entries in the audit trail; see `tables.entered`."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)


def kept() -> tuple[Column[Any], ...]:
    """Return the columns of `values.Kept`."""
    return (
        Column("id", Text, primary_key=True),
        Column("created_ms", BigInteger, nullable=False),
        Column("updated_ms", BigInteger, nullable=False),
        Column("valid_from_ms", BigInteger, nullable=False),
        Column("valid_to_ms", BigInteger),
    )
