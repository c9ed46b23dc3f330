"""NGSI-LD: indicators, the quality of streams, and what is personal in data resources.

KeyPerformanceIndicator, DataQualityAssessment and PrivacyObject of the smart data models. What
is made up says so in each entity, and what is not reported is "NR", never a number.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import func, select

from lamppost.register.days.quality import PARTS
from lamppost.register.days.tables import OBSERVED, SYNTHETIC, channel_day
from lamppost.register.exports.ngsi import Entity, entity, known, refers
from lamppost.register.exports.records import Records
from lamppost.register.indicators.definitions import definitions, period
from lamppost.register.indicators.tables import indicator_value
from lamppost.register.resources.tables import resource
from lamppost.register.sensorthings.entities import iso

NOT_REPORTED = "NR"
MONTH_CHARS = 7
ROWS_AT_ONCE = 1_000
DOMAINS = frozenset(("completeness", "consistency", "timeliness", "uniqueness", "validity"))
"""Of the parts of a score those that the model has; each from 0 to 1."""


def indicators(records: Records) -> Iterator[Entity]:
    """Yield every value that was kept."""
    asked = select(indicator_value).order_by(indicator_value.c.id)
    for row in records.connection.execute(asked).mappings():
        named = definitions().get(row["indicator"])
        of = period(row["period"])
        yield entity("KeyPerformanceIndicator", row["id"]) | known(
            name=row["indicator"],
            description=None if named is None else named.title,
            category=["quantitative"],
            kpiValue=NOT_REPORTED if row["value"] is None else row["value"],
            unit=row["unit"] or None,
            calculationFormula=row["formula"],
            calculationMethod="automatic",
            calculationFrequency="monthly" if len(of.name) == MONTH_CHARS else "yearly",
            calculationPeriod={"from": _day(of.from_ms), "to": _day(of.to_ms - 1)},
            updatedAt=iso(row["updated_ms"]),
            status=row["status"],
            lineage=row["lineage"],
        )


def quality(records: Records) -> Iterator[Entity]:
    """Yield how good the newest day that was kept was, stream by stream."""
    day = channel_day.c
    newest = records.connection.execute(select(func.max(day.day_ms))).scalar()
    asked = (
        select(
            day.channel, day.provenance, day.made_ms, day.score, *(day[one] for one in PARTS)
        )
        .where(day.day_ms == newest, day.score.is_not(None), day.provenance.in_(OBSERVED))
        .order_by(day.channel)
    )
    rows = records.connection.execute(asked, execution_options={"yield_per": ROWS_AT_ONCE})
    for row in rows.mappings():
        parts = {one: [row[one]] for one in PARTS if one in DOMAINS and row[one] is not None}
        told = entity("DataQualityAssessment", row["channel"]) | known(
            dateCalculated=iso(row["made_ms"]),
            completeness=row["completeness"],
            score=row["score"],
            dataQualityAssessmentVariableNames=[row["channel"]],
            dataQualityAssessmentDomains=parts,
            synthetic={"isSynthetic": row["provenance"] == SYNTHETIC},
        )
        yield told | {"refDeviceMeasurement": refers("DeviceMeasurement", row["channel"])}


def privacy(records: Records) -> Iterator[Entity]:
    """Yield what is personal in the data resources of which somebody has decided that."""
    asked = select(resource).where(
        resource.c.personal_data.is_not(None), resource.c.valid_to_ms.is_(None)
    )
    rows = records.connection.execute(asked.order_by(resource.c.id))
    for row in rows.mappings():
        days = row["retention_days"]
        yield entity("PrivacyObject", row["id"]) | known(
            name=row["name"],
            isPersonalData=row["personal_data"],
            purpose=row["purpose"],
            legitimateInterest=row["legal_basis"],
            recipientList=row["recipients"] or None,
            retentionPeriod=None if days is None else f"P{days}D",
        )


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1_000, UTC).date().isoformat()
