"""What all commands of `lamppost register` share: options, words and exit codes.

The modules `commands` say which words there are; whatever takes long to import comes with the
command that needs it, so that `--help` and a wrong word are answered at once.
"""

import argparse
import getpass
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lamppost.register.records.address import VARIABLE
from lamppost.register.records.births import WHO

if TYPE_CHECKING:
    from lamppost.register.records.store import Register

OK, FAILED, WRONG_USE = 0, 1, 2
DATA_DIR = Path("lamppost-data")


class UsageError(Exception):
    """Wrong use; the text says what came and what is allowed."""


def add(
    commands: Any,  # noqa: ANN401 - argparse keeps the type to itself
    name: str,
    command: Callable[["Register", argparse.Namespace], int],
    told: str,
) -> argparse.ArgumentParser:
    """Add a command with the options that all of them have."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=told, description=told)
    parser.add_argument("--database", metavar="URL", help=f"the database; else {VARIABLE}")
    parser.add_argument(
        "--data", type=Path, default=DATA_DIR, metavar="DIR", help="data folder"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for scripts")
    parser.add_argument("--as", dest="who", metavar="NAME", help="who does it; else the login")
    parser.set_defaults(command=command, needs_tables=name != "migrate")
    return parser


def time_of(option: str, given: str | None) -> int | None:
    """Return what an option says of time, UTC milliseconds.

    Raises:
        UsageError: it is neither a day nor a time.
    """
    if given is None:
        return None
    try:
        then = datetime.fromisoformat(given)
    except ValueError as error:
        allowed = "a day (2026-03-01) or a time (2026-03-01T08:00), UTC"
        raise UsageError(f"{option}: came {given!r}, allowed: {allowed}") from error
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return round(then.timestamp() * 1_000)


def who(arguments: argparse.Namespace) -> str:
    """Return the name for the trail; without sign-in it is only what the caller says.

    Raises:
        UsageError: it is no name, or there is none.
    """
    given: str = arguments.who or _login()
    if not given.isprintable() or not 0 < len(given) <= 100 or given == WHO:
        allowed = f"1 to 100 printable characters, not {WHO!r}"
        raise UsageError(f"--as: came {given[:40]!r}, allowed: {allowed}")
    return given


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:  # a container may know no user of that number
        raise UsageError("--as: came nothing, allowed: a name; there is no login") from error


def say(text: str) -> None:
    """Print a line of the answer."""
    print(text)


def complain(text: str) -> None:
    """Print what went wrong."""
    print(f"lamppost register: {text}", file=sys.stderr)
