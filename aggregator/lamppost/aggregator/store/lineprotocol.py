"""Line protocol: what a batch looks like on its way into InfluxDB.

What measurements, tags and fields there are stands in `lamppost.wire.series`. Times are
milliseconds. A field that is not a finite number is left out.
"""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from lamppost.aggregator.alarms.event import Event
from lamppost.aggregator.alarms.incident import Incident
from lamppost.aggregator.alarms.levels import level_of
from lamppost.aggregator.nodes.series import SeriesInfo
from lamppost.aggregator.store.seam import Sample, StoreBatch
from lamppost.wire.series import EVENT, INCIDENT, READING, TEXT, FieldType, Measurement

INCIDENT_FACTS = tuple(Incident.__dataclass_fields__)
MAX_TEXT_CHARS = 16_000  # InfluxDB takes 64 KiB a string, and four bytes a character may be
NUMBERS = READING.names(FieldType.FLOAT)
# repr of a float64 and nine digits of a float32 read back as the very same number.
FORMATS = tuple(f"{name}=%r" if name == "value" else f"{name}=%.9g" for name in NUMBERS)
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
        self._tags: dict[int, tuple[SeriesInfo, str]] = {}

    def of(self, batch: StoreBatch) -> list[str]:
        """Return the lines of the raw database: readings in their order, then texts."""
        lines = self._readings(batch)
        for row in batch.texts:
            tags = self._tags_of(row.series, batch.series)
            lines.append(f"{TEXT.name}{tags} text={string(row.text)} {row.time_ms}")
        return lines

    def _tags_of(self, index: int, series: Mapping[int, SeriesInfo]) -> str:
        info = series[index]
        known = self._tags.get(index)
        if known is not None and known[0] is info:
            return known[1]
        tags = "".join(tag(key, getattr(info, key)) for key in READING.tags)
        self._tags[index] = info, tags
        return tags

    def _readings(self, batch: StoreBatch) -> list[str]:
        """Return the lines of the readings.

        Rows are formatted together with all others that have the same fields, by one template:
        a test for each field of each row would take longer than the formatting itself.
        """
        if not len(batch):
            return []
        unique, place = np.unique(batch.index, return_inverse=True)
        tags = [self._tags_of(index, batch.series) for index in unique.tolist()]
        present = np.zeros(len(batch), np.uint8)
        for bit, name in enumerate(NUMBERS):
            present |= np.isfinite(getattr(batch, name)).astype(np.uint8) << bit
        patterns = np.unique(present).tolist()
        if len(patterns) == 1:
            return list(_formatted(batch, tags, place, patterns[0], None))
        lines = [""] * len(batch)
        for pattern in patterns:
            rows = np.nonzero(present == pattern)[0]
            made = _formatted(batch, tags, place, pattern, rows)
            for row, line in zip(rows.tolist(), made, strict=True):
                lines[row] = line
        return lines


def _formatted(
    batch: StoreBatch, tags: list[str], place: np.ndarray, pattern: int, rows: np.ndarray | None
) -> Iterator[str]:
    wanted = [bit for bit in range(len(NUMBERS)) if pattern >> bit & 1]
    fields = ",".join([*(FORMATS[bit] for bit in wanted), "flags=%di"])
    template = f"{READING.name}%s {fields} %d"
    columns = [getattr(batch, NUMBERS[bit]) for bit in wanted] + [batch.flags, batch.time_ms]
    if rows is not None:
        place, columns = place[rows], [column[rows] for column in columns]
    names = map(tags.__getitem__, place.tolist())
    return map(
        template.__mod__, zip(names, *(column.tolist() for column in columns), strict=True)
    )


def ops_lines(batch: StoreBatch) -> list[str]:
    """Return the lines of the operations database: events, incidents, then samples."""
    lines = [event_line(event) for event in batch.events]
    lines += map(incident_line, batch.incidents)
    lines += (line for sample in batch.samples if (line := sample_line(sample)))
    return lines


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
