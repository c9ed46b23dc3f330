"""Signing a value: its owner and its steward say that it is true, four eyes, of one lineage."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from lamppost.register.indicators.tables import indicator_signoff
from lamppost.register.indicators.values import PARTS, Value
from lamppost.register.records.deciding import ConflictError, text
from lamppost.register.records.links import RefusedError
from lamppost.register.records.reading import Kind
from lamppost.register.records.values import Kept
from lamppost.register.records.writing import Writer

KIND = "indicator_signoff"
NOTE_CHARS_MAX = 500


@dataclass(frozen=True, slots=True)
class SignOff(Kept):
    """A signature under a value of one lineage; it says nothing of a value that is restated.

    Attributes:
        indicator: Id of its definition.
        period: Name of the period.
        lineage: What was signed.
        part: "owner" or "steward".
        signed_by: Who signed.
        note: What they have to say, or None.
    """

    indicator: str
    period: str
    lineage: str
    part: str
    signed_by: str
    note: str | None


SIGNOFFS = Kind(
    indicator_signoff,
    SignOff,
    {name: name for name in ("indicator", "period", "lineage", "part")},
)


def sign(
    writer: Writer, value: Value, lineage: str, part: str, who: str, note: str | None = None
) -> str:
    """Sign a value; returns the signature's id.

    Args:
        writer: Of who signs.
        value: As it is computed now.
        lineage: What who signs has read.
        part: One of `PARTS`.
        who: Who signs.
        note: What they have to say.

    Raises:
        ConflictError: the value has changed since, or somebody has signed that part.
        RefusedError: there is no value, or who signs has signed the other part.
    """
    if part not in PARTS:
        raise RefusedError(f"part: came {part[:40]!r}, allowed: {', '.join(PARTS)}")
    if value.value is None:
        raise RefusedError(
            f"{value.indicator} in {value.period} is NR: there is nothing to sign"
        )
    if lineage != value.lineage:
        raise ConflictError(
            f"lineage: came {lineage[:64]!r}, allowed: {value.lineage}; the records have "
            "changed since it was read"
        )
    said = None if note is None else text("note", note, NOTE_CHARS_MAX)
    for one in signatures(writer.connection, value):
        if one.part == part:
            raise ConflictError(f"{part}: {one.signed_by} has signed it already")
        if one.signed_by == who:
            raise RefusedError(
                f"{part}: came {who!r}, who has signed as {one.part}; allowed: somebody else, "
                "since four eyes look at it"
            )
    signed = f"{value.indicator}@{value.period}@{value.lineage[:16]}@{part}"
    facts = {
        "indicator": value.indicator, "period": value.period, "lineage": value.lineage,
        "part": part, "signed_by": who, "note": said,
    }  # fmt: skip
    writer.create(KIND, signed, facts, writer.now_ms)
    return signed


def signatures(connection: Connection, value: Value) -> list[SignOff]:
    """Return who has signed a value of this lineage, the owner first."""
    signed = indicator_signoff
    asked = select(signed).where(
        signed.c.indicator == value.indicator,
        signed.c.period == value.period,
        signed.c.lineage == value.lineage,
    )
    rows = connection.execute(asked.order_by(signed.c.part)).mappings()
    return [SignOff(**row) for row in rows]
