"""Nodes, devices, channels and streams open and follow their births.

A birth is the whole truth of its device: a channel it does not name any more is closed, and
opens again when it returns. The same birth twice changes nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from lamppost.register.records.base import ID_CHARS_MAX
from lamppost.register.records.births import (
    WHO,
    BirthSeen,
    ChannelSeen,
    channel_id,
    device_id,
    node_id,
    stream_id,
)
from lamppost.register.records.declaring import Declarations
from lamppost.register.records.tables import channel, stream
from lamppost.register.records.ucum import is_unit
from lamppost.register.records.writing import IDS_A_QUERY, Row, Writer

TEXT_CHARS_MAX = 128
ASSET_CHARS_MAX = 256
REFUSED_MAX = 100


@dataclass(frozen=True, slots=True)
class Observed:
    """What a round of births changed.

    Attributes:
        births: Births that were taken.
        changes: Entries in the audit trail.
        refused: Channels that cannot be recorded, and why; at most `REFUSED_MAX`.
    """

    births: int
    changes: int
    refused: tuple[str, ...]


def observe(connection: Connection, births: Sequence[BirthSeen], now_ms: int) -> Observed:
    """Enter births, in the order they came.

    Args:
        connection: From `Database.writing`.
        births: What was born.
        now_ms: The time of the entries.
    """
    round_ = _Round(Writer(connection, WHO, now_ms))
    round_.load(births)
    for birth in births:
        round_.take(birth)
    return Observed(round_.taken, round_.writer.flush(), tuple(round_.refused))


class _Round:
    """One round of births, over what it has loaded."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.taken = 0
        self.refused: list[str] = []
        self._nodes: dict[str, Row] = {}
        self._devices: dict[str, Row] = {}
        self._channels: dict[str, dict[str, Row]] = {}
        self._streams: dict[str, Row] = {}
        self._declared = Declarations(writer)

    def load(self, births: Sequence[BirthSeen]) -> None:
        """Read everything these births may touch, in few queries."""
        self._nodes = self.writer.load("node", (node_id(b.group, b.node) for b in births))
        devices = [device_id(*birth.key) for birth in births]
        self._devices = self.writer.load("device", devices)
        known = list(self._devices)
        for start in range(0, len(known), IDS_A_QUERY):
            some = known[start : start + IDS_A_QUERY]
            of_these = channel.c.device.in_(some)
            rows = self.writer.take("channel", select(channel).where(of_these))
            for row in rows.values():
                self._channels.setdefault(row["device"], {})[row["id"]] = row
            running = (
                select(stream)
                .join(channel, channel.c.id == stream.c.channel)
                .where(of_these, stream.c.valid_to_ms.is_(None))
            )
            for row in self.writer.take("stream", running).values():
                self._streams[row["channel"]] = row
        named = (asset for b in births for one in b.channels if (asset := _asset(one.asset)))
        self._declared.load(known, named)

    def take(self, birth: BirthSeen) -> None:
        """Enter one birth; one that is older than the last of its device is past."""
        here = device_id(*birth.key)
        known = self._devices.get(here)
        if known is not None and birth.time_ms < known["last_birth_ms"]:
            return
        if not _storable(here):
            self._refuse(here)
            return
        self.taken += 1
        self._node(birth)
        self._device(here, birth)
        mine = self._channels.setdefault(here, {})
        named = set()
        for seen in birth.channels:
            one = channel_id(*birth.key, seen.metric)
            if not seen.metric or not _storable(one):
                self._refuse(one)
                continue
            named.add(one)
            self._channel(one, here, seen, birth.time_ms, mine)
        for one in mine.keys() - named:
            self._gone(mine[one], birth.time_ms)

    def _node(self, birth: BirthSeen) -> None:
        one = node_id(birth.group, birth.node)
        row = self._nodes.get(one)
        if row is None:
            facts = {
                "group": birth.group,
                "name": birth.node,
                "version": _text(birth.version or ""),
                "acks": bool(birth.acks),
                "last_birth_ms": birth.time_ms,
                "version_since_ms": birth.time_ms if birth.version else None,
            }
            self._nodes[one] = self.writer.create("node", one, facts, birth.time_ms)
            return
        told: Row = {"last_birth_ms": max(birth.time_ms, row["last_birth_ms"])}
        if birth.version is not None and _text(birth.version) != row["version"]:
            told |= {"version": _text(birth.version), "version_since_ms": birth.time_ms}
        if birth.acks is not None:
            told["acks"] = birth.acks
        self.writer.change("node", row, told)

    def _device(self, one: str, birth: BirthSeen) -> None:
        row = self._devices.get(one)
        if row is not None:
            self.writer.change("device", row, {"last_birth_ms": birth.time_ms})
            return
        facts = {
            "node": node_id(birth.group, birth.node),
            "name": birth.device,
            "last_birth_ms": birth.time_ms,
        }
        self._devices[one] = self.writer.create("device", one, facts, birth.time_ms)

    def _channel(
        self, one: str, here: str, seen: ChannelSeen, time_ms: int, mine: dict[str, Row]
    ) -> None:
        facts = _declared(seen)
        row = mine.get(one)
        if row is None:
            new = {"device": here, "metric": seen.metric, **_UNCALIBRATED, **facts}
            mine[one] = self.writer.create("channel", one, new, time_ms)
            is_new = True
        else:
            is_new = row["declared_asset"] != facts["declared_asset"]
            self.writer.reopen("channel", row)
            self.writer.change("channel", row, facts)
        self._declared.follow(mine[one], time_ms, is_new=is_new)
        same = {"unit": facts["unit"], "datatype": facts["datatype"]}
        if row is None:
            self._open_stream(one, same, time_ms)
        else:
            self._follow_stream(one, same, time_ms)

    def _follow_stream(self, channel_of: str, same: Row, time_ms: int) -> None:
        running = self._streams.get(channel_of)
        if running is not None:
            if all(running[name] == value for name, value in same.items()):
                return
            self.writer.close("stream", running, time_ms)
        one = stream_id(channel_of, time_ms)
        ended = self.writer.load("stream", [one]).get(one)
        if ended is not None:  # births of one millisecond: nothing can be in it yet
            self.writer.reopen("stream", ended)
            self.writer.change("stream", ended, same)
            self._streams[channel_of] = ended
            return
        self._open_stream(channel_of, same, time_ms)

    def _open_stream(self, channel_of: str, same: Row, time_ms: int) -> None:
        one, new = stream_id(channel_of, time_ms), {"channel": channel_of, **same}
        self._streams[channel_of] = self.writer.create("stream", one, new, time_ms)

    def _gone(self, row: Row, time_ms: int) -> None:
        self.writer.close("channel", row, time_ms)
        self._declared.gone(row["id"], time_ms)
        running = self._streams.pop(row["id"], None)
        if running is not None:
            self.writer.close("stream", running, time_ms)

    def _refuse(self, one: str) -> None:
        if len(self.refused) < REFUSED_MAX:
            allowed = f"1 to {ID_CHARS_MAX} characters of text"
            self.refused.append(f"name: came {one[:80]!r}, allowed: {allowed}")


