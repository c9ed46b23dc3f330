"""The tables of this room.

`requirement` and `target` are records: people decide them. `forecast` holds what is assumed of
days (`lamppost.register.days`) that were observed, `asset_condition` what follows from both;
they are computed anew from what they name, so they have no audit trail, and observations and
assumptions never share a table.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Integer,
    Table,
    Text,
)

from lamppost.register.records.base import kept, metadata

requirement = Table(
    "requirement",
    metadata,
    *kept(),
    Column("asset_class", Text, nullable=False, index=True),
    Column("measurand", Text, nullable=False),
    Column("why", Text, nullable=False),
)

target = Table(
    "target",
    metadata,
    *kept(),
    Column("scope", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("resource", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("baseline", Double, nullable=False),
    Column("goal", Double, nullable=False),
    Column("basis", Text, nullable=False),
)

forecast = Table(
    "forecast",
    metadata,
    Column("asset", Text, ForeignKey("asset.id"), primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("made_ms", BigInteger, nullable=False),
    Column("model", Text, nullable=False),
    Column("from_ms", BigInteger, nullable=False),
    Column("to_ms", BigInteger, nullable=False),
    Column("days", Integer, nullable=False),
    Column("limit_value", Double, nullable=False),
    Column("unit", Text, nullable=False),
    Column("runs_out_early_ms", BigInteger),
    Column("runs_out_ms", BigInteger, index=True),
    Column("runs_out_late_ms", BigInteger),
    Column("back_test", JSON, nullable=False),
    Column("first_day_ms", BigInteger, nullable=False),
    Column("p10", JSON, nullable=False),
    Column("p50", JSON, nullable=False),
    Column("p90", JSON, nullable=False),
    Column("told", Text, nullable=False),
)

asset_condition = Table(
    "asset_condition",
    metadata,
    Column("asset", Text, ForeignKey("asset.id"), primary_key=True),
    Column("time_ms", BigInteger, nullable=False),
    Column("grade", Integer, index=True),
    Column("status", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("confidence", Double, nullable=False),
    Column("measured_ms", BigInteger),
    Column("reason", Text, nullable=False),
)
