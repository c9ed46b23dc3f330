"""Reads what the map is made of."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, exists, or_, select

from lamppost.register.indicators.definitions import definitions
from lamppost.register.records.tables import asset, channel, device, link, node, stream
from lamppost.register.resources.graph import Edge, Graph, Thing, graph
from lamppost.register.resources.tables import flow, resource
from lamppost.register.resources.values import BORN, FLOWS, Resource


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
    """

    id: str
    channel: str
    device: str
    group: str
    measurand: str
    unit: str
    unit_ok: bool = True


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
class World:
    """What there is now.

    Attributes:
        resources: Those that hold.
        streams: Those that run.
        graph: Everything with everything that flows.
        strangers: Streams of assets that are not here.
    """

    resources: tuple[Resource, ...]
    streams: tuple[StreamSeen, ...]
    graph: Graph
    strangers: tuple[Stranger, ...] = ()


def world(connection: Connection) -> World:
    """Return what there is now."""
    holding = select(resource).where(resource.c.valid_to_ms.is_(None)).order_by(resource.c.id)
    rows = connection.execute(holding).mappings()
    resources = tuple(Resource(**row) for row in rows)
    streams = tuple(_streams(connection))
    things = [
        *_born(connection, resources, streams),
        *(_thing(one) for one in resources if one.kind not in BORN),
        *(
            Thing(f"indicator:{one.id}", "indicator", one.title)
            for one in definitions().values()
        ),
    ]
    edges = [
        *_wired(connection, streams),
        *gathered(resources, streams),
        *_flows(connection),
    ]
    return World(resources, streams, graph(things, edges), tuple(_strangers(connection)))


def gathered(
    resources: tuple[Resource, ...], streams: tuple[StreamSeen, ...]
) -> Iterator[Edge]:
    """Give the edges of streams that fall into datasets by themselves."""
    asked: defaultdict[tuple[str | None, str | None], list[str]] = defaultdict(list)
    for one in resources:
        if one.kind == "dataset" and (one.gathers_class or one.gathers_group):
            asked[one.gathers_class, one.gathers_group].append(f"dataset:{one.id}")
    for seen in streams:
        for place in (
            (seen.measurand, seen.group), (seen.measurand, None), (None, seen.group),
        ):  # fmt: skip
            for dataset in asked.get(place, ()):
                yield Edge(f"stream:{seen.id}", dataset, FLOWS["stream", "dataset"])


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


def _strangers(connection: Connection) -> Iterator[Stranger]:
    query = (
        select(stream.c.id, channel.c.id, channel.c.declared_asset, asset.c.id.is_not(None))
        .join_from(stream, channel, stream.c.channel == channel.c.id)
        .outerjoin(asset, asset.c.id == channel.c.declared_asset)
        .where(stream.c.valid_to_ms.is_(None), channel.c.declared_asset.is_not(None))
        .where(or_(asset.c.id.is_(None), asset.c.valid_to_ms.is_not(None)))
        .where(~exists().where(link.c.channel == channel.c.id, link.c.valid_to_ms.is_(None)))
        .order_by(stream.c.id)
    )
    for one, of, named, ended in connection.execute(query):
        yield Stranger(one, of, named, bool(ended))


def _born(
    connection: Connection, resources: tuple[Resource, ...], streams: tuple[StreamSeen, ...]
) -> Iterator[Thing]:
    """Give nodes, devices and streams, with what resources about them say."""
    about = {(one.kind, one.about): one for one in resources if one.about is not None}
    nodes = connection.execute(select(node.c.id).where(node.c.valid_to_ms.is_(None))).scalars()
    for one in nodes:
        yield _known(about.get(("node", one)), "node", one)
    there = select(device.c.id).where(device.c.valid_to_ms.is_(None))
    for one in connection.execute(there).scalars():
        yield _known(None, "device", one)
    for seen in streams:
        yield _known(about.get(("stream", seen.id)), "stream", seen.id)


def _known(told: Resource | None, kind: str, one: str) -> Thing:
    if told is None:
        return Thing(f"{kind}:{one}", kind, one)
    return Thing(f"{kind}:{one}", kind, told.name, told.owner, told.steward, told.id)


def _thing(one: Resource) -> Thing:
    return Thing(f"{one.kind}:{one.id}", one.kind, one.name, one.owner, one.steward, one.id)


def _wired(connection: Connection, streams: tuple[StreamSeen, ...]) -> Iterator[Edge]:
    pairs = select(device.c.id, device.c.node).where(device.c.valid_to_ms.is_(None))
    for one, of in connection.execute(pairs):
        yield Edge(f"node:{of}", f"device:{one}", "has")
    for seen in streams:
        yield Edge(f"device:{seen.device}", f"stream:{seen.id}", "sends")


def _flows(connection: Connection) -> Iterator[Edge]:
    columns = (flow.c.source_kind, flow.c.source, flow.c.target_kind, flow.c.target)
    query = select(*columns).where(flow.c.valid_to_ms.is_(None)).order_by(flow.c.id)
    for kind, one, other_kind, other in connection.execute(query):
        how = FLOWS[kind, other_kind]
        yield Edge(f"{kind}:{one}", f"{other_kind}:{other}", how)
