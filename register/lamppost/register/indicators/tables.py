"""The tables of this room: values as they were kept, and the packs that were made of them."""

from sqlalchemy import BigInteger, Column, Double, Index, Integer, Table, Text

from lamppost.register.records.base import kept, metadata

indicator_value = Table(
    "indicator_value",
    metadata,
    *kept(),
    Column("version", Integer, nullable=False),
    Column("indicator", Text, nullable=False, index=True),
    Column("period", Text, nullable=False, index=True),
    Column("from_ms", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("value", Double),
    Column("numerator", Double),
    Column("denominator", Double),
    Column("coverage", Double, nullable=False),
    Column("completeness", Double, nullable=False),
    Column("assets", Integer, nullable=False),
    Column("quality", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("formula", Text, nullable=False),
    Column("lineage", Text, nullable=False),
    Index("ix_indicator_value_updated_ms", "updated_ms"),
)

evidence_pack = Table(
    "evidence_pack",
    metadata,
    *kept(),
    Column("indicator", Text, nullable=False, index=True),
    Column("period", Text, nullable=False, index=True),
    Column("status", Text, nullable=False),
    Column("lineage", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
)

indicator_signoff = Table(
    "indicator_signoff",
    metadata,
    *kept(),
    Column("indicator", Text, nullable=False, index=True),
    Column("period", Text, nullable=False),
    Column("lineage", Text, nullable=False),
    Column("part", Text, nullable=False),
    Column("signed_by", Text, nullable=False),
    Column("note", Text),
)
