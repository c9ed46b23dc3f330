"""The sentences: numbers, units and times that a person can act on."""

from dataclasses import replace

import pytest

from lamppost.aggregator.alarms import event as e
from lamppost.aggregator.alarms.event import Event
from lamppost.aggregator.alarms.reasons import clock, duration, number, reason

AT = 1_699_970_602_000  # 14:03:22Z

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
