"""`lamppost register`: what the city has, from the command line."""

import argparse
import getpass
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from lamppost.register.records.assetfiles import CSV_SUFFIXES, GEOJSON_SUFFIXES
from lamppost.register.records.audit import Verdict
from lamppost.register.records.database import VARIABLE, DatabaseUrlError
from lamppost.register.records.following import WHO
from lamppost.register.records.importing import Report
from lamppost.register.records.links import RefusedError
from lamppost.register.records.migrating import MigrationError
from lamppost.register.records.reading import KINDS, PAGE_MAX, Wanted
from lamppost.register.records.store import Register
from lamppost.register.records.values import ROLES

OK, FAILED, WRONG_USE = 0, 1, 2
DATA_DIR = Path("lamppost-data")
SHOWN = {
    "assets": ("id", "asset_class", "name", "parent", "district", "criticality"),
    "nodes": ("id", "version", "acks", "last_birth_ms"),
    "devices": ("id", "node", "last_birth_ms"),
    "channels": ("id", "unit", "low", "high", "channel_class"),
    "streams": ("id", "unit", "datatype", "valid_to_ms"),
    "links": ("id", "channel", "asset", "role"),
}
EXAMPLES = f"""\
examples:
  lamppost register migrate                        make or bring up to date the database
  lamppost register import assets.csv --dry-run    what would it do, what is wrong, line by line
  lamppost register import assets.geojson          enter all of it, or nothing
  lamppost register list assets --json             one JSON object a line
  lamppost register bind city/station/pump-1/flow pump-1 --role capacity_use
  lamppost register calibrate city/station/pump-1/flow --on 2026-03-01 --due 2028-03-01
  lamppost register verify-audit --head 812:9f...  is the trail whole, and is that entry in it?

The database is --database, else {VARIABLE}, else register.db in the data folder
({DATA_DIR} unless --data names another): sqlite:FILE in the data folder, sqlite:///PATH, or
postgresql://USER@HOST/DATABASE?password_file=FILE.

exit code: 0 it worked, 1 it failed or something is wrong, 2 wrong use
"""


class UsageError(Exception):
    """Wrong use; the text says what came and what is allowed."""


def main(argv: Sequence[str]) -> int:
    """Keep the records: assets, nodes, channels, streams and their audit trail."""
    arguments = _parser().parse_args(argv)
    command: Callable[[Register, argparse.Namespace], int] = arguments.command
    try:
        register = Register(arguments.database, arguments.data)
        try:
            if arguments.needs_tables:
                register.migrate()
            return command(register, arguments)
        finally:
            register.close()
    except (UsageError, DatabaseUrlError) as error:
        _complain(str(error))
        return WRONG_USE
    except (RefusedError, MigrationError, OSError) as error:
        _complain(str(error))
    except SQLAlchemyError as error:
        _complain(f"the database does not do it: {getattr(error, 'orig', None) or error}")
    return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "lamppost register",
        description="Keeps the records of what the city has.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add(commands, "migrate", _migrate, "make the tables, or bring them to this version")
    taking = _add(commands, "import", _import, "enter assets from a CSV or GeoJSON file")
    taking.add_argument("file", type=Path, metavar="FILE")
    taking.add_argument("--dry-run", action="store_true", help="only tell what it would do")
    listing = _add(commands, "list", _list, "list records that hold now")
    listing.add_argument("kind", choices=sorted(KINDS))
    listing.add_argument("--all", action="store_true", help="those that have ended, too")
    checking = _add(commands, "verify-audit", _verify, "check the audit trail")
    checking.add_argument("--head", metavar="SEQ:HASH", help="an entry that was noted earlier")
    binding = _add(commands, "bind", _bind, "say that a channel tells of an asset")
    binding.add_argument("channel", metavar="CHANNEL")
    binding.add_argument("asset", metavar="ASSET")
    binding.add_argument("--role", choices=ROLES, required=True)
    binding.add_argument("--since", metavar="TIME", help="day or time, UTC; now by default")
    ending = _add(commands, "unbind", _unbind, "end what `bind` said")
    ending.add_argument("link", metavar="LINK")
    ending.add_argument("--until", metavar="TIME", help="day or time, UTC; now by default")
    noting = _add(commands, "calibrate", _calibrate, "note a calibration of a channel")
    noting.add_argument("channel", metavar="CHANNEL")
    noting.add_argument("--on", metavar="TIME", required=True, help="day or time, UTC")
    noting.add_argument("--due", metavar="TIME", help="when it must be calibrated again")
    noting.add_argument("--certificate", metavar="REFERENCE")
    return parser


