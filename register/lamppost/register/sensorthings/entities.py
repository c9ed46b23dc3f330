"""What an entity says of itself: rows to the properties that SensorThings 1.1 demands."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping

GEOJSON = "application/geo+json"
OM = "http://www.opengis.net/def/observationType/OGC-OM/2.0/"
UCUM = "http://unitsofmeasure.org"
PROPERTY = "urn:lamppost:observed-property:"

INTEGERS = frozenset(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))


def iso(time_ms: int) -> str:
    """Return a time as text, UTC with milliseconds."""
    at = datetime.fromtimestamp(time_ms / 1_000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def observation_type(datatype: str) -> str:
    """Return the address of O&M's type for a Sparkplug datatype in small letters."""
    if datatype == "boolean":
        return OM + "OM_TruthObservation"
    if datatype in INTEGERS:
        return OM + "OM_CountObservation"
    if datatype in {"float", "double"}:
        return OM + "OM_Measurement"
    return OM + "OM_Observation"


def thing(row: RowMapping) -> dict[str, Any]:
    """An asset, or a node that measures."""
    return {
        "name": row["name"],
        "description": f"{row['class']} {row['name']}",
        "properties": _known(row, "class", "district", "owner", "operator", "criticality"),
    }


def location(row: RowMapping) -> dict[str, Any]:
    """Where an asset is."""
    return {
        "name": row["name"],
        "description": f"where {row['name']} is",
        "encodingType": GEOJSON,
        "location": row["geometry"],
        "properties": _known(row, "class", "district", "owner"),
    }


def historical_location(row: RowMapping) -> dict[str, Any]:
    """Since when it is there."""
    return {"time": iso(row["since_ms"])}


def datastream(row: RowMapping) -> dict[str, Any]:
    """The observations of one channel in one unit."""
    where = "/".join(filter(None, (row["group"], row["node"], row["device"])))
    unit = row["unit"] or None
    return {
        "name": row["name"],
        "description": f"{row['name']} at {where}",
        "observationType": observation_type(row["datatype"]),
        "unitOfMeasurement": {
            "name": unit,
            "symbol": unit,
            "definition": unit and UCUM,
        },
        "properties": {
            "group": row["group"],
            "node": row["node"],
            "device": row["device"],
            "validFrom": iso(row["since_ms"]),
            "validTo": None if row["until_ms"] is None else iso(row["until_ms"]),
            "kind": "observation",
        },
    }


def sensor(row: RowMapping) -> dict[str, Any]:
    """The instrument behind a channel."""
    calibrated, due = row["calibrated_ms"], row["calibration_due_ms"]
    return {
        "name": row["name"],
        "description": f"instrument of {row['id']}",
        "encodingType": "text/plain",
        "metadata": row["certificate"] or "no certificate is on record",
        "properties": {
            "rangeLow": row["low"],
            "rangeHigh": row["high"],
            "ratePerSecond": row["rate_per_s"],
            "unit": row["unit"],
            "calibrated": None if calibrated is None else iso(calibrated),
            "calibrationDue": None if due is None else iso(due),
        },
    }


def observed_property(row: RowMapping) -> dict[str, Any]:
    """What a class of channels measures."""
    return {
        "name": row["name"],
        "definition": PROPERTY + row["name"],
        "description": f"{row['name'].replace('_', ' ')}, as channels declare it",
    }


def feature(row: RowMapping) -> dict[str, Any]:
    """What an observation tells of: the asset, or the node where nothing is bound."""
    return {
        "name": row["name"],
        "description": f"{row['class']} {row['name']}",
        "encodingType": GEOJSON,
        "feature": {
            "type": "Feature",
            "geometry": row["geometry"],
            "properties": {"name": row["name"], "class": row["class"]},
        },
    }


def _known(row: RowMapping, *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names if row[name] is not None}
