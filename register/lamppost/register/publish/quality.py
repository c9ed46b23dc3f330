"""Rows of quality: of devices each quarter of an hour, of streams when a day was kept.

What no asset with a district claims counts in its Sparkplug group, as it does for boards.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, select, tuple_

from lamppost.register.days.devices import DeviceGrade
from lamppost.register.days.quality import PARTS
from lamppost.register.days.tables import OBSERVED, channel_day
from lamppost.register.publish.rows import Row, Value
from lamppost.register.records.births import device_id
from lamppost.register.records.tables import asset, channel, link
from lamppost.wire.series import QUALITY

STREAMS_MAX = 10_000
"""At once; a city that has more is told in the next minutes."""

Mark = tuple[int, str, int]
"""When a day was kept, its channel and the day: where telling goes on."""


def devices(connection: Connection, grades: Iterable[DeviceGrade]) -> Iterator[Row]:
    """Give the grades of devices, at the end of their quarter."""
    told = list(grades)
    places = _places(connection) if told else {}
    for one in told:
        tags = {"group": one.group, "node": one.node, "device": one.device}
        where = places.get(device_id(one.group, one.node, one.device)) or one.group
        fields: dict[str, Value] = {**one.parts, **one.counts, "age_s": one.age_s}
        yield Row(QUALITY, one.time_ms, tags | {"district": where}, fields)


def streams(connection: Connection, after: Mark) -> tuple[list[Row], Mark]:
    """Return grades of streams whose day was kept after a mark, and the mark after them.

    They lie at their day, so a day that is made anew overwrites what was told of it.
    """
    order = channel_day.c.made_ms, channel_day.c.channel, channel_day.c.day_ms
    asked = (
        select(channel_day, channel.c.metric, channel.c.device)
        .join(channel, channel.c.id == channel_day.c.channel)
        .where(channel_day.c.made_ms >= after[0], tuple_(*order) > after)
        .where(channel_day.c.score.is_not(None))
        .where(channel_day.c.provenance.in_(OBSERVED))
        .order_by(*order)
        .limit(STREAMS_MAX)
    )
    rows = connection.execute(asked).mappings().all()
    if not rows:
        return [], after
    places, last = _places(connection), rows[-1]
    told = [_stream(dict(row), places.get(row["device"])) for row in rows]
    return told, (last["made_ms"], last["channel"], last["day_ms"])


def _stream(told: Mapping[str, Any], district: str | None) -> Row:
    group, node, device = told["device"].split("/", 2)
    tags = {
        "group": group, "node": node, "device": device, "metric": told["metric"],
        "district": district or group,
    }  # fmt: skip
    fields: dict[str, Value] = {name: told[name] for name in ("score", *PARTS)}
    fields |= {
        "n": told["minutes"] + told["flagged"],
        "bad_n": told["flagged"],
        "late_n": told["late"],
        "gaps": told["gaps"],
        "series": 1,
    }
    return Row(QUALITY, told["day_ms"], tags, fields)


def _places(connection: Connection) -> dict[str, str]:
    """By device the district of the first asset that its channels tell of."""
    asked = (
        select(channel.c.device, asset.c.district)
        .join(link, link.c.channel == channel.c.id)
        .join(asset, asset.c.id == link.c.asset)
        .where(link.c.valid_to_ms.is_(None), asset.c.district.is_not(None))
        .order_by(link.c.id.desc())
    )
    return {device: district or "" for device, district in connection.execute(asked)}
