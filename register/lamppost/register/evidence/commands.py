"""`lamppost register evidence` and `verify`: packs for auditors."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lamppost.register.commanding import FAILED, OK, UsageError, add, complain, say, who
from lamppost.register.indicators.commands import PERIOD, add_city, facts_of, number
from lamppost.register.indicators.definitions import DefinitionError, known, period
from lamppost.register.indicators.values import PARTS

if TYPE_CHECKING:
    from lamppost.register.records.store import Register


def add_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type to itself
    """Add them to a command line."""
    making = add(commands, "evidence", _evidence, "write the audit pack of an indicator value")
    making.add_argument("indicator", metavar="INDICATOR", help="such as iso37122-2019:7.6")
    making.add_argument("period", metavar="PERIOD", help=PERIOD)
    add_city(making)
    making.add_argument("--out", type=Path, required=True, metavar="FILE", help="ZIP to write")
    signing = add(commands, "sign", _sign, "sign an indicator value as its owner or steward")
    signing.add_argument("indicator", metavar="INDICATOR", help="such as iso37122-2019:7.6")
    signing.add_argument("period", metavar="PERIOD", help=PERIOD)
    add_city(signing)
    signing.add_argument("--part", choices=PARTS, required=True, help="as whom")
    told = "of the value that was read; it is refused when the records have changed since"
    signing.add_argument("--lineage", required=True, metavar="HASH", help=told)
    signing.add_argument("--note", metavar="TEXT", help="what there is to say")
    checking = add(commands, "verify", _verify, "check an audit pack, by itself alone")
    checking.add_argument("pack", type=Path, metavar="FILE")
    checking.set_defaults(needs_tables=False)


def _evidence(register: "Register", arguments: argparse.Namespace) -> int:
    from lamppost.register.evidence.making import make

    try:
        wanted, named = period(arguments.period), known(arguments.indicator)
    except DefinitionError as error:
        raise UsageError(str(error)) from error
    value = make(register, named, wanted, facts_of(arguments), arguments.out, who(arguments))
    if arguments.json:
        say(json.dumps({"file": str(arguments.out), **asdict(value)}, ensure_ascii=False))
        return OK
    shown = "NR" if value.value is None else f"{number(value.value)} {value.unit}"
    say(f"{arguments.out}: {value.indicator} in {value.period} is {shown} ({value.status})")
    say(f"lineage {value.lineage}")
    return OK


def _sign(register: "Register", arguments: argparse.Namespace) -> int:
    from lamppost.register.indicators.desk import value as computed
    from lamppost.register.indicators.signing import sign

    try:
        wanted, named = period(arguments.period), known(arguments.indicator)
    except DefinitionError as error:
        raise UsageError(str(error)) from error
    facts, by = facts_of(arguments), who(arguments)
    with register.changing(by) as writer:
        value = computed(writer.connection, named, wanted, facts, register.now_ms())
        one = sign(writer, value, arguments.lineage, arguments.part, by, arguments.note)
    told = {"signed": one, "part": arguments.part, "by": by}
    say(json.dumps(told) if arguments.json else f"{named.id} in {wanted.name}: signed by {by}")
    return OK


def _verify(_: "Register", arguments: argparse.Namespace) -> int:
    from lamppost.register.evidence.verifying import PackError, verify

    path: Path = arguments.pack
    if not path.is_file():
        raise UsageError(f"FILE: came {str(path)!r}, allowed: a file that is there")
    try:
        checked = verify(path)
    except PackError as error:
        complain(str(error))
        return FAILED
    if arguments.json:
        say(json.dumps({"ok": not checked.faults, **asdict(checked)}, ensure_ascii=False))
    else:
        for fault in checked.faults:
            say(fault)
        found = "it does NOT hold" if checked.faults else "the pack holds"
        say(f"{checked.indicator} in {checked.period}: {found}")
    return FAILED if checked.faults else OK
