"""The fields of an asset in a file: what each may hold, and what it becomes."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from lamppost.register.records.geometry import GeometryError, checked
from lamppost.register.records.ucum import is_unit
from lamppost.register.records.values import BASES

TEXT_CHARS_MAX = 200
ID_CHARS_MAX = 128
GEOMETRY_CHARS_MAX = 1_000_000
EXTERNAL = "ext:"
EXTERNAL_MAX = 20
UNITS = "a UCUM unit, such as L/s, m3/h, kW, m2 or {vehicle}/h"


class FieldError(ValueError):
    """A field does not hold what it may; the text says what came and what is allowed."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong with a row.

    Attributes:
        field: The field, or "" for the row as a whole.
        told: What came and what is allowed.
    """

    field: str
    told: str


def short(value: object) -> str:
    """Return a value for a message, cut when it is long."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def refusal(came: object, allowed: str) -> FieldError:
    """Return the error to raise."""
    return FieldError(f"came {short(came)}, allowed: {allowed}")


def _text(value: object) -> str:
    whole = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(whole, str):
        raise refusal(value, "text")
    if len(whole) > TEXT_CHARS_MAX or not whole.isprintable():
        raise refusal(value, f"at most {TEXT_CHARS_MAX} printable characters")
    return whole


def _id(value: object) -> str:
    text = _text(value)
    if (
        len(text) > ID_CHARS_MAX
        or any(mark in text for mark in "/?#%\\")
        or text in {".", ".."}
    ):
        allowed = f"at most {ID_CHARS_MAX} characters without / ? # % and \\"
        raise refusal(value, allowed)
    return text


def _number(value: object) -> float:
    allowed = "a finite number with a point for decimals"
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise refusal(value, allowed)
    try:
        number = float(value)
    except (ValueError, OverflowError) as error:
        raise refusal(value, allowed) from error
    if not math.isfinite(number) or (isinstance(value, str) and "_" in value):
        raise refusal(value, allowed)
    return number


def _capacity(value: object) -> float:
    number = _number(value)
    if number <= 0:
        raise refusal(value, "more than 0")
    return number


def _life(value: object) -> float:
    number = _number(value)
    if not 0 < number <= 1_000:
        raise refusal(value, "years, more than 0 and at most 1000")
    return number


def _population(value: object) -> int:
    number = _number(value)
    if not (0 <= number <= 1e11 and number == int(number)):
        raise refusal(value, "a whole number of people")
    return int(number)


def _criticality(value: object) -> int:
    number = _number(value)
    if number not in {1, 2, 3, 4, 5}:
        raise refusal(value, "1 (least) to 5 (most)")
    return int(number)


def _unit(value: object) -> str:
    text = _text(value)
    if not is_unit(text):
        raise refusal(value, UNITS)
    return text


def _basis(value: object) -> str:
    if value not in BASES:
        raise refusal(value, ", ".join(BASES))
    return str(value)


def _day(value: object) -> str:
    text = _text(value)
    try:
        found = date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise refusal(value, "a day as YYYY-MM-DD") from error
    if found != text:
        raise refusal(value, "a day as YYYY-MM-DD")
    return found


def _geometry(value: object) -> dict[str, Any]:
    parsed = value
    if isinstance(value, str):
        if len(value) > GEOMETRY_CHARS_MAX:
            raise refusal(value, f"at most {GEOMETRY_CHARS_MAX} characters")
        try:
            parsed = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise refusal(value, "a GeoJSON geometry") from error
    try:
        return checked(parsed)
    except GeometryError as error:
        raise FieldError(str(error)) from error


FIELDS: Mapping[str, tuple[str, Callable[[object], Any]]] = {
    "id": ("id", _id),
    "name": ("name", _text),
    "class": ("asset_class", _text),
    "parent": ("parent", _id),
    "owner": ("owner", _text),
    "operator": ("operator", _text),
    "district": ("district", _text),
    "criticality": ("criticality", _criticality),
    "capacity": ("capacity", _capacity),
    "capacity_unit": ("capacity_unit", _unit),
    "capacity_basis": ("capacity_basis", _basis),
    "installed_on": ("installed_on", _day),
    "design_life_years": ("design_life_years", _life),
    "geometry": ("geometry", _geometry),
    "length_m": ("length_m", _capacity),
    "population": ("population", _population),
}
"""Name in the file: column of the record, and what checks it."""

NEEDED = ("id", "name", "class")


def parsed(fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[Wrong]]:
    """Return the columns that a row sets, and everything that is wrong with it.

    `external_ids` holds the schemes that the row names, None for one to be taken away.

    A field that is there but empty sets its column to nothing; one that is not there leaves
    the column as it is.
    """
    columns: dict[str, Any] = {}
    wrong: list[Wrong] = []
    external: dict[str, str | None] = {}
    for name, value in fields.items():
        try:
            if name.startswith(EXTERNAL):
                external.update(_external(name, value))
            elif name in FIELDS:
                column, check = FIELDS[name]
                columns[column] = None if _is_empty(value) else check(_bare(value))
            else:
                known = ", ".join([*FIELDS, f"{EXTERNAL}SCHEME"])
                wrong.append(Wrong("", f"field: came {short(name)}, allowed: {known}"))
        except FieldError as error:
            wrong.append(Wrong(name, str(error)))
    if len(external) > EXTERNAL_MAX:
        wrong.append(Wrong(EXTERNAL, f"came {len(external)}, allowed: at most {EXTERNAL_MAX}"))
    if external:
        columns["external_ids"] = external
    return columns, wrong


def incomplete(columns: Mapping[str, Any]) -> list[Wrong]:
    """Return what is wrong with a whole record, as it would be after the import."""
    told = [
        Wrong(name, "came nothing, allowed: some text")
        for name in NEEDED
        if columns.get(FIELDS[name][0]) is None
    ]
    parts = ("capacity", "capacity_unit", "capacity_basis")
    given = [name for name in parts if columns.get(name) is not None]
    if given and len(given) < len(parts):
        for name in parts:
            if name not in given:
                why = f"{given[0]} needs it: a capacity has a number, a unit and a basis"
                told.append(Wrong(name, f"came nothing; {why} ({', '.join(BASES)})"))
    return told


def _external(name: str, value: object) -> dict[str, str | None]:
    scheme = name.removeprefix(EXTERNAL)
    if not scheme or len(scheme) > 40 or not scheme.isprintable():
        raise refusal(name, f"{EXTERNAL}SCHEME with 1 to 40 characters")
    return {scheme: None if _is_empty(value) else _text(_bare(value))}


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _bare(value: object) -> object:
    return value.strip() if isinstance(value, str) else value
