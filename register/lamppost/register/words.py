"""Numbers, units, times and spans in the words of the console."""

from datetime import UTC, datetime

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
NARROW = "\N{NARROW NO-BREAK SPACE}"

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

UNIT_SIGNS = {
    "Cel": "°C",
    "[degF]": "°F",
    "deg": "°",
    "m3": "m³",
    "m3/h": "m³/h",
    "m3/s": "m³/s",
    "ug/m3": "µg/m³",
    "mg/m3": "mg/m³",
    "m/s2": "m/s²",
    "[ppm]": "ppm",
    "[ppb]": "ppb",
    "Ohm": "Ω",
    "kW.h": "kWh",
    "kW.h/km": "kWh/km",
    "1/{area_km2}": "per km²",
    "1/{population_100k}": "per 100\N{NARROW NO-BREAK SPACE}000 people",
    "{count}": "",
    "1": "",
}
"""How a UCUM unit is written for a person, where that differs from its code."""

FLAG_TEXTS = {
    "range": "out of range",
    "stuck": "stuck",
    "spike": "spike",
    "gap": "nothing for too long",
    "bad": "device reports bad",
    "late": "late, not judged",
    "learning": "learning",
    "anomaly": "unexpected",
    "maintenance": "in maintenance",
}


def unit(code: str) -> str:
    """Return the sign a person expects for a UCUM code."""
    return UNIT_SIGNS.get(code, code)


def number(value: float) -> str:
    """Return a value with three to five significant digits, thousands parted."""
    size = abs(value)
    if size == 0:
        return "0"
    decimals = 0 if size >= 1_000 else 1 if size >= 100 else 2 if size >= 1 else 3
    text = f"{value:,.{decimals}f}" if 0.01 <= size < 1e9 else f"{value:.2e}"
    return text.replace(",", NARROW).replace("-", MINUS)


def integer(value: int) -> str:
    """Return a whole number, thousands parted."""
    return f"{value:,}".replace(",", NARROW).replace("-", MINUS)


def value_text(value: float | str | bool | None) -> str:
    """Return any channel value in words, without its unit."""
    if value is None:
        return "no value"
    if isinstance(value, bool):
        return "on" if value else "off"
    return value if isinstance(value, str) else number(value)


def count(amount: int, noun: str, plural: str = "") -> str:
    """Return "1 node", "3 nodes"."""
    return f"{integer(amount)} {noun if amount == 1 else plural or noun + 's'}"


def span(length_ms: float) -> str:
    """Return a length of time in the one unit that says enough: "45 s", "12 min", "61 h"."""
    length = max(length_ms, 0)
    if length < 2 * MINUTE_MS:
        return f"{length / SECOND_MS:.0f} s"
    if length < 2 * HOUR_MS:
        return f"{length / MINUTE_MS:.0f} min"
    if length < 3 * DAY_MS:
        return f"{length / HOUR_MS:.0f} h"
    return f"{integer(round(length / DAY_MS))} days"


def ago(time_ms: int, now_ms: int) -> str:
    """Return how long ago something was; below two seconds it is "now"."""
    age = now_ms - time_ms
    return "now" if age < 2 * SECOND_MS else f"{span(age)} ago"


def clock(time_ms: int) -> str:
    """Return the time of day in UTC, "02:41:07Z"."""
    return f"{datetime.fromtimestamp(time_ms / SECOND_MS, UTC):%H:%M:%S}Z"


def moment(time_ms: int, now_ms: int) -> str:
    """Return the time of day, with the date when it was not today."""
    then = datetime.fromtimestamp(time_ms / SECOND_MS, UTC)
    today = datetime.fromtimestamp(now_ms / SECOND_MS, UTC)
    return f"{then:%H:%M:%S}Z" if then.date() == today.date() else f"{then:%Y-%m-%d %H:%M}Z"


def flag(word: str) -> str:
    """Return a quality flag in words; one this console does not know is shown as it came."""
    return FLAG_TEXTS.get(word, word)


def kind(word: str) -> str:
    """Return the kind of an event in words."""
    return word.replace("_", " ")
