"""The sentences: numbers, units and times that a person can act on."""

from dataclasses import replace

import pytest

from lamppost.aggregator.alarms import event as e
from lamppost.aggregator.alarms.event import Event
from lamppost.aggregator.alarms.phrases import phrase
from lamppost.aggregator.alarms.reasons import clock, duration, number, reason

AT = 1_699_970_602_000  # 14:03:22Z
DAY_MS = 86_400_000

EVENT = Event(
    "id",
    "riverside",
    "pump-station-1",
    "pump-1",
    "pressure",
    e.PROCESS_ANOMALY,
    e.DEVIATION,
    AT,
    AT + 2_000,
    None,
    0.7,
    2.1,
    4.0,
    3.8,
    4.2,
    "bar",
    "",
)
PLACE = "pressure at riverside/pump-station-1/pump-1"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({}, f"{PLACE} fell to 2.1 bar; expected 4.0 bar (3.8 to 4.2) since 14:03:22Z"),
        (
            {"value": 6.0, "end_ms": AT + 108_000},
            (
                f"{PLACE} rose to 6.0 bar; expected 4.0 bar (3.8 to 4.2) since 14:03:22Z; "
                "over at 14:05:10Z after 1 min 48 s"
            ),
        ),
        (
            {"value": 3.92, "expected": 4.08},
            (
                f"{PLACE} departs from its habits since 14:03:22Z, within its band: "
                "3.9 bar, expected 4.1 bar (3.8 to 4.2)"
            ),
        ),
        (
            {"expected": None, "low": None, "high": None},
            f"{PLACE} departs from its habits since 14:03:22Z; at 2.1 bar",
        ),
        (
            {"detected_ms": AT + DAY_MS, "end_ms": AT + DAY_MS + 3_600_000},
            (
                f"{PLACE} fell to 2.1 bar; expected 4.0 bar (3.8 to 4.2) since "
                "2023-11-14 14:03:22Z; over at 15:03:22Z after 1 d 1 h"
            ),
        ),
        (
            {"end_ms": AT + DAY_MS},
            (
                f"{PLACE} fell to 2.1 bar; expected 4.0 bar (3.8 to 4.2) since 14:03:22Z; "
                "over at 2023-11-15 14:03:22Z after 1 d 0 h"
            ),
        ),
        (
            {"kind": e.STUCK, "value": 15.355},
            f"{PLACE} has stood at 15.355 bar since 14:03:22Z, longer than it ever does",
        ),
        (
            {"kind": e.SPIKE, "value": 9.53},
            f"{PLACE} jumped to 9.53 bar at 14:03:22Z and came back; expected 4.0 bar",
        ),
        (
            {"kind": e.RANGE, "value": 12.5, "low": 0.0, "high": 10.0, "expected": None},
            f"{PLACE} reads 12.5 bar, outside its declared 0 to 10 bar, since 14:03:22Z",
        ),
        (
            {"kind": e.RANGE, "value": -2.0, "low": 0.0, "high": None, "expected": None},
            f"{PLACE} reads -2 bar, outside its declared lowest, 0 bar, since 14:03:22Z",
        ),
        (
            {"kind": e.RANGE, "value": None, "low": None, "high": None, "unit": ""},
            f"{PLACE} reads no number, outside all that it has ever measured, since 14:03:22Z",
        ),
        (
            {"kind": e.DRIFT, "value": 4.75, "low": 3.5, "high": 4.5},
            (
                f"{PLACE} has left its neighbours of the same kind since 14:03:22Z: "
                "it reads 4.8 bar where they say 4.0 bar"
            ),
        ),
        ({"kind": e.GAP}, f"{PLACE} has given no usable value since 14:03:22Z"),
        (
            {"kind": e.NODE_OFFLINE, "device": "", "channel": ""},
            "node riverside/pump-station-1 is offline since 14:03:22Z",
        ),
        (
            {"kind": e.DEVICE_OFFLINE, "channel": ""},
            "device riverside/pump-station-1/pump-1 is offline since 14:03:22Z",
        ),
    ],
    ids=lambda value: str(value.get("kind", "deviation")) if isinstance(value, dict) else "",
)
def test_sentences(change: dict[str, object], sentence: str) -> None:
    """Each kind of event in its own words."""
    assert reason(replace(EVENT, **change)) == sentence  # type: ignore[arg-type]


def test_numbers_are_as_fine_as_their_band() -> None:
    """No more digits than tell two ends of the band apart."""
    assert number(2.12345, 0.4) == "2.1"
    assert number(2.12345, 0.01) == "2.123"
    assert number(34.56, 4.0) == "35"
    assert number(1234567.0, 1e5) == "1234567"
    assert number(0.000123456) == "0.0001235"
    assert number(1.0, float("inf")) == "1"
    assert number(-0.01, 0.4) == "0.0"
    assert number(1e300, 1e300) == "1e+300"
    assert number(2e-30, 1e-30) == "2e-30"


@pytest.mark.parametrize(
    ("value", "expected", "low", "high", "told"),
    [
        (4.84, 3.21, -3.3, 4.0, "rose to 4.8 bar; expected 3.2 bar (-3.3 to 4.0)"),
        (0.14, 2.06, 0.3, 9.0, "fell to 0.1 bar; expected 2.1 bar (0.3 to 9.0)"),
        (47.13, 40.2, 38.1, 42.2, "rose to 47 bar; expected 40 bar (38 to 42)"),
        (16.24, 15.81, 3.0, 29.0, "16.2 bar, expected 15.8 bar (3.0 to 29.0)"),
        (0.2, 0.2001, -0.5, 0.6, "0.20 bar, expected 0.20 bar (-0.50 to 0.60)"),
    ],
)
def test_a_value_is_told_apart_from_what_was_expected(
    value: float, expected: float, low: float, high: float, told: str
) -> None:
    """A wide band does not round the value away."""
    event = replace(EVENT, value=value, expected=expected, low=low, high=high)
    assert told in reason(event)


def test_the_short_form_says_that_the_value_is_none_to_wonder_at() -> None:
    """As an incident tells it."""
    event = replace(EVENT, value=3.92, expected=4.08)
    assert phrase(event) == "pressure departs from its habits, at 3.9 bar (expected 3.8 to 4.2)"


def test_spans_in_two_units() -> None:
    """Seconds, minutes, hours, days."""
    spans = [0, 48_000, 108_000, 7_500_000, 273_600_000, -5]
    assert [duration(span) for span in spans] == [
        "0 s",
        "48 s",
        "1 min 48 s",
        "2 h 5 min",
        "3 d 4 h",
        "0 s",
    ]


def test_times_beyond_the_calendar_are_still_told() -> None:
    """A broken clock does not break the sentence."""
    assert clock(2**62) == f"{2**62} ms"
