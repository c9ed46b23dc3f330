"""The tables of data resources, and of what flows between them."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Double, Index, Integer, Table, Text

from lamppost.register.records.base import kept, metadata

resource = Table(
    "resource",
    metadata,
    *kept(),
    Column("version", Integer, nullable=False),
    Column("kind", Text, nullable=False, index=True),
    Column("about", Text, index=True),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("owner", Text, index=True),
    Column("steward", Text, index=True),
    Column("contact", Text),
    Column("licence", Text),
    Column("access", Text, nullable=False),
    Column("personal_data", Boolean),
    Column("purpose", Text),
    Column("legal_basis", Text),
    Column("retention_days", Integer),
    Column("recipients", JSON, nullable=False),
    Column("support_end_on", Text),
    Column("cost_year", Double),
    Column("currency", Text),
    Column("contract_end_on", Text),
    Column("endpoint_url", Text),
    Column("media_type", Text),
    Column("conforms_to", Text),
    Column("keywords", JSON, nullable=False),
    Column("provenance", Text),
    Column("gathers_class", Text),
    Column("gathers_group", Text),
    Column("review_due_on", Text, index=True),
    Column("attested_ms", BigInteger),
    Column("attested_by", Text),
    Column("review_note", Text, info={"added": True}),
)

flow = Table(
    "flow",
    metadata,
    *kept(),
    Column("source_kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("target_kind", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("asserted_by", Text, nullable=False),
    Index("ix_flow_source", "source_kind", "source"),
    Index("ix_flow_target", "target_kind", "target"),
)
"""Its ends are of several tables, so no foreign key holds them; `deciding` looks."""
