"""Observations: judged readings from the store, newest first unless asked otherwise.

Readings are not in the register's database, so a condition on them is looked at in Python; what
it says of time bounds what is read. At most `READ_MAX` readings are looked at for one answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from odata_query import ast
from sqlalchemy import RowMapping

from lamppost.register.live import History, LiveView
from lamppost.register.sensorthings.asked import AskedError, Query
from lamppost.register.sensorthings.entities import iso
from lamppost.register.sensorthings.filtering import COMPARISONS, parts

READ_MAX = 10_000
FIRST_SPAN_MS = 60 * 60_000
TIMES = ("phenomenonTime", "resultTime")
FIELDS = (*TIMES, "result", "id")
ALLOWED = f"comparisons of {', '.join(FIELDS)} joined by and, or, not"
MARK = "!"
"""Parts stream and time in the id of an observation."""


@dataclass(frozen=True, slots=True)
class Span:
    """`from_ms <= time < to_ms`."""

    from_ms: int
    to_ms: int


def read(
    live: LiveView, stream: RowMapping, query: Query, now_ms: int
) -> tuple[list[dict[str, Any]], bool]:
    """Return a page of a stream's observations, and whether there may be more.

    Args:
        live: What the aggregator hands over.
        stream: A row of `sources.DATASTREAMS`.
        query: What is asked for.
        now_ms: The present, UTC.

    Raises:
        AskedError: the condition or the order is not one of readings.
        OSError: the store does not answer.
    """
    newest_first = _newest_first(query)
    until = now_ms + 1 if stream["until_ms"] is None else stream["until_ms"]
    span = _narrow(Span(stream["since_ms"], until), query.condition)
    found: list[dict[str, Any]] = []
    wanted = query.skip + query.top + 1
    for one in _entities(live, stream, span, newest_first=newest_first):
        if query.condition is None or _holds(query.condition, one):
            found.append(one)
            if len(found) == wanted:
                break
    return found[query.skip : query.skip + query.top], len(found) == wanted


def one(live: LiveView, stream: RowMapping, time_ms: int) -> dict[str, Any] | None:
    """Return the observation of a stream at a time."""
    span = Span(time_ms, time_ms + 1)
    return next(_entities(live, stream, span, newest_first=False), None)


def _entities(
    live: LiveView, stream: RowMapping, span: Span, *, newest_first: bool
) -> Iterator[dict[str, Any]]:
    """Readings in order, window after window; each window twice as long while few are found."""
    length, read_so_far = FIRST_SPAN_MS, 0
    while span.from_ms < span.to_ms and read_so_far < READ_MAX:
        if newest_first:
            window = Span(max(span.from_ms, span.to_ms - length), span.to_ms)
            span = Span(span.from_ms, window.from_ms)
        else:
            window = Span(span.from_ms, min(span.to_ms, span.from_ms + length))
            span = Span(window.to_ms, span.to_ms)
        rows = list(_window(live, stream, window))
        read_so_far += len(rows)
        yield from reversed(rows) if newest_first else rows
        length *= 2


def _window(live: LiveView, stream: RowMapping, span: Span) -> Iterator[dict[str, Any]]:
    try:
        history: History = live.history(
            stream["group"],
            stream["node"],
            stream["device"],
            stream["name"],
            span.from_ms,
            span.to_ms,
            1,
        )
    except LookupError:  # recorded once, unknown to this aggregator
        return
    for time_ms, value, flags in zip(
        history.time_ms, history.value, history.flags, strict=True
    ):
        yield {
            "id": f"{stream['id']}{MARK}{time_ms}",
            "phenomenonTime": iso(time_ms),
            "resultTime": iso(time_ms),
            "result": value,
            "resultQuality": {"flags": list(flags), "good": not flags},
            "datastream": stream["id"],
            "feature": stream["thing"],
        }


def _newest_first(query: Query) -> bool:
    if not query.orders:
        return True
    first, *rest = query.orders
    if rest or first.path not in TIMES:
        raise AskedError("$orderby", first.path, f"{TIMES[0]} asc or desc")
    return first.descending


def _narrow(span: Span, node: ast._Node | None) -> Span:
    """What a condition says of time, where all of it must hold."""
    match node:
        case ast.BoolOp(ast.And(), left, right):
            return _narrow(_narrow(span, left), right)
        case ast.Compare(comparator, left, ast.DateTime(text)) if _field(left) in TIMES:
            at = _millis(text)
            match comparator:
                case ast.Gt() | ast.GtE():
                    return Span(max(span.from_ms, at), span.to_ms)
                case ast.Lt() | ast.LtE():
                    return Span(span.from_ms, min(span.to_ms, at + 1))
                case ast.Eq():
                    return Span(max(span.from_ms, at), min(span.to_ms, at + 1))
    return span


def _holds(node: ast._Node, entity: dict[str, Any]) -> bool:
    match node:
        case ast.BoolOp(op, left, right):
            if isinstance(op, ast.And):
                return _holds(left, entity) and _holds(right, entity)
            return _holds(left, entity) or _holds(right, entity)
        case ast.UnaryOp(ast.Not(), operand):
            return not _holds(operand, entity)
        case ast.Compare(comparator, left, right) if type(comparator) in COMPARISONS:
            mine, theirs = _value(left, entity), _value(right, entity)
            try:
                return bool(COMPARISONS[type(comparator)](mine, theirs))
            except TypeError:  # text against a number: neither less nor more
                return False
    raise AskedError("$filter", str(node), ALLOWED)


def _value(node: ast._Node, entity: dict[str, Any]) -> Any:  # noqa: ANN401
    match node:
        case ast.Identifier() | ast.Attribute():
            name = _field(node)
            if name not in FIELDS:
                raise AskedError("$filter", name, ALLOWED)
            return _millis(entity[name]) if name in TIMES else entity[name]
        case ast.DateTime(text):
            return _millis(text)
        case ast.Integer(text) | ast.Float(text):
            return float(text)
        case ast.String(text):
            return text
        case ast.Boolean(text):
            return text == "true"
    raise AskedError("$filter", str(node), ALLOWED)


def _field(node: ast._Node) -> str:
    match node:
        case ast.Identifier() | ast.Attribute():
            return "/".join(parts(node))
    return ""


def _millis(text: str) -> int:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise AskedError("$filter", text, "a time such as 2026-10-01T00:00:00Z") from error
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return round(at.timestamp() * 1_000)
