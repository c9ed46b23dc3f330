"""`lamppost aggregator maintenance`: say who works where, for how long, and why."""

import argparse
import getpass
import json
import re
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from lamppost.aggregator.alarms.event import Place
from lamppost.aggregator.alarms.maintenance import (
    FILE_NAME,
    MAX_CHARS,
    MaintenanceError,
    Window,
    parse_place,
    read_windows,
    write_windows,
)
from lamppost.aggregator.alarms.reasons import clock, duration
from lamppost.aggregator.config import Config, load
from lamppost.aggregator.settings.rules import ConfigError, Problem
from lamppost.aggregator.tail.told import printable

OK, FAILED = 0, 1
UNITS_MS = {"s": 1_000, "min": 60_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
MAX_MS = 31 * UNITS_MS["d"]
SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|m|h|d)")
EXAMPLES = """\
examples:
  lamppost aggregator maintenance begin riverside/pump-station-1/pump-1 --for 2h \\
      --by "A. Fitter" --reason "new impeller"
  lamppost aggregator maintenance end riverside/pump-station-1/pump-1
  lamppost aggregator maintenance list --json

Meanwhile nothing is learned from the device and its events are hidden; readings are stored as
ever. It ends by itself. What is still wrong a quarter of a minute later is told then. A running
aggregator takes it over within two seconds; it keeps the list in maintenance.json in its data
folder.
"""

Clock = Callable[[], int]


def now_ms() -> int:
    """UTC milliseconds."""
    return time.time_ns() // 1_000_000


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its three verbs."""
    parser = commands.add_parser(
        "maintenance",
        help="pause learning and events where somebody works",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    begin = verbs.add_parser("begin", help="begin, or prolong")
    begin.add_argument("place", metavar="DEVICE", help="GROUP/NODE/DEVICE or GROUP/NODE")
    begin.add_argument("--for", dest="span", required=True, metavar="TIME", help="2h, 30min")
    begin.add_argument("--by", default=None, metavar="NAME", help="who works there")
    begin.add_argument("--reason", required=True, metavar="TEXT", help="why")
    begin.set_defaults(command=_begin)
    end = verbs.add_parser("end", help="end before its time")
    end.add_argument("place", metavar="DEVICE", help="GROUP/NODE/DEVICE or GROUP/NODE")
    end.set_defaults(command=_end)
    listed = verbs.add_parser("list", help="who works where")
    listed.add_argument("--json", action="store_true", help="print JSON, for scripts")
    listed.set_defaults(command=_list)
    for verb in (begin, end, listed):
        verb.add_argument("--config", type=Path, metavar="CONFIG.toml", help="its settings")
        verb.add_argument("--data", type=Path, metavar="DIR", help="its data folder")


def span_ms(text: str) -> int:
    """Read a span such as 90s, 30min, 2h or 1.5d.

    Raises:
        ConfigError: it is none, or too long.
    """
    found = SPAN.fullmatch(text.strip())
    length_ms = round(float(found[1]) * UNITS_MS[found[2]]) if found else 0
    if not 0 < length_ms <= MAX_MS:
        allowed = "a time such as 90s, 30min, 2h or 1d, at most 31d"
        raise ConfigError((Problem("command line", "--for", text, allowed),))
    return length_ms


def _begin(arguments: argparse.Namespace, clock_ms: Clock = now_ms) -> int:
    place, length_ms = _place(arguments.place), span_ms(arguments.span)
    by = _text("--by", arguments.by or getpass.getuser())
    reason = _text("--reason", arguments.reason)
    since_ms = clock_ms()
    window = Window(*place, since_ms, since_ms + length_ms, by, reason)
    changed = _change(arguments, since_ms, place, [window])
    if changed is None:
        return FAILED
    print(f"{window.where}: in maintenance until {clock(window.until_ms)}")
    return OK


def _end(arguments: argparse.Namespace, clock_ms: Clock = now_ms) -> int:
    place = _place(arguments.place)
    ended = _change(arguments, clock_ms(), place, [])
    if ended is None:
        return FAILED
    if not ended:
        print(f"{arguments.place} was not in maintenance", file=sys.stderr)
        return FAILED
    print(f"{arguments.place}: maintenance ended")
    return OK


def _list(arguments: argparse.Namespace, clock_ms: Clock = now_ms) -> int:
    then = clock_ms()
    try:
        windows = read_windows(_folder(arguments) / FILE_NAME)
    except MaintenanceError as error:
        return _failed(f"{FILE_NAME}: {error}")
    active = [window for window in windows if window.until_ms > then]
    if arguments.json:
        print(json.dumps([asdict(window) for window in active]))
        return OK
    for window in active:
        left = duration(window.until_ms - then)
        line = f"{window.where}  {left} more, by {window.by}: {window.reason}"
        print(printable(line))
    if not active:
        print("nobody works anywhere")
    return OK


def _change(
    arguments: argparse.Namespace, then_ms: int, place: Place, new: list[Window]
) -> bool | None:
    """Put `new` in place of what the file says of a place; None when that failed."""
    path = _folder(arguments) / FILE_NAME
    try:
        known = [window for window in read_windows(path) if window.until_ms > then_ms]
        kept = [window for window in known if window.place != place]
        write_windows(path, kept + new)
    except (OSError, MaintenanceError) as error:
        _failed(f"{path.name}: {error}")
        return None
    return len(kept) < len(known)


def _folder(arguments: argparse.Namespace) -> Path:
    """The data folder of an aggregator.

    Raises:
        ConfigError: no aggregator has worked there.
    """
    config = load(arguments.config) if arguments.config else Config()
    folder: Path = arguments.data or config.data_dir
    if not (folder / "spool").is_dir():
        allowed = "the data folder of an aggregator, by --data or --config"
        raise ConfigError((Problem("command line", "--data", str(folder), allowed),))
    return folder


def _place(text: str) -> Place:
    try:
        return parse_place(text)
    except ValueError as error:
        problem = Problem("command line", "DEVICE", text, "GROUP/NODE/DEVICE or GROUP/NODE")
        raise ConfigError((problem,)) from error


def _text(option: str, text: str) -> str:
    if not 0 < len(text) <= MAX_CHARS:
        allowed = f"1 to {MAX_CHARS} characters"
        raise ConfigError((Problem("command line", option, text[:MAX_CHARS], allowed),))
    return text


def _failed(message: str) -> int:
    print(f"lamppost aggregator maintenance: {message}", file=sys.stderr)
    return FAILED
