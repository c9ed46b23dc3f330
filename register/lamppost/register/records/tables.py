"""The tables behind `values`; column for field. Migrations make them, a test compares both."""

from collections.abc import Mapping
from typing import Any

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

from lamppost.register.access.tables import account, refusal, session, token
from lamppost.register.alarms.tables import alarm, escalation
from lamppost.register.condition.tables import requirement, target
from lamppost.register.indicators.tables import (
    evidence_pack,
    indicator_signoff,
    indicator_value,
)
from lamppost.register.records.base import ADDED, kept, metadata
from lamppost.register.resources.tables import flow, resource
from lamppost.register.work.tables import work_order

asset = Table(
    "asset",
    metadata,
    *kept(),
    Column("name", Text, nullable=False),
    Column("asset_class", Text, nullable=False, index=True),
    Column("parent", Text, ForeignKey("asset.id"), index=True),
    Column("geometry", JSON(none_as_null=True)),
    Column("owner", Text, index=True),
    Column("operator", Text),
    Column("district", Text, index=True),
    Column("criticality", Integer),
    Column("capacity", Double),
    Column("capacity_unit", Text),
    Column("capacity_basis", Text),
    Column("installed_on", Text),
    Column("design_life_years", Double),
    Column("external_ids", JSON, nullable=False),
    Column("length_m", Double),
    Column("population", BigInteger),
)

node = Table(
    "node",
    metadata,
    *kept(),
    Column("group", Text, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("acks", Boolean, nullable=False),
    Column("last_birth_ms", BigInteger, nullable=False, info={"observed": True}),
    Column("version_since_ms", BigInteger, info=ADDED),
)

device = Table(
    "device",
    metadata,
    *kept(),
    Column("node", Text, ForeignKey("node.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("last_birth_ms", BigInteger, nullable=False, info={"observed": True}),
)

channel = Table(
    "channel",
    metadata,
    *kept(),
    Column("device", Text, ForeignKey("device.id"), nullable=False, index=True),
    Column("metric", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("unit_ok", Boolean, nullable=False),
    Column("low", Double),
    Column("high", Double),
    Column("datatype", Text, nullable=False),
    Column("channel_class", Text, nullable=False),
    Column("heartbeat_ms", BigInteger),
    Column("calibrated_ms", BigInteger),
    Column("calibration_due_ms", BigInteger, index=True),
    Column("certificate", Text),
    Column("accuracy", Double, info=ADDED),
    Column("uncertainty_class", Text, index=True, info=ADDED),
    Column("rate_per_s", Double, info=ADDED),
    Column("declared_asset", Text, index=True, info=ADDED),
    Index("ix_channel_class", "channel_class", "id"),
)

stream = Table(
    "stream",
    metadata,
    *kept(),
    Column("channel", Text, ForeignKey("channel.id"), nullable=False, index=True),
    Column("unit", Text, nullable=False),
    Column("datatype", Text, nullable=False),
)

commissioning = Table(
    "commissioning",
    metadata,
    *kept(),
    Column("device", Text, nullable=False, index=True),
    Column("asset", Text, ForeignKey("asset.id"), nullable=False, index=True),
    Column("role", Text, nullable=False),
    Column("commissioned_by", Text, nullable=False),
    Column("channels", JSON, nullable=False),
    Column("checks", JSON, nullable=False),
    Column("heard_ms", BigInteger, nullable=False),
    Column("without_data", Text),
    Column("remarks", Text),
)

link = Table(
    "link",
    metadata,
    *kept(),
    Column("channel", Text, ForeignKey("channel.id"), nullable=False, index=True),
    Column("asset", Text, ForeignKey("asset.id"), nullable=False, index=True),
    Column("role", Text, nullable=False),
    Column("asserted_by", Text, nullable=False),
    Column("ended_by", Text, info=ADDED),
    Column("commissioning", Text, info=ADDED),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("time_ms", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("before", Text),
    Column("after", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index("ix_audit_kind_record", "kind", "record"),
    Index("ix_audit_kind_seq", "kind", "seq"),
)

RECORDS = {
    table.name: table
    for table in (
        asset,
        node,
        device,
        channel,
        stream,
        commissioning,
        link,
        alarm,
        escalation,
        work_order,
        requirement,
        target,
        token,
        resource,
        flow,
        indicator_value,
        evidence_pack,
        indicator_signoff,
        account,
        session,
        refusal,
    )
}
"""The tables of records, by kind, parents before children; each room brings its own."""


def audited(table: Table) -> tuple[str, ...]:
    """Return the columns whose change is an audit entry.

    A column marked `observed` follows the field (a birth came again) and is no decision of
    anybody; entering it would bury the changes that matter. Hashes of passwords are marked so
    too: auditors need none.
    """
    return tuple(column.name for column in table.columns if not column.info.get("observed"))


def entered(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a row that the audit trail keeps.

    A column that was `ADDED` is left out while it says nothing: what older entries say of a
    record still holds.
    """
    later = {column.name for column in table.columns if column.info.get("added")}
    return {
        name: row[name] for name in audited(table) if name not in later or row[name] is not None
    }
