"""Colours, thresholds and value mappings: grey is normal, colour is kept for what is not.

ISA-101's habit for control rooms: a screen on which nothing is wrong has no colour, so that one
red number is seen from the other end of the room. Colour never stands alone: what it says is
also a word or a number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NORMAL = "#9aa3ad"
"""Grey that is readable on Grafana's light and dark backgrounds."""
ADVISORY = "#4f8fd0"
WARNING = "#e0a416"
CRITICAL = "#d9363e"
STALE = "#a35fc4"
"""Not known, which is neither good nor bad."""
BAND = "#6f8fae"
EXPECTED = "#7d8894"
VALUE = "#3d6fb5"
SHADES = (VALUE, EXPECTED, "#4f9d94", "#8fb3d9", "#b0956b", "#6b8e5a", "#c3c9d0")
"""Of lines that stand beside each other and mean nothing bad: none is a colour of alarm."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """From this value on, this colour; None is from the beginning."""

    value: float | None
    color: str


Thresholds = tuple[Threshold, ...]


def steps(*pairs: tuple[float, str], base: str = NORMAL) -> Thresholds:
    """Return thresholds: `base` up to the first value, then each colour from its value on."""
    return (Threshold(None, base), *(Threshold(value, color) for value, color in pairs))


GREY = steps()
ANY_IS_CRITICAL = steps((1, CRITICAL))
ANY_IS_WARNING = steps((1, WARNING))
ANY_IS_ADVISORY = steps((1, ADVISORY))
ANY_IS_STALE = steps((1, STALE))
NONE_IS_CRITICAL = steps((1, NORMAL), base=CRITICAL)
SHARE_OF_GOOD = steps((0.9, WARNING), (0.98, NORMAL), base=CRITICAL)
SHARE_OF_FULL = steps((0.7, WARNING), (0.9, CRITICAL))


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a value is called, and its colour."""

    text: str
    color: str = NORMAL


Meanings = Mapping[str, Meaning]

SEVERITIES: Meanings = {
    "0": Meaning("ok"),
    "1": Meaning("advisory", ADVISORY),
    "2": Meaning("warning", WARNING),
    "3": Meaning("critical", CRITICAL),
}
TRUE_FALSE: Meanings = {"true": Meaning("yes"), "false": Meaning("no")}
YES_NO: Meanings = {"0": Meaning("no"), "1": Meaning("yes")}
ONLINE: Meanings = {"0": Meaning("offline", CRITICAL), "1": Meaning("online")}
WORKS: Meanings = {"0": Meaning("down", CRITICAL), "1": Meaning("works")}
FULL: Meanings = {"0": Meaning("has room"), "1": Meaning("full", WARNING)}


def thresholds_json(thresholds: Thresholds) -> dict[str, Any]:
    """Return thresholds as a panel has them."""
    steps_json = [{"color": one.color, "value": one.value} for one in thresholds]
    return {"mode": "absolute", "steps": steps_json}


def silence_json(text: str) -> dict[str, Any]:
    """Return the mapping that shows a missing value as what it is: not known."""
    result = {"color": STALE, "index": 99, "text": text}
    return {"options": {"match": "null+nan", "result": result}, "type": "special"}


def mappings_json(meanings: Meanings) -> list[dict[str, Any]]:
    """Return value mappings as a panel has them."""
    if not meanings:
        return []
    options = {
        value: {"color": meaning.color, "index": index, "text": meaning.text}
        for index, (value, meaning) in enumerate(meanings.items())
    }
    return [{"options": options, "type": "value"}]
