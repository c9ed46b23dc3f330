"""What the map tells of the one in focus: who answers, what breaks, what is missing."""

from collections.abc import Iterable, Sequence
from urllib.parse import quote, urlencode

from lamppost.register import words
from lamppost.register.days.day import DAY_MS
from lamppost.register.markup import Markup, tag
from lamppost.register.pages.sheets import facts, note, part, table
from lamppost.register.resources.findings import Finding
from lamppost.register.resources.graph import Impact, Thing
from lamppost.register.resources.loading import NodeSeen
from lamppost.register.resources.values import Resource

PATH = "/map"
HITS_MAX = 50
HEADS = ("What", "Kind", "Then", "Whom to tell", "Steps")


def address(key: str, **more: str) -> str:
    """Return the page's address with something in focus."""
    return f"{PATH}?{urlencode({'focus': key, **more})}"


def answers(
    thing: Thing,
    entry: Resource | None,
    assets: Sequence[tuple[str, str]],
    runs: NodeSeen | None,
    now_ms: int,
) -> Markup:
    """Return the card that says what it is, what it runs, and who answers for it."""
    told: dict[str, str | None] = {
        "Id": thing.key,
        "Owner": thing.owner or "nobody is named",
        "Steward": thing.steward or "nobody is named",
    }
    if runs is not None:
        told["Firmware"] = _firmware(runs, now_ms)
    if entry is not None:
        told |= _said(entry)
    lines = [
        tag("p.entry", "Tells of ", tag("a", name, href=f"/assets/{quote(one, safe='')}"))
        for one, name in assets
    ]
    return part("Who answers for it", facts(told), *lines)


def breaks(impact: Impact) -> Markup:
    """Return the card that says what breaks when it goes."""
    title = "What breaks if it goes"
    if not impact.total:
        return part(title, note("Nothing is downstream of it."))
    told = []
    if impact.lost:
        told.append(f"Lost: {_counted(impact.lost)}.")
    if impact.thinned:
        told.append(f"Goes on with less: {_counted(impact.thinned)}.")
    rows = [
        [
            tag("a", hit.name, href=address(hit.key)),
            hit.kind,
            "lost" if hit.lost else "goes on with less",
            hit.owner or "nobody is named",
            str(hit.steps),
        ]
        for hit in impact.items[:HITS_MAX]
    ]
    rest = impact.total - len(rows)
    more = [note(f"And {words.integer(rest)} more, further down.")] if rest > 0 else []
    listed = table("What breaks", HEADS, rows)
    return part(title, tag("p.entry", " ".join(told)), listed, *more)


def missing(found: Iterable[Finding]) -> Markup:
    """Return the card that says what is wrong with its entry."""
    lines = [tag("p.entry", one.told) for one in found]
    return part("Findings", *(lines or [note("None.")]))


def _firmware(runs: NodeSeen, now_ms: int) -> str:
    if not runs.version:
        return "it does not tell its version"
    if runs.since_ms is None:
        return f"{runs.version}; since when is not known"
    days = max(now_ms - runs.since_ms, 0) // DAY_MS
    return f"{runs.version} for {words.count(days, 'day')}"


def _said(entry: Resource) -> dict[str, str | None]:
    cost = None
    if entry.cost_year is not None:
        cost = f"{words.number(entry.cost_year)} {entry.currency} a year"
    personal = {None: "nobody has looked", True: "yes", False: "no"}[entry.personal_data]
    return {
        "Contact": entry.contact,
        "What it is": entry.description,
        "Licence": entry.licence,
        "Access": entry.access.replace("_", " "),
        "Personal": personal,
        "Purpose": entry.purpose,
        "Legal basis": entry.legal_basis,
        "Kept": words.count(entry.retention_days, "day") if entry.retention_days else None,
        "Recipients": ", ".join(entry.recipients),
        "Served at": entry.endpoint_url,
        "Follows": entry.conforms_to,
        "Cost": cost,
        "Support": entry.support_end_on and f"until {entry.support_end_on}",
        "Contract": entry.contract_end_on and f"until {entry.contract_end_on}",
        "Review": entry.review_due_on and f"due {entry.review_due_on}",
        "Attested": entry.attested_by and f"by {entry.attested_by}",
    }


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(words.count(number, kind) for kind, number in counts.items())
