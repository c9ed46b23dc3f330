"""What feeds what, by the register's hierarchy: a feeder or cabinet feeds the assets below it.

A supply is watched by the channels that tell of it. Its voltage, or the loss of the device that
reads it, explains what is wrong with devices that tell of assets below and of nothing else. The
nearest watched supply above counts; a supply that nobody watches explains nothing.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import Connection, select

from lamppost.aggregator.alarms.topology import Feed, Path
from lamppost.aggregator.rollup.bound import BOUND
from lamppost.aggregator.rollup.plan import MAX_CHANNELS
from lamppost.register.records.database import Database
from lamppost.register.records.tables import asset, channel, device, link, node

SUPPLIES = ("feeder", "cabinet")
"""Classes of assets that feed what is below them; also with something before, as in
`light_cabinet`."""

VOLTAGE = "voltage"
"""The class of channels whose deviation is a loss of supply."""

MAX_FED = 20_000
MAX_LEVELS = 50

Feeders = tuple[Feed, ...]

log = logging.getLogger(__name__)


class _Told(NamedTuple):
    """A channel that tells of an asset."""

    group: str
    node: str
    device: str
    metric: str
    channel_class: str
    asset: str


@dataclass(slots=True)
class _Hierarchy:
    """The assets that hold, and the channels that watch supplies."""

    parents: Mapping[str, str | None]
    supplies: frozenset[str]
    by: dict[tuple[str, str], set[Path]] = field(default_factory=dict)

    def watch(self, told: list[_Told]) -> None:
        """Find by what each supply is watched, in each group: its voltages, else devices."""
        watching = [one for one in told if one.asset in self.supplies]
        for one in watching:
            if one.channel_class == VOLTAGE:
                path = Path(one.node, one.device, one.metric)
                self.by.setdefault((one.asset, one.group), set()).add(path)
        with_voltage = set(self.by)
        for one in watching:
            if (one.asset, one.group) not in with_voltage:
                path = Path(one.node, one.device)
                self.by.setdefault((one.asset, one.group), set()).add(path)

    def supply(self, one: str, group: str) -> str | None:
        """The nearest watched supply above an asset."""
        above = self.parents.get(one)
        for _ in range(MAX_LEVELS):
            if above is None or (above, group) in self.by:
                return above
            above = self.parents.get(above)
        return None

    def feeds(self, group: str, assets: set[str]) -> str | None:
        """The supply of whoever tells of these assets; None when they have several or none."""
        found = {one: self.supply(one, group) for one in assets}
        supplies = set(found.values())
        below = {above for one, above in found.items() if one not in supplies}
        return below.pop() if len(below) == 1 else None


def feeders_of(database: Database) -> Feeders:
    """Read what the supplies of the city feed, at most MAX_FED devices and nodes.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database does not answer.
    """
    holding = select(asset.c.id, asset.c.asset_class, asset.c.parent).where(
        asset.c.valid_to_ms.is_(None)
    )
    with database.reading() as connection:
        rows = connection.execute(holding).all()
        supplies = frozenset(one for one, kind, _ in rows if _is_supply(kind))
        if not supplies:
            return ()
        told = list(_told(connection))
        devices = _devices(connection)
    hierarchy = _Hierarchy({one: parent for one, _, parent in rows}, supplies)
    hierarchy.watch(told)
    return _feeders(hierarchy, _fed(hierarchy, told), devices)


def _is_supply(asset_class: str) -> bool:
    return asset_class.rpartition("_")[2] in SUPPLIES


def _told(connection: Connection) -> Iterator[_Told]:
    query = (
        select(
            node.c.group,
            node.c.name,
            device.c.name,
            channel.c.metric,
            channel.c.channel_class,
            link.c.asset,
        )
        .select_from(BOUND)
        .where(
            link.c.valid_to_ms.is_(None),
            channel.c.valid_to_ms.is_(None),
            link.c.role != "environment",
        )
        .order_by(link.c.channel, link.c.asset)
        .limit(MAX_CHANNELS)
    )
    for row in connection.execute(query):
        yield _Told(*row)


def _devices(connection: Connection) -> dict[tuple[str, str], list[str]]:
    """The devices of each node that there are, its own metrics left out."""
    query = (
        select(node.c.group, node.c.name, device.c.name)
        .join(node, node.c.id == device.c.node)
        .where(device.c.valid_to_ms.is_(None), device.c.name != "")
    )
    found: dict[tuple[str, str], list[str]] = {}
    for group, name, one in connection.execute(query):
        found.setdefault((group, name), []).append(one)
    return found


def _fed(hierarchy: _Hierarchy, told: list[_Told]) -> dict[tuple[str, str, str], str]:
    """The supply of each device that has one; none feeds the device that watches it."""
    assets: dict[tuple[str, str, str], set[str]] = {}
    for one in told:
        assets.setdefault((one.group, one.node, one.device), set()).add(one.asset)
    fed = {}
    for place, telling in assets.items():
        supply = hierarchy.feeds(place[0], telling)
        if supply is not None and supply not in telling:
            fed[place] = supply
    return fed


def _feeders(
    hierarchy: _Hierarchy,
    fed: Mapping[tuple[str, str, str], str],
    devices: Mapping[tuple[str, str], list[str]],
) -> Feeders:
    paths: dict[tuple[str, str], set[Path]] = {}
    for (group, name, one), supply in fed.items():
        own = fed.get((group, name, ""))
        # A node goes dark as a whole where it is the lamp itself, not a gateway of many.
        is_whole = own == supply or (own is None and devices.get((group, name)) == [one])
        if is_whole and all(by.node != name for by in hierarchy.by[supply, group]):
            paths.setdefault((supply, group), set()).add(Path(name))
        elif one:
            paths.setdefault((supply, group), set()).add(Path(name, one))
    feeders: list[Feed] = []
    count = 0
    for supply, group in sorted(paths):
        feeds = tuple(sorted(paths[supply, group]))
        for by in sorted(hierarchy.by[supply, group]):
            count += len(feeds)
            if count > MAX_FED:
                log.warning("the supply %s and others mask nothing: too many to follow", supply)
                return tuple(feeders)
            feeders.append(Feed(feeds, by, group))
    return tuple(feeders)
