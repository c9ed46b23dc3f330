"""The page `/assets/ID`: what an asset is, how it is and why, what tells of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request
from sqlalchemy import select
from starlette.responses import Response

from lamppost.register import words
from lamppost.register.alarms import reading as alarm_reading
from lamppost.register.alarms.reading import AlarmsWanted
from lamppost.register.condition import reading
from lamppost.register.condition.values import AssetCondition
from lamppost.register.markup import Markup, tag
from lamppost.register.pages import quality
from lamppost.register.pages.alarm_list import STATE_TEXTS as ALARM_TEXTS
from lamppost.register.pages.asset_list import PATH
from lamppost.register.pages.boards import way
from lamppost.register.pages.map_focus import address
from lamppost.register.pages.sheets import facts, note, part
from lamppost.register.pages.showing import Drawn, show
from lamppost.register.pages.work_rows import STATE_TEXTS as WORK_TEXTS
from lamppost.register.records.deciding import known
from lamppost.register.records.newest import newest
from lamppost.register.records.store import Register
from lamppost.register.records.tables import commissioning, link
from lamppost.register.records.values import Asset, Commissioning
from lamppost.register.records.writing import Writer
from lamppost.register.work.tables import work_order
from lamppost.register.work.values import WorkOrder

SHOWN_MAX = 10
LINKS_MAX = 100


@dataclass(frozen=True, slots=True)
class Card:
    """What the page shows: the newest alarms and orders, and who tells of the asset."""

    asset: Asset
    condition: AssetCondition | None
    links: tuple[tuple[str, str], ...]
    commissioned: tuple[Commissioning, ...]
    quality: quality.Seen
    alarms: Sequence[Any]
    orders: Sequence[Any]


def load(register: Register, one: str) -> Card:
    """Read the card of an asset.

    Raises:
        RefusedError: there is no such asset.
    """
    linked = (
        select(link.c.channel, link.c.role)
        .where(link.c.asset == one, link.c.valid_to_ms.is_(None))
        .order_by(link.c.channel)
        .limit(LINKS_MAX)
    )
    of_it = [work_order.c.asset == one]
    with register.database.reading() as connection:
        asset = Asset(**known(Writer(connection, "", 0), "asset", one))
        wanted = AlarmsWanted({"asset": one}, limit=SHOWN_MAX)
        links = tuple((channel, role) for channel, role in connection.execute(linked))
        channels = list(dict.fromkeys(channel for channel, _ in links))
        return Card(
            asset,
            reading.condition(connection, one),
            links,
            newest(
                connection,
                commissioning,
                Commissioning,
                [commissioning.c.asset == one],
                "",
                SHOWN_MAX,
            ).items,
            quality.load(connection, channels),
            alarm_reading.page(connection, wanted).items,
            newest(connection, work_order, WorkOrder, of_it, "", SHOWN_MAX).items,
        )


def markup(card: Card, now_ms: int) -> Markup:
    """Return the card."""
    alarms = [
        _line(one.reason, ALARM_TEXTS[one.state], f"/alarms?{urlencode({'incident': one.id})}")
        for one in card.alarms
    ]
    orders = [
        _line(f"{one.id}: {one.title}", WORK_TEXTS[one.state], None) for one in card.orders
    ]
    links = [
        _line(channel, role.replace("_", " "), address(_device(channel)))
        for channel, role in card.links
    ]
    handed_over = [
        _line(_commissioned(one), one.device, _on_map(one.device)) for one in card.commissioned
    ]
    every = tag(
        "p.entry",
        tag("a", "All its work", href=f"/work?{urlencode({'asset': card.asset.id})}"),
    )
    return tag(
        "div.asset",
        _part(
            "What it is",
            [_facts(card.asset), way("asset", "Its board in Grafana", asset=card.asset.id)],
        ),
        _part("Condition", [_condition(card.condition, now_ms)]),
        _part("Channels that tell of it", [*handed_over, *links]),
        _part("Alarms, the newest first", alarms),
        _part("Work, the newest first", [*orders, every] if orders else []),
        quality.card(card.quality),
    )


def _device(channel: str) -> str:
    """Where a channel's device is on the map; the name of a metric may hold "/"."""
    return f"device:{'/'.join(channel.split('/', 3)[:3])}"


def _on_map(device: str) -> str:
    return address(f"{'device' if device.count('/') > 1 else 'node'}:{device}")


def _commissioned(one: Commissioning) -> str:
    """Say who has handed a device over, and what they had checked."""
    day = f"{datetime.fromtimestamp(one.valid_from_ms / 1_000, UTC):%Y-%m-%d}"
    checked = "all checks passed" if one.checks else "none checked"
    unheard = ", without data" if one.without_data is not None else ""
    channels = words.count(len(one.channels), "channel")
    return f"Commissioned {day} by {one.commissioned_by}: {channels}, {checked}{unheard}"


def _part(title: str, content: list[Markup]) -> Markup:
    return part(title, *(content or [note("None.")]))


def _line(what: str, state: str, href: str | None) -> Markup:
    shown = tag("a", what, href=href) if href else tag("span", what)
    return tag("p.entry", shown, " ", tag("span.sub", state))


def _facts(asset: Asset) -> Markup:
    rating = None
    if asset.capacity is not None:
        unit = words.unit(asset.capacity_unit or "")
        basis = asset.capacity_basis or "no basis"
        rating = f"{words.number(asset.capacity)} {unit} ({basis})"
    told = {
        "Id": asset.id,
        "Class": asset.asset_class,
        "Part of": asset.parent,
        "District": asset.district,
        "Owner": asset.owner,
        "Operator": asset.operator,
        "Criticality": None if asset.criticality is None else f"{asset.criticality} of 5",
        "Capacity": rating,
        "Installed": asset.installed_on,
    }
    return facts(told)


def _condition(found: AssetCondition | None, now_ms: int) -> Markup:
    if found is None:
        told = "None was found yet; an aggregator that runs finds it."
        return tag("p.entry.note", told)
    grade = "Unknown" if found.grade is None else f"{found.grade} of 5 (1 is best)"
    sure = f"confidence {found.confidence:.0%}, found {words.moment(found.time_ms, now_ms)}"
    return tag("div.entry", tag("b", grade), " ", tag("span.sub", sure), tag("p", found.reason))


async def build_asset(register: Register | None, request: Request, one: str) -> Response | None:
    """Build the page for a browser tab."""

    def draw(held: Register) -> Drawn:
        card = load(held, one)
        return Drawn(card.asset.name, markup(card, held.now_ms()))

    return await show(register, request, (f"{PATH}/{quote(one)}", "Asset"), draw)
