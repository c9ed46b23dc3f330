"""The command that hands a device over at an asset."""

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from lamppost.register import words
from lamppost.register.commanding import OK, UsageError, add, say, time_of, who
from lamppost.register.records.values import ROLES, Commissioning

if TYPE_CHECKING:
    from lamppost.register.records.commissioning import Check
    from lamppost.register.records.store import Register

EXAMPLES = """\
examples:
  lamppost register commission city/station/pump-1 --asset pump-1 --by ada
  lamppost register commission city/station/pump-1 --asset pump-1 --by ada \\
      --role capacity_use --check flow=42.1:42~0.5 level=2.4 --remarks "sealed, door locked"
  lamppost register commission city/station/pump-1 --asset pump-1 --by ada --channel flow \\
      --without-data "no mains until Monday"

A check is CHANNEL=READING:REFERENCE~ALLOWED in the channel's unit, or CHANNEL=READING
where there is nothing to compare with. The command knows of births only; the
API of an aggregator that runs also knows of readings.
"""


def add_command(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type to itself
    """Add it to a command line."""
    adding = add(commands, "commission", _commission, "hand a device over at an asset")
    adding.epilog = EXAMPLES
    adding.formatter_class = argparse.RawDescriptionHelpFormatter
    adding.add_argument("device", metavar="DEVICE", help="or a node, for all its devices")
    adding.add_argument("--asset", required=True, metavar="ASSET")
    adding.add_argument("--by", dest="who", required=True, metavar="NAME", help="who does it")
    adding.add_argument("--role", choices=ROLES, default="state")
    adding.add_argument("--at", metavar="TIME", help="day or time, UTC; now by default")
    several: dict[str, Any] = {"nargs": "+", "action": "extend", "default": []}
    adding.add_argument("--channel", metavar="CHANNEL", help="all by default", **several)
    adding.add_argument("--check", metavar="CHECK", help="what was seen; see below", **several)
    adding.add_argument("--remarks", metavar="TEXT")
    unheard = "why nothing has been heard of it for an hour"
    adding.add_argument("--without-data", metavar="REASON", help=unheard)


def _commission(register: "Register", arguments: argparse.Namespace) -> int:
    from lamppost.register.records.commissioning import KIND, Handover, commission

    by = who(arguments)
    said = Handover(
        arguments.device,
        arguments.asset,
        arguments.role,
        time_of("--at", arguments.at),
        arguments.channel,
        [_check(given) for given in arguments.check],
        arguments.remarks,
        arguments.without_data,
    )
    with register.changing(by) as writer:
        one = commission(writer, said, by, {})
        done = Commissioning(**writer.load(KIND, [one])[one])
    if arguments.json:
        say(json.dumps(asdict(done)))
    else:
        tell = "tells" if len(done.channels) == 1 else "tell"
        say(f"{done.id}: {words.count(len(done.channels), 'channel')} {tell} of {done.asset}")
    return OK


def _check(given: str) -> "Check":
    """Read a check; a metric's name may hold "=" and ":"."""
    from lamppost.register.records.commissioning import Check

    name, _, told = given.rpartition("=")
    reading, compared, rest = told.partition(":")
    reference, _, allowed = rest.partition("~")
    try:
        if not compared:
            return Check(name, float(reading))
        return Check(name, float(reading), float(reference), float(allowed))
    except ValueError as error:
        told = "CHANNEL=READING:REFERENCE~ALLOWED or CHANNEL=READING, with numbers"
        raise UsageError(f"--check: came {given[:80]!r}, allowed: {told}") from error
