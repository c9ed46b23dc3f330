"""Values and packs as records: what was told, when it was restated, and what was handed out."""

from dataclasses import asdict, dataclass

from lamppost.register.indicators.tables import evidence_pack, indicator_value
from lamppost.register.indicators.values import Period, Value
from lamppost.register.records.deciding import change
from lamppost.register.records.reading import Kind
from lamppost.register.records.values import Kept
from lamppost.register.records.writing import Writer

VALUE, PACK = "indicator_value", "evidence_pack"


@dataclass(frozen=True, slots=True)
class KeptValue(Kept):
    """A value as it was kept; the audit trail has the ones before it. See `values.Value`.

    Attributes:
        version: Counts its restatements, from 1.
        indicator: Id of its definition.
        period: Name of the period.
        from_ms: The period's first moment, UTC.
        status: "measured", "synthetic" or "NR".
        unit: UCUM.
        value: In `unit`; None when it is NR.
        numerator: What counts.
        denominator: What it is counted against.
        coverage: Share of the assets that count, 0 to 1.
        completeness: Share of the days that the meters cover, 0 to 1.
        assets: How many assets are behind it.
        quality: Class of the data, in the words of U4SSC's verification.
        reason: Why it is NR; empty otherwise.
        formula: How it was computed.
        lineage: SHA-256 over definition, period, facts and every input.
    """

    version: int
    indicator: str
    period: str
    from_ms: int
    status: str
    unit: str
    value: float | None
    numerator: float | None
    denominator: float | None
    coverage: float
    completeness: float
    assets: int
    quality: str
    reason: str
    formula: str
    lineage: str


@dataclass(frozen=True, slots=True)
class Pack(Kept):
    """An audit pack that was made.

    Attributes:
        indicator: Id of its definition.
        period: Name of the period.
        status: Of the value in it.
        lineage: Of the value in it.
        sha256: Of the file: whoever holds it can see that it is the one.
        made_by: Who made it.
        bytes: How long the file is.
    """

    indicator: str
    period: str
    status: str
    lineage: str
    sha256: str
    made_by: str
    bytes: int


VALUES = Kind(
    indicator_value,
    KeptValue,
    {"indicator": "indicator", "period": "period", "status": "status"},
)
PACKS = Kind(evidence_pack, Pack, {"indicator": "indicator", "period": "period"})


def keep(writer: Writer, value: Value, period: Period) -> bool:
    """Keep a value; returns False when it is what was kept already.

    One that differs is a restatement: the trail keeps the value before it, and when.
    """
    one = f"{value.indicator}@{value.period}"
    facts = {**asdict(value), "from_ms": period.from_ms}
    row = writer.load(VALUE, [one]).get(one)
    if row is None:
        writer.create(VALUE, one, {"version": 1, **facts}, period.from_ms)
        return True
    return change(writer, VALUE, row, facts, "restate")


def note_pack(writer: Writer, value: Value, sha256: str, size: int, who: str) -> str:
    """Note that a pack was made; returns the record's id. The same file is noted once."""
    one = f"{value.indicator}@{value.period}@{sha256[:16]}"
    if not writer.load(PACK, [one]):
        facts = {
            "indicator": value.indicator, "period": value.period, "status": value.status,
            "lineage": value.lineage, "sha256": sha256, "made_by": who, "bytes": size,
        }  # fmt: skip
        writer.create(PACK, one, facts, writer.now_ms)
    return one
