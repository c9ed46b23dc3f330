"""The tables of this room: what was observed, day by day.

They are made anew from readings and books whenever those change, so they have no audit trail.
`provenance` is part of the key: what was measured, made up, filled in or forecast never shares
a row, and only "measured" is evidence.
"""

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

from lamppost.register.days.quality import PARTS
from lamppost.register.records.base import metadata

MEASURED, SYNTHETIC = "measured", "synthetic"
OBSERVED = (MEASURED, SYNTHETIC)
"""A channel has one row a day of these at most: it was read, here or in a made-up city."""

PROVENANCES = (*OBSERVED, "gap_filled", "forecast")

channel_day = Table(
    "channel_day",
    metadata,
    Column("channel", Text, ForeignKey("channel.id"), primary_key=True),
    Column("day_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("provenance", Text, primary_key=True),
    Column("unit", Text, nullable=False),
    Column("expected", Integer, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("flagged", Integer, nullable=False),
    Column("late", Integer, nullable=False),
    Column("gaps", Integer, nullable=False),
    Column("falls", Integer, nullable=False),
    Column("flags", JSON, nullable=False),
    *(
        Column(name, Double)
        for name in (
            *("mean", "low", "peak", "p95", "p99", "total", "rise", "integral_h"),
            *("first", "last", "score", *PARTS),
        )
    ),
    Column("node_stored", BigInteger),
    Column("revision", Integer, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Index(
        "ix_channel_day_day_ms_score_channel_provenance",
        "day_ms", "score", "channel", "provenance",
    ),
    Index("ix_channel_day_made_ms", "made_ms"),
)  # fmt: skip

node_grade = Table(
    "node_grade",
    metadata,
    Column("node", Text, primary_key=True),
    Column("day_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("streams", Integer, nullable=False),
    Column("silent", Integer, nullable=False),
    Column("score", Double, nullable=False),
    *(Column(name, Double) for name in PARTS),
    Index("ix_node_grade_day_ms_score", "day_ms", "score"),
)

node_day = Table(
    "node_day",
    metadata,
    Column("node", Text, primary_key=True),
    Column("day_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("taken", BigInteger, nullable=False),
    Column("stored", BigInteger, nullable=False),
    Column("evicted", BigInteger, nullable=False),
    Column("in_flight", BigInteger, nullable=False),
    Column("lost", BigInteger, nullable=False),
    Column("duplicates", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("made_of", BigInteger, nullable=False),
    Index("ix_node_day_day_ms", "day_ms"),
)
