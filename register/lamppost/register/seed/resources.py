"""Data resources of the made-up city: datasets that gather, who serves, hosts and uses them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from lamppost.register.indicators.definitions import definitions
from lamppost.register.records.tables import node, stream
from lamppost.register.resources import deciding
from lamppost.register.seed.seeding import Seeding

OPEN = {"licence": "CC-BY-4.0", "personal_data": False, "access": "public"}

RESOURCES: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("dataset", "water-flows", "Flows of pumps",
     {"owner": "City Water", "steward": "ada", "gathers_class": "flow",
      "purpose": "load of pumps and leaks", "retention_days": 3_650}),
    ("dataset", "air-quality", "Particulates of the air masts",
     {"owner": "City Environment", "steward": "chen", "gathers_class": "particulates",
      "purpose": "air quality reporting", "retention_days": 3_650, **OPEN}),
    ("dataset", "energy-use", "Energy of lights and buildings",
     {"owner": "City Estates", "steward": "dilara", "gathers_class": "energy",
      "purpose": "energy reporting", "retention_days": 1_825}),
    ("dataset", "gas-readings", "Nitrogen dioxide", {"gathers_class": "gas"}),
    ("service", "sensorthings", "SensorThings API",
     {"owner": "City IT", "steward": "bjarne", "conforms_to": "OGC SensorThings 1.1",
      "endpoint_url": "https://data.city.example/v1.1", "cost_year": 4_000.0,
      "currency": "EUR", **OPEN}),
    ("system", "city-cloud", "Servers of the city", {"owner": "City IT", "cost_year": 18_000.0,
      "currency": "EUR"}),
    ("consumer", "control-room", "Control room of City Water",
     {"owner": "City Water", "steward": "ada", "purpose": "operation"}),
    ("consumer", "city-report", "Yearly report", {"owner": "City Council", "steward": "chen",
      "purpose": "indicators"}),
    ("agreement", "hosting", "Hosting contract", {"owner": "City IT", "steward": "bjarne"}),
)  # fmt: skip

CONNECTED = (
    ("dataset:water-flows", "consumer:control-room"),
    ("dataset:air-quality", "service:sensorthings"),
    ("dataset:energy-use", "consumer:city-report"),
    ("service:sensorthings", "consumer:city-report"),
    ("system:city-cloud", "service:sensorthings"),
    ("agreement:hosting", "service:sensorthings"),
)

DUE_DAYS = {"water-flows": 200, "air-quality": -20, "sensorthings": 40}
ENDS_DAYS = {
    "city-cloud": ("support_end_on", 120),
    "hosting": ("contract_end_on", 60),
}
INDICATORS = 3
COST_YEAR = 240.0
STREAMS_PRICED = 20
TWICE = "%/pm10"
"""Measured by the station and by what a pilot left beside it: one of both would do."""


def data_resources(seeding: Seeding) -> None:
    """Enter them; some have no steward, no consumer or an old review, to be found."""
    with seeding.register.database.reading() as connection:
        nodes = list(connection.execute(select(node.c.id).order_by(node.c.id)).scalars())
        running = select(stream.c.id).order_by(stream.c.id).limit(STREAMS_PRICED)
        twice = select(stream.c.id).where(stream.c.channel.like(TWICE)).order_by(stream.c.id)
        streams = [
            *dict.fromkeys(
                [*connection.execute(running).scalars(), *connection.execute(twice).scalars()]
            )
        ]
    with seeding.writing(seeding.now_ms) as writer:
        for kind, one, name, facts in RESOURCES:
            dated = {**facts, **_dates(one, seeding.now_ms), "name": name}
            if kind == "dataset":
                dated["provenance"] = "synthetic"
            deciding.enter(writer, one, kind, dated)
        for one in nodes[::2]:
            deciding.enter_about(writer, "node", one, {"owner": "City IT", "steward": "bjarne"})
        for one in streams:
            cost = {"cost_year": COST_YEAR, "currency": "EUR", "provenance": "synthetic"}
            deciding.enter_about(writer, "stream", one, cost)
        for source, target in (*CONNECTED, *_reported()):
            deciding.connect(writer, source, target, "demo city")
        deciding.attest(writer, "water-flows", "ada", 1, None)
    seeding.count("resources", len(RESOURCES) + len(nodes[::2]) + len(streams))
    seeding.count("flows", len(CONNECTED) + INDICATORS)


def _dates(one: str, now_ms: int) -> dict[str, str]:
    today = datetime.fromtimestamp(now_ms / 1_000, UTC).date()
    found = {"review_due_on": DUE_DAYS[one]} if one in DUE_DAYS else {}
    if one in ENDS_DAYS:
        name, days = ENDS_DAYS[one]
        found[name] = days
    return {name: (today + timedelta(days=days)).isoformat() for name, days in found.items()}


def _reported() -> list[tuple[str, str]]:
    first = list(definitions())[:INDICATORS]
    return [("consumer:city-report", f"indicator:{one}") for one in first]
