"""The entity sets of SensorThings 1.1, each with its properties and the ways to others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, Subquery

from lamppost.register.sensorthings import entities, sources

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Way:
    """A way from one entity set to another.

    Attributes:
        target: Name of the other entity set.
        mine: Column here that must equal `theirs` there.
        theirs: Column there.
        many: True when it leads to a collection.
    """

    target: str
    mine: str
    theirs: str
    many: bool


@dataclass(frozen=True, slots=True)
class EntitySet:
    """A collection of entities.

    Attributes:
        name: As it stands in addresses.
        source: A row for each entity; None where they come from the store of readings.
        body: Its properties, from a row.
        columns: Columns behind the properties that may be filtered and sorted by.
        ways: The ways to others, by their names.
    """

    name: str
    source: Subquery | None
    body: Callable[[RowMapping], Body]
    columns: Mapping[str, str]
    ways: Mapping[str, Way]


NAMED = {"id": "id", "name": "name"}
PLACED = NAMED | {f"properties/{name}": name for name in ("class", "district", "owner")}

SETS = {
    one.name: one
    for one in (
        EntitySet(
            "Things",
            sources.THINGS,
            entities.thing,
            PLACED | {"properties/criticality": "criticality"},
            {
                "Locations": Way("Locations", "id", "id", many=True),
                "HistoricalLocations": Way("HistoricalLocations", "id", "id", many=True),
                "Datastreams": Way("Datastreams", "id", "thing", many=True),
            },
        ),
        EntitySet(
            "Locations",
            sources.PLACES,
            entities.location,
            PLACED,
            {
                "Things": Way("Things", "id", "id", many=True),
                "HistoricalLocations": Way("HistoricalLocations", "id", "id", many=True),
            },
        ),
        EntitySet(
            "HistoricalLocations",
            sources.PLACES,
            entities.historical_location,
            {"id": "id", "time": "since_ms"},
            {
                "Thing": Way("Things", "id", "id", many=False),
                "Locations": Way("Locations", "id", "id", many=True),
            },
        ),
        EntitySet(
            "Datastreams",
            sources.DATASTREAMS,
            entities.datastream,
            NAMED | {"unitOfMeasurement/symbol": "unit", "properties/node": "node"},
            {
                "Thing": Way("Things", "thing", "id", many=False),
                "Sensor": Way("Sensors", "sensor", "id", many=False),
                "ObservedProperty": Way("ObservedProperties", "property", "id", many=False),
                "Observations": Way("Observations", "id", "datastream", many=True),
            },
        ),
        EntitySet(
            "Sensors",
            sources.SENSORS,
            entities.sensor,
            NAMED,
            {"Datastreams": Way("Datastreams", "id", "sensor", many=True)},
        ),
        EntitySet(
            "ObservedProperties",
            sources.PROPERTIES,
            entities.observed_property,
            NAMED,
            {"Datastreams": Way("Datastreams", "id", "property", many=True)},
        ),
        EntitySet(
            "FeaturesOfInterest",
            sources.THINGS,
            entities.feature,
            PLACED,
            {"Observations": Way("Observations", "id", "feature", many=True)},
        ),
        EntitySet(
            "Observations",
            None,
            dict,
            {},
            {
                "Datastream": Way("Datastreams", "datastream", "id", many=False),
                "FeatureOfInterest": Way("FeaturesOfInterest", "feature", "id", many=False),
            },
        ),
    )
}
"""All of them, by name."""
