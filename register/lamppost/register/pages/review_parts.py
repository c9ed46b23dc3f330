"""Parts of the page of reviews: tables with buttons, and what the buttons ask."""

from collections.abc import Mapping, Sequence

from lamppost.register import words
from lamppost.register.markup import Markup, tag
from lamppost.register.pages.forms import button, line, lines, question
from lamppost.register.pages.map_focus import address
from lamppost.register.pages.picture import called
from lamppost.register.pages.sheets import table
from lamppost.register.resources.duplicates import Pair
from lamppost.register.resources.findings import Finding
from lamppost.register.resources.loading import World
from lamppost.register.resources.values import BORN, Resource

PATH = "/reviews"
HEADS = ("What", "Kind", "Why", "Steward", "What to do")
ALIKE_HEADS = ("One", "Other", "Measurand", "Apart", "What their days say", "Saving a year")

BUTTONS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "overdue": (("attest", "Attest…"), ("postpone", "Postpone…")),
    "soon": (("attest", "Attest…"), ("postpone", "Postpone…")),
    "orphans": (("own", "Name who answers…"),),
}
"""By part: deeds and the words on their buttons."""


def section(title: str, name: str, found: Sequence[Finding], now: World) -> Markup:
    """Return what was found as a table, with the buttons of a key of `BUTTONS`."""
    return table(
        title, HEADS, (_row(name, one, now.entries.get(one.key), now) for one in found)
    )


def alike(shown: Sequence[Pair], pairs: Sequence[Pair]) -> Markup:
    """Return pairs as a table, and what those that move together would save."""
    saved: dict[str, float] = {}
    for pair in pairs:
        if pair.correlation is not None and pair.saving_year is not None and pair.currency:
            saved[pair.currency] = saved.get(pair.currency, 0.0) + pair.saving_year
    told = " and ".join(f"{words.number(sum_)} {name}" for name, sum_ in sorted(saved.items()))
    summed = (
        tag("p.entry", f"Without one of each that move together: {told} a year.")
        if told
        else ""
    )
    listed = table("Streams that may measure the same", ALIKE_HEADS, map(_pair, shown))
    return Markup.join_all([Markup(summed), listed])


def questions() -> Markup:
    """Return the dialogs of the page."""
    return Markup.join_all(
        [
            question(
                "attest",
                "What is written here is true",
                "Attest",
                line("due", "Look again on", is_needed=True, kind="date"),
            ),
            question(
                "postpone",
                "Look at it later",
                "Postpone",
                line("due", "On", is_needed=True, kind="date"),
                lines("reason", "Why"),
            ),
            question(
                "own",
                "Who answers for it",
                "Keep",
                line("owner", "Owner", is_needed=True),
                line("steward", "Steward", is_needed=True),
            ),
        ]
    )


def _row(name: str, found: Finding, entry: Resource | None, now: World) -> list[str]:
    told = found.told
    if entry is not None and entry.review_note and "review" in told:
        told += f"; put off: {entry.review_note}"
    thing = now.graph.things.get(found.key)
    shown = called(thing) if thing else found.name
    return [
        tag("a", shown, href=address(found.key)),
        found.kind,
        told,
        found.steward or "nobody",
        _acts(name, found, entry),
    ]


def _acts(name: str, found: Finding, entry: Resource | None) -> Markup:
    offered = BUTTONS.get(name, ())
    if found.kind == "stream" and entry is None:
        offered = ()  # its dataset answers for it
    if entry is None and found.kind not in BORN:
        offered = ()
    version = entry.version if entry is not None else None
    buttons = [
        button(deed, label, found.key, version, f"{found.name}: {found.told}")
        for deed, label in offered
    ]
    onward = tag("a", "On the map", href=address(found.key))
    return tag("div.acts", *buttons) if buttons else onward


def _pair(pair: Pair) -> list[str]:
    saving = "unknown"
    if pair.saving_year is not None:
        saving = f"{words.number(pair.saving_year)} {pair.currency}"
    unit = words.unit(pair.unit)
    return [
        tag("a", pair.first.rpartition("@")[0], href=address(f"stream:{pair.first}")),
        tag("a", pair.second.rpartition("@")[0], href=address(f"stream:{pair.second}")),
        f"{pair.measurand} in {unit}" if unit else pair.measurand,
        f"{words.number(pair.apart_m)} m",
        pair.told,
        saving,
    ]
