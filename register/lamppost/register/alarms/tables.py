"""The table of alarms; a row is an incident as an operator meets it."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
)

from lamppost.register.records.base import kept, metadata

FOLLOWS = {"observed": True}
"""Follows the field while the alarm lasts; nobody's decision, so not in the audit trail."""

NEWEST = ("valid_from_ms", "id")
COUNTED = ("state", "priority")
"""Two short columns at the end of an index, so that what is asked for most often together is
counted there: reading 250,000 alarms from the table to look at their state takes 0.2 s."""

alarm = Table(
    "alarm",
    metadata,
    *kept(),
    Column("version", Integer, nullable=False),
    Column("source", Text, nullable=False),
    Column("asset", Text, ForeignKey("asset.id")),
    Column("asset_class", Text),
    Column("district", Text),
    Column("alarm_class", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("acked", Boolean, nullable=False),
    Column("hold", Text),
    Column("hold_until_ms", BigInteger),
    Column("hold_reason", Text),
    Column("hold_by", Text),
    Column("acknowledged_ms", BigInteger),
    Column("acknowledged_by", Text),
    Column("returned_ms", BigInteger),
    Column("assignee", Text),
    Column("escalation", Integer, nullable=False),
    Column("escalated_ms", BigInteger),
    Column("verdict", Text),
    Column("verdict_by", Text),
    Column("verdict_note", Text),
    Column("severity", Double, nullable=False, info=FOLLOWS),
    Column("criticality", Integer, info=FOLLOWS),
    Column("confidence", Double, nullable=False, info=FOLLOWS),
    Column("score", Double, nullable=False, info=FOLLOWS),
    Column("priority", Integer, nullable=False, info=FOLLOWS),
    Column("reason", Text, nullable=False, info=FOLLOWS),
    Column("channels", JSON, nullable=False, info=FOLLOWS),
    Index("ix_alarm_newest", *NEWEST),
    Index("ix_alarm_open", "valid_to_ms", *NEWEST),
    Index("ix_alarm_source", "source", *NEWEST),
    Index("ix_alarm_asset", "asset", *NEWEST),
    Index("ix_alarm_assignee", "assignee", *NEWEST),
    Index("ix_alarm_state", "state", *NEWEST, "priority"),
    Index("ix_alarm_priority", "priority", *NEWEST, "state"),
    Index("ix_alarm_class", "alarm_class", *NEWEST, *COUNTED),
    Index("ix_alarm_kind", "kind", *NEWEST, *COUNTED, "alarm_class"),
    Index("ix_alarm_asset_class", "asset_class", *NEWEST, *COUNTED),
    Index("ix_alarm_district", "district", *NEWEST, *COUNTED),
    Index("ix_alarm_district_class", "district", "alarm_class", *NEWEST, *COUNTED),
    Index("ix_alarm_judged", "verdict", *NEWEST, *COUNTED),
    Index("ix_alarm_verdict", "verdict", "alarm_class", "kind"),
)

escalation = Table(
    "escalation",
    metadata,
    *kept(),
    Column("priority", Integer, nullable=False),
    Column("after_ms", BigInteger),
    Column("tell", JSON, nullable=False),
)
"""What people decided of a priority; without a row, what is built in holds."""
