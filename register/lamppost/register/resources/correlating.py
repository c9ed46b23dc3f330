"""Whether streams that are near and of one measurand also move together, by their days.

Two meters see the same week, so a day is compared with the mean of its weekday, and four weeks
in common are needed. What does not move together is no duplicate.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import fsum, sqrt

from sqlalchemy import Connection, func, select

from lamppost.register.days.day import DAY_MS
from lamppost.register.days.quality import COUNTERS
from lamppost.register.days.tables import OBSERVED, channel_day
from lamppost.register.records.store import Register
from lamppost.register.records.writing import IDS_A_QUERY
from lamppost.register.resources.duplicates import Duplicates, Pair
from lamppost.register.resources.loading import World

DAYS_LOOKED_AT, DAYS_NEEDED = 90, 28
MINUTES_NEEDED = 0.75
"""Of a day's, so that half a day is not taken for the day."""
TOGETHER = 0.8
WEEK_DAYS = 7
STILL = 1e-9
"""A deviation that is so small a part of the value is that of arithmetic."""

Days = Mapping[int, float]


@dataclass(slots=True)
class Last:
    """What was found last, and when the newest of the days was made that it was found by."""

    made_ms: int = -1
    found: Duplicates | None = None


def alike(register: Register, there: World, near: Duplicates, last: Last) -> Duplicates:
    """Return pairs that move together, and those of which that is not known yet.

    Args:
        register: Where the days are.
        there: The map that the pairs are of.
        near: What is near and of one measurand.
        last: What was found of the same pairs; it holds until there are new days.
    """
    with register.database.reading() as connection:
        made_ms = connection.execute(select(func.max(channel_day.c.made_ms))).scalar() or 0
        if last.found is None or last.made_ms != made_ms:
            last.found = _looked_at(connection, there, near)
            last.made_ms = made_ms
    return last.found


def correlation(one: Days, other: Days) -> tuple[float | None, int]:
    """Return how two move together, -1 to 1, and by how many days.

    None where less than `DAYS_NEEDED` are common, or one of both stands still. Pure.
    """
    common = sorted(one.keys() & other.keys())
    if len(common) < DAYS_NEEDED:
        return None, len(common)
    left, right = _deviations(one, common), _deviations(other, common)
    if left is None or right is None:
        return None, len(common)
    both = fsum(a * b for a, b in zip(left, right, strict=True))
    told = both / sqrt(fsum(a * a for a in left) * fsum(b * b for b in right))
    return round(max(-1.0, min(1.0, told)), 4), len(common)


def _deviations(values: Days, common: Sequence[int]) -> list[float] | None:
    """What each day is above the mean of its weekday; None when that is nothing."""
    weekdays: defaultdict[int, list[float]] = defaultdict(list)
    for day in common:
        weekdays[day // DAY_MS % WEEK_DAYS].append(values[day])
    usual = {weekday: fsum(some) / len(some) for weekday, some in weekdays.items()}
    found = [values[day] - usual[day // DAY_MS % WEEK_DAYS] for day in common]
    scale = max(abs(values[day]) for day in common)
    return found if max(map(abs, found)) > STILL * scale else None


def _looked_at(connection: Connection, there: World, near: Duplicates) -> Duplicates:
    channels = {seen.id: seen.channel for seen in there.streams}
    counters = {pair.measurand for pair in near.pairs} & COUNTERS
    of_both = [(pair, channels[pair.first], channels[pair.second]) for pair in near.pairs]
    counted = {c for pair, *both in of_both if pair.measurand in counters for c in both}
    days = _days(connection, sorted({c for _, *both in of_both for c in both}), counted)
    told = [_told(pair, days.get(one, {}), days.get(other, {})) for pair, one, other in of_both]
    shown = [pair for pair in told if pair.correlation is None or pair.correlation >= TOGETHER]
    shown.sort(key=lambda pair: pair.correlation is None)  # stable: the dearest stay first
    return replace(near, pairs=tuple(shown), unlike=len(told) - len(shown))


def _days(
    connection: Connection, channels: Sequence[str], counted: set[str]
) -> dict[str, dict[int, float]]:
    """By channel and day what it measured, or what its meter rose."""
    day = channel_day.c
    newest = connection.execute(select(func.max(day.day_ms))).scalar() or 0
    found: dict[str, dict[int, float]] = {}
    for start in range(0, len(channels), IDS_A_QUERY):
        asked = select(day.channel, day.day_ms, day.mean, day.rise).where(
            day.channel.in_(channels[start : start + IDS_A_QUERY]),
            day.day_ms > newest - DAYS_LOOKED_AT * DAY_MS,
            day.provenance.in_(OBSERVED),
            day.minutes >= MINUTES_NEEDED * day.expected,
        )
        for channel, day_ms, mean, rise in connection.execute(asked):
            value = rise if channel in counted else mean
            if value is not None:
                found.setdefault(channel, {})[day_ms] = value
    return found


def _told(pair: Pair, one: Days, other: Days) -> Pair:
    found, days = correlation(one, other)
    if found is not None:
        told = f"moved together ({found:.2f}) on {days} days: one of both may be enough"
    elif days < DAYS_NEEDED:
        told = f"{days} days in common, {DAYS_NEEDED} are needed to tell: look at both"
    else:
        told = f"one of both stood still on {days} days: look at both"
    return replace(pair, correlation=found, days=days, told=told)
