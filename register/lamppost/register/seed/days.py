"""Days of a made-up city: loads, some of them growing, use, air; and what follows of them."""

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import select

from lamppost.register.condition import desk as condition
from lamppost.register.days import desk as days
from lamppost.register.days.day import Day
from lamppost.register.live import ChannelView
from lamppost.register.records.tables import asset, channel, link
from lamppost.register.resting import Resting
from lamppost.register.seed.seeding import DAY_MS, HISTORY_DAYS, Seeding

CHANNELS_MAX = 1_000
WEATHER = ("particulates", "gas", "pm10", "o3", "so2", "temperature")
"""What all of the city sees alike."""

KEPT = ("flow", "energy", "volume", *WEATHER)
WITHOUT = "street_light"
"""Lights have a meter each; nobody needs four months of them."""

MEANS = {
    "flow": 38.0, "particulates": 11.0, "gas": 24.0, "pm10": 19.0, "o3": 28.0, "so2": 1.6,
    "temperature": 11.0,
}  # fmt: skip
RISES = {"energy": 78.0, "volume": 3.6}
"""Of a building's meter, a day."""

OTHER_RISES = {
    ("household", "energy"): 8.5, ("household", "volume"): 0.35, ("waterworks", "volume"): 62.0,
}  # fmt: skip
WARMER = {"urban_weather_station": 1.8}
GROWTH = (0.08, 0.0, 0.02, 0.0)
"""Of loads, a day."""

VIEWED_MS = 30_000
"""So long before the present the last reading of each channel was."""


def history(seeding: Seeding) -> None:
    """Days of load and use, some of them growing, with the forecasts that follow."""
    with seeding.register.database.reading() as connection:
        asked = (
            select(channel.c.id, channel.c.channel_class, asset.c.asset_class)
            .join(link, link.c.channel == channel.c.id)
            .join(asset, asset.c.id == link.c.asset)
            .where(channel.c.channel_class.in_(KEPT), asset.c.asset_class != WITHOUT)
            .order_by(channel.c.id)
            .limit(CHANNELS_MAX)
        )
        channels = connection.execute(asked).all()
    loads = [one for one, kind, _ in channels if kind == "flow"]
    growth = {one: GROWTH[n % len(GROWTH)] for n, one in enumerate(loads)}
    today_ms = seeding.now_ms // DAY_MS * DAY_MS
    with seeding.register.database.writing() as connection:
        for n in range(HISTORY_DAYS):
            weather = {kind: seeding.random.gauss(1.0, 0.15) for kind in WEATHER}
            told = {
                one: _day(seeding, kind, of, n, growth.get(one, 0.0), weather)
                for one, kind, of in channels
            }
            days.keep(connection, today_ms - (HISTORY_DAYS - n) * DAY_MS, told, seeding.now_ms)
        made = condition.forecast_loads(connection, loads, seeding.now_ms)
        seeding.count("forecasts", made)
    seeding.count("days", len(channels) * HISTORY_DAYS)


def _day(
    seeding: Seeding, kind: str, of: str, n: int, growth: float, weather: Mapping[str, float]
) -> Day:
    week = 0.85 if n % 7 > 4 and kind not in weather else 1.0
    noise = seeding.random.gauss(1.0, 0.03) * weather.get(kind, 1.0)
    mean = MEANS.get(kind, 1.0) * week * noise + growth * n + WARMER.get(of, 0.0)
    rise = OTHER_RISES.get((of, kind), RISES.get(kind, 0.0)) * week * noise
    return Day(
        1_440, 0, mean, mean * 1.15, mean * 1.2, mean * 1.3, max(rise, 0.0),
        low=mean * 0.7, total=mean * 1_440, integral_h=mean * 24,
    )  # fmt: skip


def conditions(seeding: Seeding) -> None:
    """Conditions as an aggregator finds them whose channels have all just been read."""
    read_ms = seeding.now_ms - VIEWED_MS
    with seeding.register.database.writing() as connection:
        asked = select(channel.c.id, channel.c.unit).order_by(channel.c.id)
        views = tuple(_read(one, unit, read_ms) for one, unit in connection.execute(asked))
        seen = replace(Resting(lambda: seeding.now_ms).snapshot(), channels=views)
        told = condition.conditions(connection, seen, seeding.now_ms)
        kept = condition.keep_conditions(connection, told, seeding.now_ms)
    seeding.count("conditions", kept)


def _read(one: str, unit: str, read_ms: int) -> ChannelView:
    group, node, device, metric = one.split("/", 3)
    return ChannelView(
        group, node, device, metric, unit, None, read_ms, None, None, None, (), 0.0, stale=False
    )
