"""`lamppost dashboards`: the command line of boards and rules."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from lamppost.dashboards.boards.every import DEFAULT_CONSOLE, every_board
from lamppost.dashboards.checking import Outcome, check, summary
from lamppost.dashboards.influx import Influx
from lamppost.dashboards.rendering import RENDERED, drift, files_of, write

OK, FAILED, WRONG_USE = 0, 1, 2
DEFAULT_CITY = "lamppost"
EXAMPLES = """\
examples:
  lamppost dashboards render                          write the boards where git has them
  lamppost dashboards render --check                  are the files in git up to date?
  lamppost dashboards render --out /srv/boards --console https://register.example
  lamppost dashboards check --influx http://127.0.0.1:8086 --city riverside --json

exit code: 0 it worked, 1 it failed, 2 wrong use
"""


class WrongUse(ValueError):  # noqa: N818 - what a person did, told as it is
    """An argument is not what it may be."""

    def __init__(self, option: str, came: object, allowed: str) -> None:
        super().__init__(f"{option}: came {came!r}, allowed: {allowed}")


def main(argv: Sequence[str]) -> int:
    """Render Grafana's boards, and ask every query of theirs on a real InfluxDB."""
    arguments = _parser().parse_args(argv)
    command: Callable[[argparse.Namespace], int] = arguments.command
    try:
        return command(arguments)
    except WrongUse as error:
        print(f"lamppost dashboards: {error}", file=sys.stderr)
        return WRONG_USE
    except (OSError, ValueError) as error:
        print(f"lamppost dashboards: {error}", file=sys.stderr)
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "lamppost dashboards",
        description="Grafana's boards as code.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    render = commands.add_parser("render", help="write the boards as files")
    render.add_argument("--check", action="store_true", help="write nothing, tell what differs")
    render.add_argument(
        "--out", type=Path, default=RENDERED, metavar="DIR", help="where; in git by default"
    )
    render.add_argument(
        "--console", default=DEFAULT_CONSOLE, metavar="URL", help="the register's console"
    )
    render.set_defaults(command=_render)
    asking = commands.add_parser("check", help="execute every query on an InfluxDB")
    asking.add_argument("--influx", required=True, metavar="URL", help="http://HOST:PORT")
    asking.add_argument(
        "--city", default=DEFAULT_CITY, help="what the databases' names begin with"
    )
    asking.add_argument("--token-file", type=Path, help="token that may read (2.x, 3)")
    asking.add_argument("--user", default="", help="user who may read (1.x)")
    asking.add_argument("--password-file", type=Path, help="that user's password (1.x)")
    asking.add_argument("--json", action="store_true", help="print one JSON object")
    asking.set_defaults(command=_check)
    return parser


def _render(arguments: argparse.Namespace) -> int:
    files = files_of(every_board(web_url("--console", arguments.console)))
    if not arguments.check:
        changed = write(files, arguments.out)
        print(f"{len(files)} boards in {arguments.out}, {len(changed)} changed")
        return OK
    differs = drift(files, arguments.out)
    for line in differs:
        print(line, file=sys.stderr)
    print(f"{len(files)} boards, {len(differs)} files differ")
    return FAILED if differs else OK


def _check(arguments: argparse.Namespace) -> int:
    influx = Influx(
        web_url("--influx", arguments.influx),
        token=secret("--token-file", arguments.token_file),
        user=arguments.user,
        password=secret("--password-file", arguments.password_file),
    )
    boards = [board.as_json() for board in every_board()]
    told = _silent if arguments.json else _told
    figures = summary(check(influx, arguments.city, boards, told=told))
    if arguments.json:
        print(json.dumps(figures))
    else:
        print("{boards} boards, {queries} queries, {failed} failed".format(**figures), end="")
        print(", {empty} without rows, slowest {slowest_ms} ms: {slowest}".format(**figures))
    return FAILED if figures["failed"] else OK


def _told(outcome: Outcome) -> None:
    if outcome.error:
        print(f"{outcome.asked.where}\n  asked: {outcome.sent}\n  answer: {outcome.error}")


def _silent(_: Outcome) -> None:
    """Scripts read one object and nothing else."""


def web_url(option: str, text: str) -> str:
    """Return an address without its last slash.

    Raises:
        WrongUse: it is none, or carries a password.
    """
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise WrongUse(option, text.rpartition("@")[2], "http://HOST[:PORT] or https://…")
    if "@" in parts.netloc:
        raise WrongUse(option, "(not shown)", "an address without user and password")
    return text.rstrip("/")


def secret(option: str, path: Path | None) -> str:
    """Return the one line of a file; empty when there is none to read.

    Raises:
        WrongUse: it cannot be read, or has no or more than one line.
    """
    if path is None:
        return ""
    try:
        text = path.read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise WrongUse(option, str(path), "a readable file with one line of text") from error
    if not text or "\n" in text:
        raise WrongUse(option, str(path), "a file with one line of text")
    return text
