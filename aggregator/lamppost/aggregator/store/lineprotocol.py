"""Line protocol: what a batch looks like on its way into InfluxDB.

What measurements, tags and fields there are stands in `lamppost.wire.series`. Times are
milliseconds. A field that is not a finite number is left out.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from lamppost.aggregator.alarms.event import Event
from lamppost.aggregator.alarms.incident import Incident
from lamppost.aggregator.alarms.levels import level_of
from lamppost.aggregator.nodes.series import SeriesInfo
from lamppost.aggregator.spool.frames import COLUMNS
from lamppost.aggregator.store.columnlines import Block, ColumnLines, TagBook
from lamppost.aggregator.store.seam import Sample, StoreBatch, WindowRows
from lamppost.wire.series import (
    EVENT,
    INCIDENT,
    OPS,
    READING,
    TEXT,
    WINDOWS,
    Database,
    FieldType,
    Measurement,
)

INCIDENT_FACTS = tuple(Incident.__dataclass_fields__)
MAX_TEXT_CHARS = 16_000  # InfluxDB takes 64 KiB a string, and four bytes a character may be
SINGLE = tuple(name for name, kind in COLUMNS if np.dtype(kind) == np.float32)
# Line protocol cannot write a backslash at the end of a tag, nor control characters in one.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\\]|%(?=[0-9A-Fa-f]{2})")
_CODE = re.compile(r"%([0-9A-F]{2})")
_SPECIAL = re.compile(r"([,= ])")


def clean(name: str) -> str:
    """Return a name as InfluxDB shall hold it: what a tag cannot carry becomes `%XX`."""
    return _UNSAFE.sub(lambda found: f"%{ord(found[0]):02X}", name)


def original(name: str) -> str:
    """Return the name that `clean` was given."""
    return _CODE.sub(lambda found: chr(int(found[1], 16)), name)


def tag(key: str, value: str) -> str:
    """Return `,key=value`, escaped, or nothing when the value is empty."""
    return f",{key}={_SPECIAL.sub(_escaped, clean(value))}" if value else ""


def _escaped(found: re.Match[str]) -> str:
    return "\\" + found[1]


def string(value: str) -> str:
    """Return a string field's value, quoted, cut at `MAX_TEXT_CHARS`."""
    if len(value) > MAX_TEXT_CHARS:
        value = value[: MAX_TEXT_CHARS - 1] + "…"
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Lines:
    """Builds the lines of batches, remembering each series' escaped tags."""

    def __init__(self) -> None:
        self._known: dict[int, SeriesInfo] = {}
        self._tags = TagBook()
        self._readings = ColumnLines(READING, single=SINGLE)
        self._windows = {one: ColumnLines(one) for one in WINDOWS.values()}

    def of(self, batch: StoreBatch) -> Block:
        """Return the lines of the readings of a batch, in their order."""
        self._learn(batch.series)
        return self._readings.of(
            self._tags, batch.index, batch.time_ms, lambda name: getattr(batch, name)
        )

    def windows(self, rows: WindowRows, series: Mapping[int, SeriesInfo]) -> Block:
        """Return the lines of closed windows."""
        self._learn(series)
        return self._windows[rows.measurement].of(
            self._tags, rows.index, rows.start_ms, rows.columns.__getitem__
        )

    def _learn(self, series: Mapping[int, SeriesInfo]) -> None:
        for index, info in series.items():
            if self._known.get(index) is not info:
                self._known[index] = info
                self._tags.put(index, series_tags(info))

    def texts(self, batch: StoreBatch) -> list[str]:
        """Return the lines of the text values of a batch."""
        return [
            f"{TEXT.name}{series_tags(batch.series[row.series])} "
            f"text={string(row.text)} {row.time_ms}"
            for row in batch.texts
        ]


def series_tags(info: SeriesInfo) -> str:
    """Return the escaped tags of a series, each with a comma before it."""
    return "".join(tag(key, getattr(info, key)) for key in READING.tags)


def ops_lines(batch: StoreBatch) -> list[str]:
    """Return the lines of the operations database: events, incidents, then samples."""
    lines = [event_line(event) for event in batch.events]
    lines += map(incident_line, batch.incidents)
    return lines + sample_lines(batch, OPS)


def sample_lines(batch: StoreBatch, database: Database) -> list[str]:
    """Return the lines of the samples whose measurement stands in this database."""
    own = (one for one in batch.samples if one.measurement.database is database)
    return [line for sample in own if (line := sample_line(sample))]


def event_line(event: Event) -> str:
    """Return an event as one line at its onset; a later state of it overwrites the line."""
    facts = {name: getattr(event, name, None) for name in (*EVENT.tags, *EVENT.names())}
    facts |= {"class": event.event_class, "open": event.end_ms is None}
    facts["contributors"] = json.dumps(event.contributors) if event.contributors else None
    facts["of"] = event.of or None
    return _line(EVENT, facts, facts, event.onset_ms)


def incident_line(incident: Incident) -> str:
    """Return an incident as one line at its opening; a later state of it overwrites that."""
    closed = incident.closed_ms
    facts = {name: getattr(incident, name) for name in INCIDENT_FACTS} | {
        "class": incident.incident_class,
        "channels": ", ".join(incident.channels),
        "open": closed is None,
        "notified": bool(incident.notified),
        "level": level_of(incident.incident_class, incident.severity),
        "duration_s": None if closed is None else (closed - incident.opened_ms) / 1000,
    }
    tags = {name: getattr(incident, name) for name in INCIDENT.tags}
    return _line(INCIDENT, tags, facts, incident.opened_ms)


def sample_line(sample: Sample) -> str:
    """Return a sample as one line; empty when not one of its fields has a value."""
    return _line(sample.measurement, sample.tags, sample.fields, sample.time_ms)


def _line(
    measurement: Measurement, tags: Mapping[str, Any], fields: Mapping[str, Any], time_ms: int
) -> str:
    named = "".join(tag(key, tags.get(key) or "") for key in measurement.tags)
    values = ",".join(
        f"{field.name}={_WRITTEN[field.type](value)}"
        for field in measurement.fields
        if (value := fields.get(field.name)) is not None
        and not (isinstance(value, float) and not math.isfinite(value))
    )
    return f"{measurement.name}{named} {values} {time_ms}" if values else ""


_WRITTEN: dict[FieldType, Callable[[Any], str]] = {
    FieldType.FLOAT: lambda value: repr(float(value)),
    FieldType.INTEGER: lambda value: f"{int(value)}i",
    FieldType.BOOLEAN: lambda value: "true" if value else "false",
    FieldType.STRING: string,
}
