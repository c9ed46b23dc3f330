"""The table of work orders."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
)

from lamppost.register.records.base import kept, metadata

work_order = Table(
    "work_order",
    metadata,
    *kept(),
    Column("version", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("asset", Text, ForeignKey("asset.id")),
    Column("alarm", Text, ForeignKey("alarm.id"), index=True),
    Column("district", Text),
    Column("state", Text, nullable=False),
    Column("severity", Double, nullable=False),
    Column("criticality", Integer),
    Column("confidence", Double, nullable=False),
    Column("score", Double, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("arithmetic", Text, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("assignee", Text),
    Column("due_ms", BigInteger),
    Column("started_ms", BigInteger),
    Column("done_ms", BigInteger),
    Column("cause", Text),
    Column("action", Text),
    Column("closure", Text),
    Column("verified_ms", BigInteger),
    Column("verification", JSON(none_as_null=True)),
    Column("reopened", Integer, nullable=False),
    Index("ix_work_order_newest", "valid_from_ms", "id"),
    Index("ix_work_order_state", "state", "valid_from_ms", "id"),
    Index("ix_work_order_asset", "asset", "valid_from_ms", "id"),
    Index("ix_work_order_assignee", "assignee", "valid_from_ms", "id"),
)