def _add(
    commands: Any,  # noqa: ANN401 - argparse keeps the type to itself
    name: str,
    command: Callable[[Register, argparse.Namespace], int],
    told: str,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=told, description=told)
    parser.add_argument("--database", metavar="URL", help=f"the database; else {VARIABLE}")
    parser.add_argument(
        "--data", type=Path, default=DATA_DIR, metavar="DIR", help="data folder"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for scripts")
    parser.add_argument("--as", dest="who", metavar="NAME", help="who does it; else the login")
    parser.set_defaults(command=command, needs_tables=name != "migrate")
    return parser


def _migrate(register: Register, arguments: argparse.Namespace) -> int:
    done = register.migrate()
    if arguments.json:
        _say(json.dumps({"database": register.address, **asdict(done)}))
    elif done.before == done.after:
        _say(f"{register.address}: at step {done.after} already")
    else:
        _say(f"{register.address}: from {done.before or 'nothing'} to step {done.after}")
    return OK


def _import(register: Register, arguments: argparse.Namespace) -> int:
    file: Path = arguments.file
    if file.suffix.lower() not in CSV_SUFFIXES + GEOJSON_SUFFIXES:
        allowed = ", ".join(CSV_SUFFIXES + GEOJSON_SUFFIXES)
        raise UsageError(f"FILE: came {str(file)!r}, allowed: a name that ends in {allowed}")
    if not file.is_file():
        raise UsageError(f"FILE: came {str(file)!r}, allowed: a file that is there")
    report = register.import_assets(file, _who(arguments), dry_run=arguments.dry_run)
    if arguments.json:
        whole = {"file": str(file), "dry_run": arguments.dry_run, **asdict(report)}
        _say(json.dumps(whole))
    else:
        _tell_import(file, report, dry_run=arguments.dry_run)
    return FAILED if report.problems_total else OK


def _tell_import(file: Path, report: Report, *, dry_run: bool) -> None:
    for problem in report.problems:
        where = f"{file}:{problem.line}:"
        _say(
            " ".join(filter(None, (where, problem.field and f"{problem.field}:", problem.told)))
        )
    if report.problems_total > len(report.problems):
        _say(f"... and {report.problems_total - len(report.problems)} more")
    would = "" if report.written else "would be " if not report.problems_total else "not "
    counts = f"{report.created} new, {report.updated} changed, {report.unchanged} as they were"
    _say(f"{report.rows} assets in the file: {counts}; {would}written")
    if report.problems_total:
        _say(f"{report.problems_total} problems: nothing was written")
    elif dry_run:
        _say("dry run: nothing was written")


def _list(register: Register, arguments: argparse.Namespace) -> int:
    columns = SHOWN[arguments.kind]
    if not arguments.json:
        _say("\t".join(columns))
    for record in _records(register, arguments.kind, everything=arguments.all):
        if arguments.json:
            _say(json.dumps(asdict(record)))
        else:
            _say("\t".join(_cell(getattr(record, name)) for name in columns))
    return OK


def _records(register: Register, kind: str, *, everything: bool) -> Iterable[Any]:
    after: str | None = ""
    while after is not None:
        state: Any = "all" if everything else "open"
        page = register.page(kind, Wanted({}, state=state, after=after, limit=PAGE_MAX))
        yield from page.items
        after = page.next


def _verify(register: Register, arguments: argparse.Namespace) -> int:
    verdict = register.verify_audit(_head(arguments.head))
    if arguments.json:
        _say(json.dumps({"ok": not verdict.faults, **asdict(verdict)}))
    else:
        _tell_verdict(verdict)
    return FAILED if verdict.faults else OK


def _tell_verdict(verdict: Verdict) -> None:
    for fault in verdict.faults:
        _say(f"entry {fault.seq}: {fault.told}" if fault.seq else fault.told)
    found = "the trail holds" if not verdict.faults else "THE TRAIL DOES NOT HOLD"
    _say(f"{verdict.entries} entries, {verdict.records} records: {found}")
    _say(f"head {verdict.head}")


def _bind(register: Register, arguments: argparse.Namespace) -> int:
    link, new = register.bind(
        arguments.channel,
        arguments.asset,
        arguments.role,
        _who(arguments),
        _time("--since", arguments.since),
    )
    told = link if new else f"{link} (said already)"
    _say(json.dumps({"link": link, "new": new}) if arguments.json else told)
    return OK


def _unbind(register: Register, arguments: argparse.Namespace) -> int:
    until = _time("--until", arguments.until)
    ended = register.unbind(arguments.link, _who(arguments), until)
    told = "ended" if ended else "had ended already"
    _say(json.dumps({"link": arguments.link, "ended": ended}) if arguments.json else told)
    return OK


def _calibrate(register: Register, arguments: argparse.Namespace) -> int:
    done = _time("--on", arguments.on) or 0
    due = _time("--due", arguments.due)
    noted = register.calibrate(
        arguments.channel, _who(arguments), done, due, arguments.certificate
    )
    told = "noted" if noted else "noted already"
    _say(json.dumps({"channel": arguments.channel, "new": noted}) if arguments.json else told)
    return OK


def _time(option: str, given: str | None) -> int | None:
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


def _head(given: str | None) -> tuple[int, str] | None:
    if given is None:
        return None
    seq, _, value = given.partition(":")
    if not (seq.isascii() and seq.isdigit() and len(seq) <= 18 and len(value) == 64):
        allowed = "SEQ:HASH as an earlier check has printed it"
        raise UsageError(f"--head: came {given!r}, allowed: {allowed}")
    return int(seq), value


def _who(arguments: argparse.Namespace) -> str:
    """The name that goes into the trail; without sign-in it is only what the caller says."""
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


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return text if text.isprintable() else repr(text)


def _say(text: str) -> None:
    print(text)


def _complain(text: str) -> None:
    print(f"lamppost register: {text}", file=sys.stderr)
