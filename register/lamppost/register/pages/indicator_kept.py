"""What was kept of an indicator value, and which packs of it were handed out."""

from collections.abc import Sequence

from sqlalchemy import Connection

from lamppost.register import words
from lamppost.register.indicators.records import PACKS, VALUES, KeptValue, Pack
from lamppost.register.indicators.values import Value
from lamppost.register.markup import Markup, tag
from lamppost.register.pages.sheets import note, part, table
from lamppost.register.records.reading import Wanted, page

PACKS_SHOWN = 20
HEADS = ("Made", "By", "What it was", "SHA-256 of the file")


def kept(connection: Connection, value: Value) -> tuple[KeptValue | None, Sequence[Pack]]:
    """Return what was kept of an indicator in a period, and its packs."""
    asked = {"indicator": value.indicator, "period": value.period}
    values = page(connection, VALUES, Wanted(asked, limit=1)).items
    packs = page(connection, PACKS, Wanted(asked, limit=PACKS_SHOWN)).items
    return (values[0] if values else None), packs


def card(value: Value, there: KeptValue | None, packs: Sequence[Pack], now_ms: int) -> Markup:
    """Return the card that compares what was kept with what is computed now."""
    title = "Kept and handed out"
    told = tag("p.entry", _compared(value, there))
    if not packs:
        return part(title, told, note("No pack of it was made yet."))
    rows = [
        [
            words.moment(one.created_ms, now_ms),
            one.made_by,
            f"{one.status}, of {'this' if one.lineage == value.lineage else 'another'} lineage",
            tag("code.hash", one.sha256),
        ]
        for one in packs
    ]
    return part(title, told, table("Packs", HEADS, rows))


def _compared(value: Value, there: KeptValue | None) -> str:
    if there is None:
        return "No value of this period was kept yet; what is shown is computed now."
    times = there.version - 1
    restated = f", restated {words.count(times, 'time')}" if times else ""
    if there.lineage == value.lineage:
        return f"What was kept{restated}, has the same lineage as what is computed now."
    was = "NR" if there.value is None else words.number(there.value)
    return (
        f"What was kept{restated}, was {was}, of another lineage: the records have changed "
        "since. The audit trail has each value."
    )
