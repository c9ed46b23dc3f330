"""Is a geometry GeoJSON (RFC 7946) that a map can draw?"""

import math
from collections.abc import Iterator
from typing import Any

POSITIONS_MAX = 10_000
GEOMETRIES_MAX = 100

_DEPTH = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "MultiLineString": 2,
    "Polygon": 2,
    "MultiPolygon": 3,
}
_LEAST = {"LineString": 2, "MultiLineString": 2, "Polygon": 4, "MultiPolygon": 4}


class GeometryError(ValueError):
    """A geometry is none; the text says what came and what is allowed."""


def checked(value: object) -> dict[str, Any]:
    """Return a geometry with nothing but its own members.

    Raises:
        GeometryError: it is not GeoJSON, not on the globe, or has too many positions.
    """
    budget = _Budget()
    return _geometry(value, budget, within=0)


class _Budget:
    def __init__(self) -> None:
        self._left = POSITIONS_MAX

    def spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise GeometryError(f"more than {POSITIONS_MAX} positions came")


def _geometry(value: object, budget: _Budget, within: int) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise GeometryError(f"came {_short(value)}, allowed: a GeoJSON geometry")
    kind = value.get("type")
    if kind == "GeometryCollection" and within == 0:
        parts = value.get("geometries")
        if not isinstance(parts, list) or not 1 <= len(parts) <= GEOMETRIES_MAX:
            raise GeometryError(f"geometries: allowed: a list of 1 to {GEOMETRIES_MAX}")
        members = [_geometry(part, budget, within + 1) for part in parts]
        return {"type": kind, "geometries": members}
    if not isinstance(kind, str) or kind not in _DEPTH:
        known = ", ".join([*_DEPTH, "GeometryCollection"])
        raise GeometryError(f"type: came {_short(kind)}, allowed: {known}")
    places = _places(value.get("coordinates"), _DEPTH[kind], budget)
    for line in _lines(places, _DEPTH[kind]):
        _check_line(kind, line)
    return {"type": kind, "coordinates": places}


def _places(value: object, depth: int, budget: _Budget) -> list[Any]:
    if depth == 0:
        budget.spend()
        return _position(value)
    if not isinstance(value, list) or not value:
        raise GeometryError(f"coordinates: came {_short(value)}, allowed: a list of positions")
    return [_places(item, depth - 1, budget) for item in value]


def _position(value: object) -> list[float]:
    if not isinstance(value, list) or not 2 <= len(value) <= 3:
        raise GeometryError(f"position: came {_short(value)}, allowed: [longitude, latitude]")
    numbers = []
    for item in value:
        is_number = isinstance(item, int | float) and not isinstance(item, bool)
        if not is_number or not abs(item) < math.inf or abs(item) > 1e9:
            raise GeometryError(f"position: came {_short(item)}, allowed: a finite number")
        numbers.append(float(item))
    if abs(numbers[0]) > 180 or abs(numbers[1]) > 90:
        allowed = "longitude -180 to 180, then latitude -90 to 90 (WGS 84 degrees)"
        raise GeometryError(f"position: came {_short(value)}, allowed: {allowed}")
    return numbers


def _lines(places: list[Any], depth: int) -> Iterator[list[Any]]:
    if depth == 1:
        yield places
    elif depth > 1:
        for part in places:
            yield from _lines(part, depth - 1)


def _check_line(kind: str, line: list[Any]) -> None:
    least = _LEAST.get(kind, 1)
    if len(line) < least:
        raise GeometryError(f"{kind}: came {len(line)} positions, allowed: {least} or more")
    if kind.endswith("Polygon") and line[0] != line[-1]:
        raise GeometryError(f"{kind}: a ring must end where it begins, at {line[0]}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
