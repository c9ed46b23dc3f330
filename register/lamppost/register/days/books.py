"""The books of nodes, day by day: what they took and brought, and whether more has come."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from lamppost.register.days.day import DAY_MS
from lamppost.register.days.desk import Wanting
from lamppost.register.days.tables import OBSERVED, channel_day, node_day
from lamppost.register.live import LedgerView
from lamppost.register.records.births import node_id
from lamppost.register.records.store import Register
from lamppost.register.records.tables import channel, device

EVERY_MS = 60_000
SETTLE_MS = 3_600_000
"""So long nothing more of a day must have come before it is made anew."""

HELD_BACK_MAX_MS = DAY_MS
"""A node that still says it holds something of a day is not waited for longer than this."""

LOOKED_AT_MAX = 100


class Books:
    """Keeps the ledger's lines of past days; those of today still change all the time."""

    def __init__(self) -> None:
        self._next_ms = 0
        self._known: dict[tuple[str, int], LedgerView] = {}

    def follow(self, register: Register, ledger: Sequence[LedgerView], now_ms: int) -> None:
        """Keep what has changed, once a minute."""
        if now_ms < self._next_ms:
            return
        self._next_ms = now_ms + EVERY_MS
        today_ms = now_ms // DAY_MS * DAY_MS
        lines = {
            (node_id(one.group, one.node), _day_ms(one.day)): one
            for one in ledger
            if _day_ms(one.day) < today_ms
        }
        changed = {key: one for key, one in lines.items() if self._known.get(key) != one}
        if changed:
            with register.database.writing() as connection:
                for (node, day_ms), one in changed.items():
                    _keep(connection, node, day_ms, one, now_ms)
        self._known = lines


def _keep(connection: Connection, node: str, day_ms: int, one: LedgerView, now_ms: int) -> None:
    here = (node_day.c.node == node, node_day.c.day_ms == day_ms)
    known = connection.execute(select(node_day).where(*here)).mappings().first()
    facts = {
        "taken": one.taken, "stored": one.stored, "evicted": one.evicted,
        "in_flight": one.in_flight, "lost": one.lost, "duplicates": one.duplicates,
    }  # fmt: skip
    if known is not None and all(known[name] == value for name, value in facts.items()):
        return
    made_of = 0 if known is None else known["made_of"]
    row = {"node": node, "day_ms": day_ms, "changed_ms": now_ms, "made_of": made_of, **facts}
    connection.execute(delete(node_day).where(*here))
    connection.execute(insert(node_day), row)


def outdated(
    connection: Connection, now_ms: int, newest_ms: int, limit: int
) -> tuple[int, list[Wanting]] | None:
    """Return a day, with some channels, of which more has come than its rows were made of.

    Args:
        connection: From `Database.writing`: days that are found to be whole are marked so.
        now_ms: The time.
        newest_ms: The newest day that is filled.
        limit: How many channels at most.
    """
    settled = and_(
        node_day.c.changed_ms <= now_ms - SETTLE_MS,
        or_(node_day.c.in_flight == 0, node_day.c.changed_ms <= now_ms - HELD_BACK_MAX_MS),
    )
    asked = (
        select(node_day)
        .where(node_day.c.stored > node_day.c.made_of, settled)
        .where(node_day.c.day_ms <= newest_ms)
        .order_by(node_day.c.day_ms, node_day.c.node)
        .limit(LOOKED_AT_MAX)
    )
    for line in connection.execute(asked).all():
        lacking = (
            select(channel.c.id, channel.c.unit, channel.c.heartbeat_ms)
            .join(device, device.c.id == channel.c.device)
            .join(channel_day, channel_day.c.channel == channel.c.id)
            .where(device.c.node == line.node, channel_day.c.day_ms == line.day_ms)
            .where(channel_day.c.provenance.in_(OBSERVED))
            .where(or_(
                channel_day.c.node_stored.is_(None), channel_day.c.node_stored < line.stored
            ))
            .order_by(channel.c.id)
            .limit(limit)
        )  # fmt: skip
        found = [Wanting(*row) for row in connection.execute(lacking)]
        if found:
            return line.day_ms, found
        connection.execute(
            update(node_day)
            .where(node_day.c.node == line.node, node_day.c.day_ms == line.day_ms)
            .values(made_of=line.stored)
        )
    return None


def _day_ms(day: str) -> int:
    return round(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1_000)
