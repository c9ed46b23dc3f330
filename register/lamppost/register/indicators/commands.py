"""`lamppost register indicators`: what can be shown, and what cannot yet."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lamppost.register.commanding import OK, UsageError, add, say, who
from lamppost.register.indicators.definitions import (
    CITY_FILE,
    DefinitionError,
    city_facts,
    period,
)
from lamppost.register.indicators.values import Value

if TYPE_CHECKING:
    from lamppost.register.records.store import Register

PERIOD = "2026-10 or 2026"


def add_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type to itself
    """Add it to a command line."""
    telling = add(commands, "indicators", _indicators, "city indicators in a month or a year")
    telling.add_argument("--period", metavar="PERIOD", required=True, help=PERIOD)
    telling.add_argument("--keep", action="store_true", help="enter them in the register")
    add_city(telling)


def add_city(parser: argparse.ArgumentParser) -> None:
    """Add the file with the facts of the city."""
    told = f"facts of the city, TOML; else {CITY_FILE} in the data folder"
    parser.add_argument("--city", type=Path, metavar="FILE", help=told)


def facts_of(arguments: argparse.Namespace) -> dict[str, float]:
    """Return the facts of the city that the command line names.

    Raises:
        UsageError: the file is not right.
    """
    path: Path = arguments.city or arguments.data / CITY_FILE
    if arguments.city is not None and not path.is_file():
        raise UsageError(f"--city: came {str(path)!r}, allowed: a file that is there")
    try:
        return city_facts(path)
    except DefinitionError as error:
        raise UsageError(str(error)) from error


def _indicators(register: "Register", arguments: argparse.Namespace) -> int:
    from lamppost.register.indicators import desk
    from lamppost.register.indicators.records import keep

    try:
        wanted = period(arguments.period)
    except DefinitionError as error:
        raise UsageError(str(error)) from error
    found = desk.values(register, wanted, facts_of(arguments))
    if arguments.keep:
        with register.changing(who(arguments)) as writer:
            for one in found:
                keep(writer, one, wanted)
    if arguments.json:
        say(json.dumps([asdict(one) for one in found], ensure_ascii=False))
        return OK
    for one in found:
        say(_line(one))
    reported = sum(one.status != "NR" for one in found)
    say(f"{reported} of {len(found)} can be shown in {wanted.name}; NR is never zero")
    return OK


def number(value: float) -> str:
    """Return a value for a terminal: small ones are not rounded to nothing."""
    return f"{value:.2f}" if abs(value) >= 1 or value == 0 else f"{value:.3g}"


def _line(one: Value) -> str:
    if one.value is None:
        return f"{one.indicator}\tNR\t{one.reason}"
    synthetic = "\tmade up, no evidence" if one.status == "synthetic" else ""
    return f"{one.indicator}\t{number(one.value)} {one.unit}\t{one.assets} assets{synthetic}"