_UNCALIBRATED: Row = {
    "calibrated_ms": None,
    "calibration_due_ms": None,
    "certificate": None,
    "accuracy": None,
    "uncertainty_class": None,
}


def _declared(seen: ChannelSeen) -> Row:
    unit = _text(seen.unit)
    return {
        "unit": unit,
        "unit_ok": unit == "" or is_unit(unit),
        "low": _number(seen.low),
        "high": _number(seen.high),
        "datatype": _text(seen.datatype),
        "channel_class": _text(seen.channel_class),
        "heartbeat_ms": seen.heartbeat_ms,
        "rate_per_s": _number(seen.rate_per_s),
        "declared_asset": _asset(seen.asset),
    }


def _number(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def _asset(value: str) -> str | None:
    """Return a name as it can be kept; one that had to be mended names no asset there is."""
    return _text(value.replace("\0", "\ufffd")[:ASSET_CHARS_MAX], ASSET_CHARS_MAX) or None


def _text(value: str, chars_max: int = TEXT_CHARS_MAX) -> str:
    """Return a text that every database takes; names are refused, facts are mended."""
    whole = value[:chars_max].replace("\0", "")
    return whole.encode(errors="replace").decode()


def _storable(one: str) -> bool:
    if len(one) > ID_CHARS_MAX or "\0" in one:
        return False
    try:
        one.encode()
    except UnicodeEncodeError:
        return False
    return True
