"""The card of quality: how good the days of some streams were, as a picture and as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from lamppost.register import words
from lamppost.register.days import reading
from lamppost.register.days.quality import PARTS, WEIGHTS
from lamppost.register.days.values import Graded
from lamppost.register.markup import Markup
from lamppost.register.pages.quality_svg import Row, day_name, per_cent, svg
from lamppost.register.pages.sheets import note, part, scrolled, table

DAYS = 7
STREAMS_MAX = 20
TITLE = "Quality of its data"
HEADS = ("Score", *(name.capitalize() for name in PARTS), "Remarks")
WEIGHED = ", ".join(f"{name} {weight:.0%}" for name, weight in WEIGHTS.items())
MADE_UP = "made up, no evidence"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the card shows.

    Attributes:
        channels: Ids of the channels, in their order.
        days: Their days, the oldest first.
        rest: How many channels are not shown.
    """

    channels: Sequence[str]
    days: Sequence[Graded]
    rest: int


def load(connection: Connection, channels: Sequence[str]) -> Seen:
    """Read the last days of channels; of many the first `STREAMS_MAX`."""
    shown = channels[:STREAMS_MAX]
    days = reading.lately(connection, shown, DAYS)
    return Seen(shown, days, len(channels) - len(shown))


def card(seen: Seen) -> Markup:
    """Return the card: of one channel its parts by day, of several their scores."""
    if not seen.channels:
        return part(TITLE, note("No channel tells of it."))
    if not seen.days:
        told = "No day was graded yet; an aggregator that runs grades each day when it is over."
        return part(TITLE, note(told))
    rows, listed = _one(seen.days) if len(seen.channels) == 1 else _several(seen)
    days = sorted({one.day_ms for one in seen.days})
    legend = (
        f"Per cent; 100 is best. The score is the mean of what is known: {WEIGHED}. "
        f"{words.DASH} is what nobody can tell."
    )
    rest = [note(f"And {words.integer(seen.rest)} more channels.")] if seen.rest else []
    return part(TITLE, scrolled(svg(rows, days), TITLE), note(legend), listed, *rest)


def _one(days: Sequence[Graded]) -> tuple[list[Row], Markup]:
    rows: list[Row] = [
        (name.capitalize(), {one.day_ms: getattr(one, name) for one in days})
        for name in ("score", *PARTS)
    ]
    cells = [[day_name(one.day_ms), *_cells(one)] for one in reversed(days)]
    return rows, table("Quality by day", ("Day", *HEADS), cells)


def _several(seen: Seen) -> tuple[list[Row], Markup]:
    by_channel: dict[str, list[Graded]] = {one: [] for one in seen.channels}
    for one in seen.days:
        by_channel[one.channel].append(one)
    rows: list[Row] = [
        (name, {one.day_ms: one.score for one in by_channel[channel]})
        for channel, name in _names(seen.channels).items()
    ]
    cells = [
        [channel, day_name(graded[-1].day_ms), *_cells(graded[-1])]
        for channel, graded in by_channel.items()
        if graded
    ]
    return rows, table("Quality on the newest day", ("Channel", "Day", *HEADS), cells)


def _names(channels: Sequence[str]) -> dict[str, str]:
    """Return the end of each id that tells them apart."""
    for parts in range(1, 5):
        named = {one: "/".join(one.split("/", 3)[-parts:]) for one in channels}
        if len(set(named.values())) == len(channels):
            return named
    return {one: one for one in channels}


def _cells(one: Graded) -> list[str]:
    return [
        *(per_cent(getattr(one, name)) for name in ("score", *PARTS)),
        _wrong(one),
    ]


def _wrong(one: Graded) -> str:
    """Return in words what the score follows from."""
    missing = max(one.expected - one.minutes - one.flagged, 0)
    told = [
        f"{words.count(missing, 'minute')} without a reading" if missing else "",
        *(f"{words.count(n, 'minute')} {words.flag(flag)}" for flag, n in one.flags.items()),
        f"{words.count(one.late, 'reading')} late" if one.late else "",
        words.count(one.gaps, "gap") if one.gaps else "",
        MADE_UP if one.provenance == "synthetic" else "",
    ]
    return "; ".join(filter(None, told)) or "none"
