"""Reads what the map is made of."""

import gc
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy import Connection, exists, or_, select

from lamppost.register.indicators.definitions import definitions
from lamppost.register.records.tables import asset, channel, device, link, node, stream
from lamppost.register.resources.graph import Edge, Graph, Thing, graph, joined
from lamppost.register.resources.places import Place, places
from lamppost.register.resources.tables import flow, resource
from lamppost.register.resources.values import BORN, FLOWS, Resource

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StreamSeen:
    """A stream that runs.

    Attributes:
        id: Its id.
        channel: Id of its channel.
        device: Id of its device.
        group: Sparkplug group of its node.
        measurand: What is measured, "" when unknown.
        unit: Its unit.
        unit_ok: False when that is not UCUM as this register knows it.
        key: Its key on the map; one string wherever it stands there, which is found faster.
    """

    id: str
    channel: str
    device: str
    group: str
    measurand: str
    unit: str
    unit_ok: bool = True
    key: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", f"stream:{self.id}")


@dataclass(frozen=True, slots=True)
class Stranger:
    """A stream that nobody has linked, whose birth names an asset that is not here.

    Attributes:
        stream: Its id.
        channel: Id of its channel.
        asset: The name that came.
        ended: True when there was such an asset; False when there never was.
    """

    stream: str
    channel: str
    asset: str
    ended: bool


@dataclass(frozen=True, slots=True)
class NodeSeen:
    """A node, and what it runs.

    Attributes:
        id: Its id.
        version: Of its agent, "" when it does not tell.
        since_ms: When it first told that version; None when nobody saw it begin.
    """

    id: str
    version: str
    since_ms: int | None


@dataclass(frozen=True, slots=True)
class Field:
    """What was born and is there, before anybody says anything about it.

    Attributes:
        streams: Those that run, by id.
        graph: Nodes, devices and streams.
        nodes: The nodes, by id.
    """

    streams: tuple[StreamSeen, ...]
    graph: Graph
    nodes: tuple[NodeSeen, ...]


