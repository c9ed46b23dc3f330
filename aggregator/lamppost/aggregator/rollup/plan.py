"""What the register says of channels: the asset they tell of, its district, and where it is."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import select

from lamppost.aggregator.nodes.series import SeriesKey
from lamppost.aggregator.rollup.bound import BOUND
from lamppost.aggregator.rollup.places import middle
from lamppost.register.records.database import Database
from lamppost.register.records.tables import asset, channel, device, link, node

ROLES = ("state", "capacity_use", "proxy", "environment")
"""Of several links the first of these counts; the last one says only where a channel is."""

MAX_CHANNELS = 500_000


class Bound(NamedTuple):
    """A channel in the city.

    Attributes:
        asset: what it tells of, by its id; "" when it only tells of its surroundings.
        district: "" when unknown.
        latitude: of the asset, degrees, WGS 84; None when unknown.
        longitude: the same.
    """

    asset: str
    district: str
    latitude: float | None
    longitude: float | None


Plan = Mapping[SeriesKey, Bound]


def plan_of(database: Database) -> Plan:
    """Read the open links of all channels, at most MAX_CHANNELS.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database does not answer.
    """
    assets = select(asset.c.id, asset.c.district, asset.c.geometry).where(
        asset.c.valid_to_ms.is_(None)
    )
    links = (
        select(
            node.c.group,
            node.c.name,
            device.c.name.label("device"),
            channel.c.metric,
            link.c.role,
            link.c.asset,
        )
        .select_from(BOUND)
        .where(link.c.valid_to_ms.is_(None), channel.c.valid_to_ms.is_(None))
        .order_by(link.c.channel, link.c.asset)
        .limit(MAX_CHANNELS)
    )
    with database.reading() as connection:
        known = {
            one: (district or "", *middle(geometry))
            for one, district, geometry in connection.execute(assets)
        }
        rows = connection.execute(links).all()
    plan: dict[SeriesKey, Bound] = {}
    ranks: dict[SeriesKey, int] = {}
    for *name, role, one in rows:
        key, rank = SeriesKey(*name), ROLES.index(role)
        if one in known and rank < ranks.get(key, len(ROLES)):
            ranks[key] = rank
            plan[key] = Bound(one if role != ROLES[-1] else "", *known[one])
    return plan
