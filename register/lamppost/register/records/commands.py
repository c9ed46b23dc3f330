"""The commands that keep the records."""

import argparse
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lamppost.register.commanding import (
    FAILED,
    OK,
    UsageError,
    add,
    say,
    time_of,
    who,
)
from lamppost.register.records import commissioning_command as commissioning
from lamppost.register.records.assetfiles import CSV_SUFFIXES, GEOJSON_SUFFIXES
from lamppost.register.records.values import PAGE_MAX, ROLES, UNCERTAINTY_CLASSES

if TYPE_CHECKING:
    from lamppost.register.records.audit import Verdict
    from lamppost.register.records.importing import Report
    from lamppost.register.records.store import Register

SHOWN = {
    "assets": ("id", "asset_class", "name", "parent", "district", "criticality"),
    "nodes": ("id", "version", "acks", "last_birth_ms"),
    "devices": ("id", "node", "last_birth_ms"),
    "channels": ("id", "unit", "low", "high", "rate_per_s", "channel_class"),
    "streams": ("id", "unit", "datatype", "valid_to_ms"),
    "links": ("id", "channel", "asset", "role", "asserted_by"),
    "commissionings": ("id", "device", "asset", "role", "commissioned_by"),
}
"""By a key of `reading.KINDS`: the columns for people."""


def add_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type to itself
    """Add them to a command line."""
    add(commands, "migrate", _migrate, "make the tables, or bring them to this version")
    taking = add(commands, "import", _import, "enter assets from a CSV or GeoJSON file")
    taking.add_argument("file", type=Path, metavar="FILE")
    taking.add_argument("--dry-run", action="store_true", help="only tell what it would do")
    listing = add(commands, "list", _list, "list records that hold now")
    listing.add_argument("kind", choices=sorted(SHOWN))
    listing.add_argument("--all", action="store_true", help="those that have ended, too")
    checking = add(commands, "verify-audit", _verify, "check the audit trail")
    checking.add_argument("--head", metavar="SEQ:HASH", help="an entry that was noted earlier")
    binding = add(commands, "bind", _bind, "say that a channel tells of an asset")
    binding.add_argument("channel", metavar="CHANNEL")
    binding.add_argument("asset", metavar="ASSET")
    binding.add_argument("--role", choices=ROLES, required=True)
    binding.add_argument("--since", metavar="TIME", help="day or time, UTC; now by default")
    ending = add(commands, "unbind", _unbind, "end what `bind` said")
    ending.add_argument("link", metavar="LINK")
    ending.add_argument("--until", metavar="TIME", help="day or time, UTC; now by default")
    noting = add(commands, "calibrate", _calibrate, "note a calibration of a channel")
    noting.add_argument("channel", metavar="CHANNEL")
    noting.add_argument("--on", metavar="TIME", required=True, help="day or time, UTC")
    noting.add_argument("--due", metavar="TIME", help="when it must be calibrated again")
    noting.add_argument("--certificate", metavar="REFERENCE")
    commissioning.add_command(commands)
    rating = add(commands, "rate", _rate, "say how good a channel may be")
    rating.add_argument("channel", metavar="CHANNEL")
    rating.add_argument(
        "--accuracy", type=float, metavar="N", help="how far off a value may be, in its unit"
    )
    rating.add_argument("--class", dest="rated", choices=UNCERTAINTY_CLASSES)


def _migrate(register: "Register", arguments: argparse.Namespace) -> int:
    done = register.migrate()
    if arguments.json:
        say(json.dumps({"database": register.address, **asdict(done)}))
    elif done.before == done.after:
        say(f"{register.address}: at step {done.after} already")
    else:
        say(f"{register.address}: from {done.before or 'nothing'} to step {done.after}")
    return OK


def _import(register: "Register", arguments: argparse.Namespace) -> int:
    file: Path = arguments.file
    if file.suffix.lower() not in CSV_SUFFIXES + GEOJSON_SUFFIXES:
        allowed = ", ".join(CSV_SUFFIXES + GEOJSON_SUFFIXES)
        raise UsageError(f"FILE: came {str(file)!r}, allowed: a name that ends in {allowed}")
    if not file.is_file():
        raise UsageError(f"FILE: came {str(file)!r}, allowed: a file that is there")
    report = register.import_assets(file, who(arguments), dry_run=arguments.dry_run)
    if arguments.json:
        whole = {"file": str(file), "dry_run": arguments.dry_run, **asdict(report)}
        say(json.dumps(whole))
    else:
        _tell_import(file, report, dry_run=arguments.dry_run)
    return FAILED if report.problems_total else OK


