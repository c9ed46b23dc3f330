"""Which asset a channel tells of, by its birth, while nobody has said so.

A birth names the asset; that is a statement of whoever has configured the node. It makes a link
of the role `ROLE`, asserted by `births`, from the birth on: another asset ends it and begins
another, no asset ends it. What people say counts more: beside a link of theirs there is none of
a birth, and a link that a person has ended is not made again until a birth names another asset.
An asset that the register does not have makes no link; the link begins when the asset comes.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, and_, exists, or_, select

from lamppost.register.records.births import WHO
from lamppost.register.records.links import end_link, link_id
from lamppost.register.records.tables import asset, channel, link
from lamppost.register.records.values import Role
from lamppost.register.records.writing import IDS_A_QUERY, Row, Writer

ROLE: Role = "state"
"""A birth says what a channel tells of, and no more; a load, say, is for people to declare."""


class Declarations:
    """The links of births, over what it has loaded.

    Args:
        writer: Takes the changes.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._links: dict[str, list[Row]] = {}
        self._assets: set[str] = set()

    def load(self, devices: Iterable[str], assets: Iterable[str]) -> None:
        """Read the links of all channels of devices, and which assets there are."""
        for some in _parts(devices):
            of_these = channel.c.device.in_(some)
            query = select(link).join(channel, channel.c.id == link.c.channel).where(of_these)
            for row in self._writer.take("link", query).values():
                self._links.setdefault(row["channel"], []).append(row)
        for some in _parts(assets):
            there = select(asset.c.id).where(
                asset.c.id.in_(some), asset.c.valid_to_ms.is_(None)
            )
            self._assets.update(self._writer.connection.execute(there).scalars())

    def follow(self, row: Row, at_ms: int, *, is_new: bool) -> None:
        """Let the link of a channel be as its birth declares.

        Args:
            row: The channel, as it is now.
            at_ms: When it was born.
            is_new: Its birth names another asset than the one before.
        """
        links = self._links.get(row["id"], ())
        declared = row["declared_asset"]
        running = [one for one in links if one["valid_to_ms"] is None]
        said = any(one["asserted_by"] != WHO for one in running)
        wanted = declared if declared in self._assets and not said else None
        for one in running:
            if one["asserted_by"] == WHO and one["asset"] != wanted:
                end_link(self._writer, one, WHO, at_ms)
            elif one["asserted_by"] == WHO:
                return
        if wanted is None or (not is_new and any(_denied(one, wanted) for one in links)):
            return
        self._open(row["id"], wanted, at_ms)

    def gone(self, channel_of: str, at_ms: int) -> None:
        """End what the birth of a channel said; it names the channel no more."""
        for one in self._links.get(channel_of, ()):
            if one["valid_to_ms"] is None and one["asserted_by"] == WHO:
                end_link(self._writer, one, WHO, at_ms)

    def _open(self, channel_of: str, wanted: str, at_ms: int) -> None:
        links = self._links.setdefault(channel_of, [])
        one = link_id(channel_of, wanted, ROLE, at_ms, WHO)
        ended = next((known for known in links if known["id"] == one), None)
        if ended is not None:  # births of one millisecond
            held = {"valid_to_ms": None, "ended_by": None}
            self._writer.change("link", ended, held, "reopen")
            return
        links.append(self._writer.create("link", one, _facts(channel_of, wanted), at_ms))


def settle(connection: Connection, now_ms: int) -> None:
    """Make the links that births have declared of assets that have only come since.

    Args:
        connection: From `Database.writing`.
        now_ms: The time of the links.
    """
    writer = Writer(connection, WHO, now_ms)
    of_it = link.c.channel == channel.c.id
    told = and_(of_it, link.c.valid_to_ms.is_(None))
    by_people = or_(link.c.ended_by.is_(None), link.c.ended_by != WHO)
    denied = and_(of_it, link.c.asset == asset.c.id, link.c.valid_to_ms.is_not(None), by_people)
    waiting = (
        select(channel.c.id, asset.c.id)
        .join(asset, asset.c.id == channel.c.declared_asset)
        .where(
            channel.c.valid_to_ms.is_(None),
            asset.c.valid_to_ms.is_(None),
            ~exists().where(or_(told, denied)),
        )
        .order_by(channel.c.id)
    )
    for one, wanted in connection.execute(waiting).all():
        made = link_id(one, wanted, ROLE, now_ms, WHO)
        writer.create("link", made, _facts(one, wanted), now_ms)
    writer.flush()


def _denied(row: Row, wanted: str) -> bool:
    """Whether a person has ended a link to an asset; before there were others, all did."""
    return row["asset"] == wanted and row["valid_to_ms"] is not None and row["ended_by"] != WHO


def _facts(channel_of: str, wanted: str) -> dict[str, Any]:
    return {
        "channel": channel_of,
        "asset": wanted,
        "role": ROLE,
        "asserted_by": WHO,
        "ended_by": None,
        "commissioning": None,
    }


def _parts(ids: Iterable[str]) -> Iterable[list[str]]:
    wanted = list(dict.fromkeys(ids))
    for start in range(0, len(wanted), IDS_A_QUERY):
        yield wanted[start : start + IDS_A_QUERY]
