"""Where the entities come from: one SELECT for each entity set, over the register's tables.

Assets and nodes are Things ("asset:ID", "node:ID"). A stream is a Datastream of the asset that
its channel tells of, else of its node; a channel is the Sensor, its class the ObservedProperty.
"""

from sqlalchemy import Subquery, func, literal, select, union_all

from lamppost.register.records.tables import asset, channel, device, link, node, stream

ASSET, NODE = "asset:", "node:"
UNNAMED = "value"
"""What a channel observes that declares no class."""


def _things() -> Subquery:
    assets = select(
        (literal(ASSET) + asset.c.id).label("id"),
        asset.c.name,
        asset.c.asset_class.label("class"),
        asset.c.district,
        asset.c.owner,
        asset.c.operator,
        asset.c.criticality,
        asset.c.geometry,
        asset.c.valid_from_ms.label("since_ms"),
    ).where(asset.c.valid_to_ms.is_(None))
    nodes = select(
        (literal(NODE) + node.c.id).label("id"),
        node.c.name,
        literal("node").label("class"),
        literal(None).label("district"),
        literal(None).label("owner"),
        literal(None).label("operator"),
        literal(None).label("criticality"),
        literal(None).label("geometry"),
        node.c.valid_from_ms.label("since_ms"),
    ).where(node.c.valid_to_ms.is_(None))
    return union_all(assets, nodes).subquery("things")


def _places() -> Subquery:
    things = _things()
    return select(things).where(things.c.geometry.is_not(None)).subquery("places")


def _datastreams() -> Subquery:
    told = (
        select(literal(ASSET) + link.c.asset)
        .where(link.c.channel == channel.c.id, link.c.valid_to_ms.is_(None))
        .order_by(link.c.valid_from_ms.desc(), link.c.id)
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(
            stream.c.id,
            channel.c.id.label("sensor"),
            channel.c.metric.label("name"),
            stream.c.unit,
            stream.c.datatype,
            func.coalesce(func.nullif(channel.c.channel_class, ""), UNNAMED).label("property"),
            func.coalesce(told, literal(NODE) + node.c.id).label("thing"),
            node.c.group,
            node.c.name.label("node"),
            device.c.name.label("device"),
            stream.c.valid_from_ms.label("since_ms"),
            stream.c.valid_to_ms.label("until_ms"),
        )
        .join(channel, channel.c.id == stream.c.channel)
        .join(device, device.c.id == channel.c.device)
        .join(node, node.c.id == device.c.node)
        .subquery("datastreams")
    )


def _sensors() -> Subquery:
    return select(
        channel.c.id,
        channel.c.metric.label("name"),
        channel.c.unit,
        channel.c.low,
        channel.c.high,
        channel.c.rate_per_s,
        channel.c.certificate,
        channel.c.calibrated_ms,
        channel.c.calibration_due_ms,
    ).subquery("sensors")


def _properties() -> Subquery:
    named = func.coalesce(func.nullif(channel.c.channel_class, ""), UNNAMED)
    return select(named.label("id"), named.label("name")).distinct().subquery("properties")


THINGS = _things()
PLACES = _places()
DATASTREAMS = _datastreams()
SENSORS = _sensors()
PROPERTIES = _properties()
