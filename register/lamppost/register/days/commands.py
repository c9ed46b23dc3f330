"""`lamppost register quality`: how good the streams of a day were."""

import argparse
import json
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from lamppost.register.commanding import OK, UsageError, add, say
from lamppost.register.days.quality import PARTS
from lamppost.register.days.values import Graded
from lamppost.register.records.values import PAGE_DEFAULT, PAGE_MAX

if TYPE_CHECKING:
    from lamppost.register.days.asked import QualityAsked
    from lamppost.register.records.store import Register


def add_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type to itself
    """Add it to a command line."""
    telling = add(commands, "quality", _quality, "how good each stream was on a day")
    newest = "YYYY-MM-DD, UTC; the newest that was kept by default"
    telling.add_argument("--day", metavar="DAY", help=newest)
    telling.add_argument("--node", metavar="GROUP/NODE", help="of one node only")
    telling.add_argument("--below", type=float, metavar="SCORE", help="worse than this only")
    told = f"the worst so many, 1 to {PAGE_MAX} (default: {PAGE_DEFAULT})"
    telling.add_argument("--limit", type=int, default=PAGE_DEFAULT, metavar="N", help=told)


def _quality(register: "Register", arguments: argparse.Namespace) -> int:
    from lamppost.register.days import reading
    from lamppost.register.days.asked import day_at, first_ms

    asked = _asked(arguments)
    with register.database.reading() as connection:
        day_ms = reading.newest_day(connection) if asked.day is None else first_ms(asked.day)
        total, found = (0, []) if day_ms is None else reading.graded(connection, day_ms, asked)
    if arguments.json:
        day = None if day_ms is None else day_at(day_ms).isoformat()
        items = [asdict(one) for one in found]
        say(json.dumps({"day": day, "total": total, "items": items}))
        return OK
    say("\t".join(("channel", "score", *PARTS)))
    for one in found:
        say(_line(one))
    when = "no day was kept yet" if day_ms is None else day_at(day_ms).isoformat()
    say(f"{when}: {len(found)} of {total} streams, the worst first; 1 is perfect")
    return OK


def _asked(arguments: argparse.Namespace) -> "QualityAsked":
    from lamppost.register.days.asked import QualityAsked

    if arguments.below is not None and not 0 <= arguments.below <= 1:
        raise UsageError(f"--below: came {arguments.below}, allowed: 0 to 1")
    if not 1 <= arguments.limit <= PAGE_MAX:
        raise UsageError(f"--limit: came {arguments.limit}, allowed: 1 to {PAGE_MAX}")
    try:
        day = None if arguments.day is None else date.fromisoformat(arguments.day)
    except ValueError as error:
        allowed = "allowed: a day, YYYY-MM-DD"
        raise UsageError(f"--day: came {arguments.day[:40]!r}, {allowed}") from error
    return QualityAsked(
        day=day, node=arguments.node, below=arguments.below, limit=arguments.limit
    )


def _line(one: Graded) -> str:
    parts = (one.score, *(getattr(one, name) for name in PARTS))
    cells = ("-" if part is None else f"{part:.2f}" for part in parts)
    channel = one.channel if one.channel.isprintable() else repr(one.channel)
    return "\t".join((channel, *cells))
