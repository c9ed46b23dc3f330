"""What entities of NGSI-LD have in common: ids, properties, relationships."""

from typing import Any
from urllib.parse import quote

Entity = dict[str, Any]


def urn(kind: str, one: str) -> str:
    """Return an entity's id; what an address cannot carry is percent-encoded."""
    return f"urn:ngsi-ld:{kind}:{quote(one, safe='')}"


def entity(kind: str, one: str) -> Entity:
    """Return an entity without anything said of it."""
    return {"id": urn(kind, one), "type": kind}


def said(value: object) -> Entity:
    """Return a property."""
    return {"type": "Property", "value": value}


def known(**values: object) -> Entity:
    """Return properties of what is known; None is not."""
    return {name: said(value) for name, value in values.items() if value is not None}


def refers(kind: str, one: str) -> Entity:
    """Return a relationship."""
    return {"type": "Relationship", "object": urn(kind, one)}


def lies(geometry: dict[str, Any]) -> Entity:
    """Return a place."""
    return {"type": "GeoProperty", "value": geometry}
