"""The delivery ledger: taken = stored + evicted + in flight, and nothing else."""

from lamppost.register import words
from lamppost.register.live import LedgerView, Snapshot
from lamppost.register.markup import Markup, icon, tag
from lamppost.register.panels.rows import Block, Row, Rows

ROWS_MAX = 60


def balanced(row: LedgerView) -> bool:
    """Return True when every reading taken is accounted for."""
    return row.lost == 0 and row.taken == row.stored + row.evicted + row.in_flight


def verdict(row: LedgerView) -> Markup:
    """Return the verdict on one row in words, with its mark."""
    if balanced(row):
        return tag("span.chip.good", icon("ok"), "balanced")
    if row.lost > 0:
        return tag("span.chip.lost", icon("cross"), f"{words.integer(row.lost)} lost")
    off = row.stored + row.evicted + row.in_flight - row.taken
    return tag("span.chip.bad", icon("warning"), f"off by {words.integer(off)}")


def ledger_row(row: LedgerView) -> Row:
    """Return the books of one node and day as a line that reads as the equation it is."""
    terms = [
        _term("taken", row.taken),
        tag("span.op", "="),
        _term("stored", row.stored),
        tag("span.op", "+"),
        _term("evicted", row.evicted, "warn" if row.evicted else ""),
        tag("span.op", "+"),
        _term("in flight", row.in_flight),
    ]
    if row.lost:
        terms += [tag("span.op", "+"), _term("lost", row.lost, "lost")]
    again = words.count(row.duplicates, "duplicate") + " dropped" if row.duplicates else ""
    markup = Markup.join_all(
        [
            tag("div.node-head", tag("b", row.node), tag("span.sub", row.day), verdict(row)),
            tag("div.equation", *terms),
            tag("div.sub", again),
        ]
    )
    return Row(f"{row.group}/{row.node}/{row.day}", markup, "ledger")


def _term(name: str, amount: int, tone: str = "") -> Markup:
    return tag(f"span.term.{tone}", tag("b", words.integer(amount)), tag("span.sub", name))


class Ledger:
    """The ledger on the page."""

    def __init__(self) -> None:
        self._title = Block("section-title")
        self._rows = Rows("rows ledgers")
        self._more = Block("more")

    def show(self, snapshot: Snapshot) -> None:
        """Show the present books: unbalanced ones first, then the latest days."""
        rows = sorted(snapshot.ledger, key=lambda r: (r.group, r.node))
        rows.sort(key=lambda r: r.day, reverse=True)
        rows.sort(key=balanced)
        self._title.show(tag("h2", "Delivery ledger"))
        self._rows.show([ledger_row(row) for row in rows[:ROWS_MAX]])
        self._more.show(_more(len(rows)))


def _more(known: int) -> Markup:
    if not known:
        return tag("p.note", "No books yet. Nodes that are acknowledged send theirs.")
    if known > ROWS_MAX:
        return tag("p.note", f"{known - ROWS_MAX} more rows; the API has all of them.")
    return Markup("")