@dataclass(frozen=True, eq=False)
class World:
    """What there is now.

    Attributes:
        resources: Those that hold.
        streams: Those that run.
        graph: Everything with everything that flows.
        strangers: Streams of assets that are not here.
        places: Where channels are.
        nodes: What nodes run.
    """

    resources: tuple[Resource, ...]
    streams: tuple[StreamSeen, ...]
    graph: Graph
    strangers: tuple[Stranger, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict)
    nodes: tuple[NodeSeen, ...] = ()
    _found: dict[str, Any] = field(default_factory=dict)

    def once(self, name: str, find: Callable[[], T]) -> T:
        """Return what is found in this world, which does not change; it is looked for once."""
        if name not in self._found:
            self._found[name] = find()
        found: T = self._found[name]
        return found

    @cached_property
    def entries(self) -> Mapping[str, Resource]:
        """Resources by the key of what they are about."""
        return {f"{one.kind}:{one.about or one.id}": one for one in self.resources}

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Keys of all things, in their order."""
        return tuple(sorted(self.graph.things))


def world(connection: Connection) -> World:
    """Return what there is now."""
    there, told = born(connection), resources(connection)
    around = strangers(connection), places(connection)
    return peopled(connection, told, gathering(there, told), there, *around)


def born(connection: Connection) -> Field:
    """Return what was born and is there; of a large city it takes a second."""
    with _uncollected():
        streams = tuple(_streams(connection))
        running = select(node.c.id, node.c.version, node.c.version_since_ms).where(
            node.c.valid_to_ms.is_(None)
        )
        nodes = tuple(NodeSeen(*row) for row in connection.execute(running.order_by(node.c.id)))
        devices = connection.execute(
            select(device.c.id, device.c.node).where(device.c.valid_to_ms.is_(None))
        ).all()
        of_node = {one.id: f"node:{one.id}" for one in nodes}
        of_device = {one: f"device:{one}" for one, _ in devices}
        things = [
            *(Thing(key, "node", one) for one, key in of_node.items()),
            *(Thing(key, "device", one) for one, key in of_device.items()),
            *(Thing(seen.key, "stream", seen.id) for seen in streams),
        ]
        edges = [
            *(Edge(of_node[of], of_device[one], "has") for one, of in devices if of in of_node),
            *(
                Edge(of_device[seen.device], seen.key, "sends")
                for seen in streams
                if seen.device in of_device
            ),
        ]
        return Field(streams, graph(things, edges), nodes)


def resources(connection: Connection) -> tuple[Resource, ...]:
    """Return the resources that hold, by id."""
    columns = [resource.c[one.name] for one in fields(Resource)]
    holding = select(*columns).where(resource.c.valid_to_ms.is_(None)).order_by(resource.c.id)
    return tuple(Resource(*row) for row in connection.execute(holding))


def gathering(there: Field, told: Sequence[Resource]) -> Graph:
    """Return the field with the datasets that gather its streams by themselves."""
    datasets = {f"dataset:{one.id}": _thing(one) for one in told if _gathers(one)}
    with _uncollected():
        return joined(there.graph, datasets, gathered(told, there.streams))


def peopled(
    connection: Connection,
    told: tuple[Resource, ...],
    gathers: Graph,
    there: Field,
    unknown: tuple[Stranger, ...],
    where: Mapping[str, Place],
) -> World:
    """Return the world: the field that datasets gather, with all that people say of it.

    Args:
        connection: Sees the flows.
        told: The resources.
        gathers: The field with its datasets.
        there: The field.
        unknown: Streams of assets that are not here.
        where: Where channels are.
    """
    things = {
        f"indicator:{one.id}": Thing(f"indicator:{one.id}", "indicator", one.title)
        for one in definitions().values()
    }
    for one in told:
        key = f"{one.kind}:{one.about or one.id}"
        if one.kind not in BORN:
            things[key] = _thing(one)
        elif key in gathers.things:
            things[key] = Thing(key, one.kind, one.name, one.owner, one.steward, one.id)
    whole = joined(gathers, things, _flows(connection))
    return World(told, there.streams, whole, unknown, where, there.nodes)


def strangers(connection: Connection) -> tuple[Stranger, ...]:
    """Return streams that nobody has linked and whose birth names an asset not here, by id."""
    query = (
        select(stream.c.id, channel.c.id, channel.c.declared_asset, asset.c.id.is_not(None))
        .join_from(stream, channel, stream.c.channel == channel.c.id)
        .outerjoin(asset, asset.c.id == channel.c.declared_asset)
        .where(stream.c.valid_to_ms.is_(None), channel.c.declared_asset.is_not(None))
        .where(or_(asset.c.id.is_(None), asset.c.valid_to_ms.is_not(None)))
        .where(~exists().where(link.c.channel == channel.c.id, link.c.valid_to_ms.is_(None)))
        .order_by(stream.c.id)
    )
    rows = connection.execute(query)
    return tuple(Stranger(one, of, named, bool(ended)) for one, of, named, ended in rows)


def gathered(told: Sequence[Resource], streams: Sequence[StreamSeen]) -> Iterator[Edge]:
    """Give the edges of streams that fall into datasets by themselves."""
    asked: defaultdict[tuple[str | None, str | None], list[str]] = defaultdict(list)
    for one in told:
        if _gathers(one):
            asked[one.gathers_class, one.gathers_group].append(f"dataset:{one.id}")
    for seen in streams:
        for place in (
            (seen.measurand, seen.group), (seen.measurand, None), (None, seen.group),
        ):  # fmt: skip
            for dataset in asked.get(place, ()):
                yield Edge(seen.key, dataset, FLOWS["stream", "dataset"])


def _streams(connection: Connection) -> Iterator[StreamSeen]:
    query = (
        select(
            stream.c.id, channel.c.id, channel.c.device, node.c.group,
            channel.c.channel_class, stream.c.unit, channel.c.unit_ok,
        )
        .join_from(stream, channel, stream.c.channel == channel.c.id)
        .join(device, channel.c.device == device.c.id)
        .join(node, device.c.node == node.c.id)
        .where(stream.c.valid_to_ms.is_(None))
        .order_by(stream.c.id)
    )  # fmt: skip
    for row in connection.execute(query):
        yield StreamSeen(*row)


def _gathers(one: Resource) -> bool:
    return one.kind == "dataset" and bool(one.gathers_class or one.gathers_group)


def _thing(one: Resource) -> Thing:
    return Thing(f"{one.kind}:{one.id}", one.kind, one.name, one.owner, one.steward, one.id)


def _flows(connection: Connection) -> Iterator[Edge]:
    columns = (flow.c.source_kind, flow.c.source, flow.c.target_kind, flow.c.target)
    query = select(*columns).where(flow.c.valid_to_ms.is_(None)).order_by(flow.c.id)
    for kind, one, other_kind, other in connection.execute(query):
        how = FLOWS[kind, other_kind]
        yield Edge(f"{kind}:{one}", f"{other_kind}:{other}", how)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let the collector rest.

    Nothing is thrown away here, but of half a million new objects it would look at each again
    and again, which is half of the time.
    """
    rests = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if rests:
            gc.enable()
