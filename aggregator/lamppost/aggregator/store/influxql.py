"""Reads from any InfluxDB (1.x, 2.x, 3) in InfluxQL, the one language they share.

No database and no retention policy stands in a FROM, and no clause that one of them lacks.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import numpy as np

from lamppost.aggregator.alarms.event import Event
from lamppost.aggregator.nodes.series import SeriesKey
from lamppost.aggregator.store.http import Http
from lamppost.aggregator.store.lineprotocol import clean, original
from lamppost.aggregator.store.linewriter import message_of
from lamppost.aggregator.store.seam import (
    MAX_READ_EVENTS,
    MAX_READ_ROWS,
    SeriesColumns,
    StoreRefused,
    StoreUnreachable,
    check_window,
)
from lamppost.wire.series import EVENT, OPS, RAW, READING, TEXT, Measurement

NUMBERS = ("value", "expected", "low", "high")
# One bucket has one row for each combination of flags that occurs in it.
MAX_FLAG_ROWS = 16 * MAX_READ_ROWS
# Where one of several statements finds nothing there, the rest is "not executed".
ABSENT = ("database not found", "bucket not found", "table not found", "not executed")

Row = Mapping[str, Any]


def identifier(name: str) -> str:
    """Return a name quoted as InfluxQL wants names."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def literal(text: str) -> str:
    """Return a text quoted as InfluxQL wants strings."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def select(what: str, measurement: str, where: str, *clauses: str) -> str:
    """Return a SELECT statement; its parts are quoted already."""
    parts = ("SELECT", what, "FROM", identifier(measurement), "WHERE", where, *clauses)
    return " ".join(parts)


# The count keeps buckets in which no reading has a value.
BUCKET = ", ".join(f"mean({identifier(name)}) AS {identifier(name)}" for name in NUMBERS)
BUCKET += ', count("flags") AS "n"'
# InfluxQL has no bitwise aggregate: the combinations that occur are put together here.
BUCKET_FLAGS = 'distinct("flags") AS "flags"'
ORDER_FLAGS = f"ORDER BY time ASC LIMIT {MAX_FLAG_ROWS}"


class Reader:
    """Answers the reading half of the store seam through `/query`.

    Args:
        http: the server.
        city: what the names of the databases begin with.
    """

    def __init__(self, http: Http, city: str) -> None:
        self._http = http
        self._raw, self._ops = RAW.named(city), OPS.named(city)

    def read(self, series: SeriesKey, from_ms: int, to_ms: int, step_ms: int) -> SeriesColumns:
        """Return the readings of a window; see `Store.read`."""
        check_window(from_ms, to_ms, step_ms)
        where = f"{_named(series)} AND {_between(from_ms, to_ms)}"
        order = f"ORDER BY time ASC LIMIT {MAX_READ_ROWS + 1}"
        text = select('"text"', TEXT.name, where, order)
        if step_ms:
            group = f"GROUP BY time({step_ms}ms) fill(none)"
            rows, flags, texts = self.query(
                self._raw,
                select(BUCKET, READING.name, where, group, order),
                select(BUCKET_FLAGS, READING.name, where, group, ORDER_FLAGS),
                text,
            )
            return _columns(rows, _union(flags), texts)
        names = ", ".join(map(identifier, (*NUMBERS, "flags")))
        rows, texts = self.query(self._raw, select(names, READING.name, where, order), text)
        return _columns(rows, {row["time"]: row["flags"] for row in rows}, texts)

    def events(self, from_ms: int, to_ms: int) -> tuple[Event, ...]:
        """Return the events of a window; see `Store.events`."""
        names = ", ".join(map(identifier, (*EVENT.names(), *EVENT.tags)))
        order = f"ORDER BY time DESC LIMIT {MAX_READ_EVENTS}"
        where = _between(from_ms, to_ms)
        (rows,) = self.query(self._ops, select(names, EVENT.name, where, order))
        return tuple(map(_event, rows))

    def row(
        self, measurement: Measurement, tags: Mapping[str, str], time_ms: int
    ) -> Row | None:
        """Return the fields of one row of the operations database, None when it is not there.

        Raises:
            StoreError: the store could not answer.
        """
        named = [f"{identifier(tag)} = {literal(clean(text))}" for tag, text in tags.items()]
        where = " AND ".join((*named, _between(time_ms, time_ms + 1)))
        names = ", ".join(map(identifier, measurement.names()))
        (rows,) = self.query(self._ops, select(names, measurement.name, where))
        return rows[0] if rows else None

    def query(self, database: str, *statements: str) -> list[list[Row]]:
        """Return the rows of each statement, empty for what is not there (yet).

        Raises:
            StoreUnreachable: no answer, or one that says "later".
            StoreRefused: the database will not answer this.
        """
        path = "/query?" + urlencode({"db": database, "epoch": "ms"})
        answer = self._http.post(
            path,
            urlencode({"q": "; ".join(statements)}).encode(),
            {"Content-Type": "application/x-www-form-urlencoded"},
        )
        if answer.status != 200:
            text = message_of(answer.data, str(answer.reason))
            if answer.status in (400, 404) and any(known in text for known in ABSENT):
                return [[] for _ in statements]
            later = answer.status == 429 or answer.status >= 500
            raise (StoreUnreachable if later else StoreRefused)(f"{answer.status} {text}")
        try:
            results = json.loads(answer.data)["results"]
            rows = [_rows(result) for result in results]
        except (ValueError, KeyError, TypeError, IndexError) as problem:
            raise StoreUnreachable(f"not an InfluxDB's answer: {problem!r}") from problem
        return rows + [[] for _ in statements[len(rows) :]]


def _rows(result: Mapping[str, Any]) -> list[Row]:
    problem = result.get("error")
    if problem is not None and not any(known in problem for known in ABSENT):
        raise StoreRefused(message_of(problem))
    series = result.get("series", ())
    return [
        dict(zip(one["columns"], values, strict=True))
        for one in series
        for values in one.get("values", ())
    ]


def _between(from_ms: int, to_ms: int) -> str:
    return f"time >= {from_ms}ms AND time < {to_ms}ms"


def _named(series: SeriesKey) -> str:
    return " AND ".join(
        f"{identifier(name)} = {literal(clean(value))}"
        for name, value in series._asdict().items()
    )


def _union(rows: Sequence[Row]) -> dict[int, int]:
    """Return all bits of each bucket."""
    flags: dict[int, int] = {}
    for row in rows:
        flags[row["time"]] = flags.get(row["time"], 0) | int(row["flags"] or 0)
    return flags


def _columns(
    rows: Sequence[Row], flags: Mapping[int, int], texts: Sequence[Row]
) -> SeriesColumns:
    kept = rows[:MAX_READ_ROWS]
    times = [row["time"] for row in kept]
    numbers = {
        name: np.array(
            [np.nan if row.get(name) is None else row[name] for row in kept], np.float64
        )
        for name in NUMBERS
    }
    return SeriesColumns(
        time_ms=np.array(times, np.int64),
        flags=np.array([flags.get(time, 0) or 0 for time in times], np.uint32),
        texts=tuple((row["time"], row["text"]) for row in texts[:MAX_READ_ROWS]),
        truncated=max(len(rows), len(texts)) > MAX_READ_ROWS,
        **numbers,
    )


def _event(row: Row) -> Event:
    tags = {name: original(row.get(name) or "") for name in EVENT.tags}
    fields = {name: row.get(name) for name in EVENT.names()}
    if row.get("open"):  # a database keeps the end that an event had before it came again
        fields["end_ms"] = None
    return Event.from_json(
        {**fields, **tags, "event_class": tags["class"], "onset_ms": row["time"]}
    )
