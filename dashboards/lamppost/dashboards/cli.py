"""`lamppost dashboards`: the command line of boards and rules."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from lamppost.dashboards import bringing
from lamppost.dashboards.alerting.every import every_query
from lamppost.dashboards.arguments import Failed, WrongUse, city, secret, web_url
from lamppost.dashboards.boards.every import DEFAULT_CONSOLE, every_board
from lamppost.dashboards.checking import Outcome, check, summary
from lamppost.dashboards.influx import Influx, InfluxError, UnreachableError
from lamppost.dashboards.rendering import RENDERED, drift, files_of, write
from lamppost.wire.series import RAW

OK, FAILED, WRONG_USE = 0, 1, 2
DEFAULT_CITY = "lamppost"
EXAMPLES = """\
examples:
  lamppost dashboards render                          write the boards where git has them
  lamppost dashboards render --check                  are the files in git up to date?
  lamppost dashboards render --out /srv/boards --console https://register.example
  lamppost dashboards check --influx http://127.0.0.1:8086 --city riverside --json
  lamppost dashboards provision /etc/lamppost/grafana --influx http://127.0.0.1:8086 \\
      --notify https://tickets.example/hook --watchdog https://elsewhere.example/alive
  lamppost dashboards push --url https://grafana.example --token-file grafana.token \\
      --influx http://127.0.0.1:8086 --influx-token-file read.token --notify https://...

exit code: 0 it worked, 1 it failed, 2 wrong use
"""


def main(argv: Sequence[str]) -> int:
    """Grafana's boards and alert rules: render, check, provision, push."""
    arguments = _parser().parse_args(argv)
    command: Callable[[argparse.Namespace], int] = arguments.command
    try:
        return command(arguments)
    except WrongUse as error:
        print(f"lamppost dashboards: {error}", file=sys.stderr)
        return WRONG_USE
    except (OSError, ValueError, Failed) as error:
        print(f"lamppost dashboards: {error}", file=sys.stderr)
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "lamppost dashboards",
        description="Grafana's boards and alert rules as code.",
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
    bringing.add_provision(commands)
    bringing.add_push(commands)
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
    try:
        influx.query(RAW.named(city(arguments.city)), "SHOW MEASUREMENTS LIMIT 1")
    except UnreachableError as error:
        print(f"lamppost dashboards: no query was asked: {error}", file=sys.stderr)
        return FAILED
    except InfluxError:
        pass  # which of the queries it refuses, and why, is what the check tells
    boards = [board.as_json() for board in every_board()]
    told = _silent if arguments.json else _told
    figures = summary(check(influx, arguments.city, boards, every_query(), told=told))
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
