"""Readings: each one as it was judged, and windows of them."""

from lamppost.wire.series.schema import (
    FLOAT,
    INTEGER,
    OPS,
    RAW,
    ROLLUP,
    STRING,
    Database,
    Measurement,
    fields_of,
)

READING = Measurement(
    "reading",
    RAW,
    ("device", "group", "metric", "node"),
    (
        *fields_of(FLOAT, "value", "expected", "low", "high", "score", "severity", "p"),
        *fields_of(INTEGER, "flags"),
    ),
)
"""A judged reading at its own time; `device` is absent for a metric of the node itself.

It carries no tag of its asset: who binds a sensor to another asset must not make a second
series of its readings, nor a second reading of one that is sent again.
"""

TEXT = Measurement("text", RAW, READING.tags, fields_of(STRING, "text"))
"""A reading whose value is text."""


def _window(name: str, database: Database) -> Measurement:
    return Measurement(
        name,
        database,
        READING.tags,
        (
            *fields_of(INTEGER, "n", "bad_n", "alarm_n"),
            *fields_of(FLOAT, "min", "max", "mean", "last", "p95"),
        ),
    )


READING_1M = _window("reading_1m", RAW)
READING_15M = _window("reading_15m", OPS)
READING_1H = _window("reading_1h", ROLLUP)
WINDOWS = {60_000: READING_1M, 900_000: READING_15M, 3_600_000: READING_1H}
"""The readings of a series in a window, at its start, by width in milliseconds.

`n` readings came, `bad_n` of them were not to be trusted (a sensor fault, or no value) and
`alarm_n` were process anomalies; the numbers are those of the trusted ones.
"""
