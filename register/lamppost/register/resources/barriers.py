"""What stands in the way of using a resource together with others. Pure.

Each rule looks at one stream, dataset or service and says what is missing and what would take
the barrier away. A rule that finds nothing is no certificate: it only has not found anything.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lamppost.register.resources.graph import Graph
from lamppost.register.resources.loading import StreamSeen, World
from lamppost.register.resources.values import Resource

QUANTITY_KINDS: Mapping[str, str] = {
    "current": "ElectricCurrent",
    "energy": "Energy",
    "flow": "VolumeFlowRate",
    "humidity": "RelativeHumidity",
    "level": "Depth",
    "no2": "MassConcentration",
    "noise": "SoundPressureLevel",
    "o3": "MassConcentration",
    "particulates": "MassConcentration",
    "pm10": "MassConcentration",
    "pm25": "MassConcentration",
    "power": "Power",
    "pressure": "Pressure",
    "so2": "MassConcentration",
    "speed": "Speed",
    "temperature": "Temperature",
    "vibration": "Velocity",
    "voltage": "Voltage",
    "volume": "Volume",
    "water_level": "Depth",
}
"""Classes of channels to the names of quantity kinds in the QUDT vocabulary."""

OPEN_FORMATS = (
    "application/geo+json", "application/json", "application/ld+json", "application/senml+json",
    "application/vnd.apache.parquet", "application/xml", "text/csv", "text/turtle",
    "application/geopackage+sqlite3", "application/netcdf",
)  # fmt: skip
"""Media types that anybody may read without paying or asking."""

OPEN_INTERFACES = ("sensorthings", "ngsi-ld", "openapi", "ogc", "dcat", "sparkplug", "wfs")
"""Words in `conforms_to` that name an interface with a public description."""

TIME_ZONE = "tz:"
"""How a keyword says in which time zone the times of a dataset are, as in "tz:UTC"."""

Told = tuple[str, str, str]
"""Rule, what is wrong, and what takes it away."""


@dataclass(frozen=True, slots=True)
class Barrier:
    """Something in the way.

    Attributes:
        key: KIND:ID.
        kind: "stream", "dataset" or "service".
        name: What people call it.
        owner: Who answers for it, or None.
        rule: Name of the rule.
        told: What is wrong, in words.
        remedy: What takes it away.
    """

    key: str
    kind: str
    name: str
    owner: str | None
    rule: str
    told: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Barriers:
    """What is in the way, counted and listed.

    Attributes:
        things: How many streams, datasets and services there are.
        free: How many of them have no barrier.
        rules: How many barriers by rule, the commonest first.
        items: All barriers, by kind and key.
    """

    things: int
    free: int
    rules: dict[str, int]
    items: tuple[Barrier, ...]


def barriers(there: World) -> Barriers:
    """Return what is in the way."""
    items = sorted(_all(there), key=lambda one: (one.kind, one.key, one.rule))
    kinds = Counter(one.kind for one in there.resources)
    things = len(there.streams) + kinds["dataset"] + kinds["service"]
    by_rule = Counter(one.rule for one in items)
    return Barriers(
        things,
        things - len({one.key for one in items}),
        dict(sorted(by_rule.items(), key=lambda pair: (-pair[1], pair[0]))),
        tuple(items),
    )


def _all(there: World) -> Iterator[Barrier]:
    resources = {f"{one.kind}:{one.id}": one for one in there.resources}
    about = {one.about: one for one in there.resources if one.kind == "stream"}
    for seen in there.streams:
        gathered = [
            resources[edge.target]
            for edge in there.graph.onward.get(seen.key, ())
            if edge.target in resources
        ]
        owner = _owner([about[seen.id]] if seen.id in about else [], gathered)
        for rule, told, remedy in _stream(seen, gathered, owner):
            yield Barrier(seen.key, "stream", seen.channel, owner, rule, told, remedy)
    for key, one in resources.items():
        if one.kind in RULES:
            for rule, told, remedy in RULES[one.kind](one, there.graph):
                yield Barrier(key, one.kind, one.name, one.owner, rule, told, remedy)


def _owner(about: list[Resource], gathered: list[Resource]) -> str | None:
    return next((one.owner for one in (*about, *gathered) if one.owner), None)


def _stream(seen: StreamSeen, gathered: list[Resource], owner: str | None) -> Iterator[Told]:
    if not seen.unit_ok:
        told = f"its unit {seen.unit[:40]!r} is not UCUM"
        yield "no_ucum_unit", told, "name a unit of UCUM where the sensor is bound"
    if not seen.measurand:
        yield (
            "no_measurand",
            "nobody says what it measures",
            "give its channel a class where the sensor is bound",
        )
    elif seen.measurand not in QUANTITY_KINDS:
        yield (
            "no_vocabulary",
            f"{seen.measurand[:40]!r} has no quantity kind in QUDT",
            f"use a class that has one, such as {', '.join(list(QUANTITY_KINDS)[:4])}",
        )
    if not gathered:
        yield "no_dataset", "it is in no dataset", "enter a dataset that gathers it"
    if owner is None:
        yield "no_owner", "nobody answers for it", "name an owner of its dataset"


def _dataset(one: Resource, whole: Graph) -> Iterator[Told]:
    key = f"dataset:{one.id}"
    yield from _common(one)
    if one.licence is None:
        yield "no_licence", "nobody may know how to use it", "choose a licence"
    if one.media_type is None:
        yield "no_format", "nobody says in which format it is", "say its media type"
    elif one.media_type.partition(";")[0].strip().lower() not in OPEN_FORMATS:
        told = f"{one.media_type[:60]!r} is no open format known here"
        yield "closed_format", told, "offer it as CSV, JSON or Parquet too"
    if one.conforms_to is None:
        yield "no_vocabulary", "it names no data model", "say what it conforms to"
    served = any(edge.target.startswith("service:") for edge in whole.onward.get(key, ()))
    if not served and one.endpoint_url is None:
        yield "no_open_interface", "no service serves it", "enter a service, or an address"
    fed = any(edge.source.startswith("stream:") for edge in whole.back.get(key, ()))
    if not fed and not any(word.startswith(TIME_ZONE) for word in one.keywords):
        told = "it comes from elsewhere, and nobody says in which time zone"
        yield "no_time_zone", told, f'add a keyword, such as "{TIME_ZONE}UTC"'


def _service(one: Resource, _whole: Graph) -> Iterator[Told]:
    yield from _common(one)
    if one.endpoint_url is None:
        yield "no_open_interface", "it has no address", "say its endpoint"
    elif not one.endpoint_url.startswith("https://"):
        yield "not_encrypted", "its address is not https", "serve it over TLS"
    if one.conforms_to is None:
        yield "no_open_interface", "it names no standard", "say what it conforms to"
    elif not any(word in one.conforms_to.lower() for word in OPEN_INTERFACES):
        told = f"{one.conforms_to[:60]!r} is no open interface known here"
        yield "closed_interface", told, f"offer one of: {', '.join(OPEN_INTERFACES)}"


def _common(one: Resource) -> Iterable[Told]:
    if one.owner is None:
        yield "no_owner", "nobody answers for it", "name an owner"
    if one.contact is None:
        yield "no_contact", "nobody can be asked", "name a contact"


RULES = {"dataset": _dataset, "service": _service}
"""By kind; streams have rules of their own."""

NAMES = (
    "no_ucum_unit", "no_measurand", "no_vocabulary", "no_dataset", "no_owner", "no_contact",
    "no_licence", "no_format", "closed_format", "no_open_interface", "closed_interface",
    "not_encrypted", "no_time_zone",
)  # fmt: skip
"""All rules."""
