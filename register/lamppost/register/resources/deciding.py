"""What people decide of resources: what there is, who answers, what flows where."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import or_, select

from lamppost.register.indicators.definitions import definitions
from lamppost.register.records.deciding import (
    ConflictError,
    UnknownError,
    change,
    check_version,
    known,
    text,
)
from lamppost.register.records.links import RefusedError
from lamppost.register.records.writing import Row, Writer
from lamppost.register.resources.facts import EMPTY, check_together, checked, day
from lamppost.register.resources.tables import flow
from lamppost.register.resources.values import BORN, FLOWS, KINDS

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


def enter(writer: Writer, one: str, kind: str, given: Mapping[str, Any]) -> str:
    """Enter a resource that people have; returns its id.

    Raises:
        RefusedError: the id, kind or a fact is none.
        ConflictError: the id is taken.
    """
    if kind not in KINDS:
        raise RefusedError(f"kind: came {kind[:60]!r}, allowed: {', '.join(KINDS)}")
    if not ID.fullmatch(one):
        allowed = "1 to 128 of A-Z a-z 0-9 . _ -, a letter or digit first"
        raise RefusedError(f"id: came {one[:60]!r}, allowed: {allowed}")
    return _enter(writer, one, kind, None, given)


def enter_about(writer: Writer, kind: str, about: str, given: Mapping[str, Any]) -> str:
    """Enter who answers for a node or stream that was born; returns the resource's id.

    Raises:
        UnknownError: there is none of that id.
        ConflictError: there is such an entry.
    """
    if kind not in BORN:
        raise RefusedError(f"kind: came {kind[:60]!r}, allowed: {', '.join(BORN)}")
    known(writer, kind, about)
    return _enter(writer, about_id(kind, about), kind, about, {"name": about[:100], **given})


def about_id(kind: str, about: str) -> str:
    """Return the id of the resource about a node or stream, which may hold any letter."""
    return f"{kind}-{sha256(about.encode()).hexdigest()[:20]}"


def amend(writer: Writer, one: str, given: Mapping[str, Any], version: int | None) -> bool:
    """Change what is said of a resource; returns False when nothing differs.

    Raises:
        ConflictError: it has changed since `version`, or has ended.
    """
    row = _open(writer, one, version)
    facts = checked(given)
    check_together(row["kind"], row | facts)
    return change(writer, "resource", row, facts, "update")


def attest(writer: Writer, one: str, who: str, version: int, due_on: str | None) -> None:
    """Say that what is written of a resource, in this version, is true.

    Raises:
        ConflictError: it has changed since.
    """
    row = _open(writer, one, version)
    facts: dict[str, Any] = {"attested_ms": writer.now_ms, "attested_by": who}
    facts["review_note"] = None
    if due_on is not None:
        facts["review_due_on"] = day("review_due_on", due_on)
    change(writer, "resource", row, facts, "update")


def postpone(writer: Writer, one: str, version: int | None, due_on: str, reason: str) -> None:
    """Put the review of a resource off until a day to come, and say why.

    Raises:
        RefusedError: the day is past or none, or there is no reason.
        ConflictError: it has changed since.
    """
    row = _open(writer, one, version)
    until = day("review_due_on", due_on)
    today = datetime.fromtimestamp(writer.now_ms / 1_000, UTC).date().isoformat()
    if until <= today:
        raise RefusedError(f"review_due_on: came {until!r}, allowed: a day after {today}")
    facts = {"review_due_on": until, "review_note": text("review_note", reason)}
    change(writer, "resource", row, facts, "postpone")


def end(writer: Writer, one: str, version: int | None) -> bool:
    """End a resource and what flows to and from it; False when it had ended."""
    row = known(writer, "resource", one)
    check_version(row, version, _state(row))
    if row["valid_to_ms"] is not None:
        return False
    touching = or_(
        (flow.c.source == one) & (flow.c.source_kind == row["kind"]),
        (flow.c.target == one) & (flow.c.target_kind == row["kind"]),
    )
    query = select(flow).where(touching, flow.c.valid_to_ms.is_(None))
    for line in writer.take("flow", query).values():
        writer.close("flow", line, writer.now_ms)
    facts = {"valid_to_ms": max(writer.now_ms, row["valid_from_ms"])}
    return change(writer, "resource", row, facts, "close")


def connect(writer: Writer, source: str, target: str, who: str) -> str:
    """Say that something flows; said twice, it is said once. Returns the flow's id.

    Args:
        writer: Where it is entered.
        source: KIND:ID.
        target: KIND:ID.
        who: Who says so.

    Raises:
        RefusedError: nothing flows between such kinds, or it would flow in a circle.
        UnknownError: one of both is not there.
    """
    (kind, one), (other_kind, other) = ends = _end_of(source), _end_of(target)
    if (kind, other_kind) not in FLOWS:
        pairs = ", ".join(f"{a} to {b}" for a, b in FLOWS)
        raise RefusedError(f"flow: came {kind} to {other_kind}, allowed: {pairs}")
    for end_ in ends:
        _there(writer, *end_)
    running = writer.take("flow", select(flow).where(
        flow.c.source_kind == kind, flow.c.source == one, flow.c.target_kind == other_kind,
        flow.c.target == other, flow.c.valid_to_ms.is_(None),
    ))  # fmt: skip
    for there in running:
        return there
    if kind == other_kind:
        _no_circle(writer, kind, one, other)
    new = _flow_id(source, target, writer.now_ms)
    if writer.load("flow", [new]):
        raise ConflictError("flow: it ended in this very moment; say it again")
    facts = {
        "source_kind": kind, "source": one, "target_kind": other_kind, "target": other,
        "asserted_by": who,
    }  # fmt: skip
    writer.create("flow", new, facts, writer.now_ms)
    return new


def disconnect(writer: Writer, one: str) -> bool:
    """Say that a flow has ended; False when it had."""
    return writer.close("flow", known(writer, "flow", one), writer.now_ms)


def _enter(
    writer: Writer, one: str, kind: str, about: str | None, given: Mapping[str, Any]
) -> str:
    if writer.load("resource", [one]):
        raise ConflictError(f"id: came {one!r}, allowed: one that is not taken")
    facts = {"name": None, **EMPTY} | checked(given)
    if facts["name"] is None:
        raise RefusedError("name: came nothing, allowed: what people call it")
    if facts["provenance"] is None and kind in ("dataset", "stream"):
        facts["provenance"] = "measured"
    check_together(kind, facts)
    attested = {"attested_ms": None, "attested_by": None}
    made = {"version": 1, "kind": kind, "about": about, **facts, **attested}
    writer.create("resource", one, made, writer.now_ms)
    return one


def _open(writer: Writer, one: str, version: int | None) -> Row:
    row = known(writer, "resource", one)
    check_version(row, version, _state(row))
    if row["valid_to_ms"] is not None:
        raise ConflictError(f"resource: came {one!r}, allowed: one that has not ended")
    return row


def _state(row: Row) -> str:
    return "open" if row["valid_to_ms"] is None else "ended"


def _end_of(told: str) -> tuple[str, str]:
    kind, mark, one = told.partition(":")
    if not (mark and kind and one):
        raise RefusedError(f"came {told[:60]!r}, allowed: KIND:ID, such as dataset:noise")
    return kind, one


def _there(writer: Writer, kind: str, one: str) -> None:
    """See that one end of a flow is there, and has not ended."""
    if kind == "indicator":
        if one not in definitions():
            allowed = "one of `lamppost register indicators`"
            raise UnknownError(f"indicator: came {one[:80]!r}, allowed: {allowed}")
        return
    row = known(writer, kind if kind in BORN else "resource", one)
    if row.get("kind", kind) != kind:
        raise RefusedError(f"{kind}: came {one[:80]!r}, which is a {row['kind']}")
    if row["valid_to_ms"] is not None:
        raise RefusedError(f"{kind}: came {one[:80]!r}, allowed: one that has not ended")


def _no_circle(writer: Writer, kind: str, source: str, target: str) -> None:
    same = (flow.c.source_kind == kind, flow.c.target_kind == kind)
    query = select(flow.c.source, flow.c.target).where(*same, flow.c.valid_to_ms.is_(None))
    onward: dict[str, list[str]] = {}
    for start, goal in writer.connection.execute(query):
        onward.setdefault(start, []).append(goal)
    seen, waiting = {target}, [target]
    while waiting:
        for goal in onward.get(waiting.pop(), ()):
            if goal not in seen:
                seen.add(goal)
                waiting.append(goal)
    if source in seen:
        raise RefusedError(f"flow: {source} to {target} closes a circle; nothing feeds itself")


def _flow_id(source: str, target: str, since_ms: int) -> str:
    facts = json.dumps([source, target, since_ms])
    return f"flow-{sha256(facts.encode()).hexdigest()[:20]}"