def _tell_import(file: Path, report: "Report", *, dry_run: bool) -> None:
    for problem in report.problems:
        where = f"{file}:{problem.line}:"
        say(
            " ".join(filter(None, (where, problem.field and f"{problem.field}:", problem.told)))
        )
    if report.problems_total > len(report.problems):
        say(f"... and {report.problems_total - len(report.problems)} more")
    would = "" if report.written else "would be " if not report.problems_total else "not "
    counts = f"{report.created} new, {report.updated} changed, {report.unchanged} as they were"
    say(f"{report.rows} assets in the file: {counts}; {would}written")
    if report.problems_total:
        say(f"{report.problems_total} problems: nothing was written")
    elif dry_run:
        say("dry run: nothing was written")


def _list(register: "Register", arguments: argparse.Namespace) -> int:
    columns = SHOWN[arguments.kind]
    if not arguments.json:
        say("\t".join(columns))
    for record in _records(register, arguments.kind, everything=arguments.all):
        if arguments.json:
            say(json.dumps(asdict(record)))
        else:
            say("\t".join(_cell(getattr(record, name)) for name in columns))
    return OK


def _records(register: "Register", kind: str, *, everything: bool) -> Iterable[Any]:
    from lamppost.register.records.reading import Wanted

    after: str | None = ""
    while after is not None:
        state: Any = "all" if everything else "open"
        page = register.page(kind, Wanted({}, state=state, after=after, limit=PAGE_MAX))
        yield from page.items
        after = page.next


def _verify(register: "Register", arguments: argparse.Namespace) -> int:
    verdict = register.verify_audit(_head(arguments.head))
    if arguments.json:
        say(json.dumps({"ok": not verdict.faults, **asdict(verdict)}))
    else:
        _tell_verdict(verdict)
    return FAILED if verdict.faults else OK


def _tell_verdict(verdict: "Verdict") -> None:
    for fault in verdict.faults:
        say(f"entry {fault.seq}: {fault.told}" if fault.seq else fault.told)
    found = "the trail holds" if not verdict.faults else "THE TRAIL DOES NOT HOLD"
    say(f"{verdict.entries} entries, {verdict.records} records: {found}")
    say(f"head {verdict.head}")


def _bind(register: "Register", arguments: argparse.Namespace) -> int:
    link, new = register.bind(
        arguments.channel,
        arguments.asset,
        arguments.role,
        who(arguments),
        time_of("--since", arguments.since),
    )
    told = link if new else f"{link} (said already)"
    say(json.dumps({"link": link, "new": new}) if arguments.json else told)
    return OK


def _unbind(register: "Register", arguments: argparse.Namespace) -> int:
    until = time_of("--until", arguments.until)
    ended = register.unbind(arguments.link, who(arguments), until)
    told = "ended" if ended else "had ended already"
    say(json.dumps({"link": arguments.link, "ended": ended}) if arguments.json else told)
    return OK


def _calibrate(register: "Register", arguments: argparse.Namespace) -> int:
    done = time_of("--on", arguments.on) or 0
    due = time_of("--due", arguments.due)
    noted = register.calibrate(
        arguments.channel, who(arguments), done, due, arguments.certificate
    )
    told = "noted" if noted else "noted already"
    say(json.dumps({"channel": arguments.channel, "new": noted}) if arguments.json else told)
    return OK


def _rate(register: "Register", arguments: argparse.Namespace) -> int:
    if arguments.accuracy is None and arguments.rated is None:
        raise UsageError("came neither --accuracy nor --class, allowed: one of them, or both")
    noted = register.rate(
        arguments.channel, who(arguments), arguments.accuracy, arguments.rated
    )
    told = "noted" if noted else "noted already"
    say(json.dumps({"channel": arguments.channel, "new": noted}) if arguments.json else told)
    return OK


def _head(given: str | None) -> tuple[int, str] | None:
    if given is None:
        return None
    seq, _, value = given.partition(":")
    if not (seq.isascii() and seq.isdigit() and len(seq) <= 18 and len(value) == 64):
        allowed = "SEQ:HASH as an earlier check has printed it"
        raise UsageError(f"--head: came {given!r}, allowed: {allowed}")
    return int(seq), value


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return text if text.isprintable() else repr(text)
