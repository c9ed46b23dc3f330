"""`lamppost register export`: the records in formats that others read."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lamppost.register.commanding import OK, add, say
from lamppost.register.exports.names import CSV, NAMES

if TYPE_CHECKING:
    from lamppost.register.records.store import Register


def add_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type to itself
    """Add it to a command line."""
    exporting = add(commands, "export", _export, "write the records in an open format")
    exporting.add_argument("format", choices=NAMES)
    told = f"file to write; for {CSV} a folder, with a file for each kind of record"
    exporting.add_argument("--out", type=Path, required=True, metavar="PATH", help=told)


def _export(register: "Register", arguments: argparse.Namespace) -> int:
    from lamppost.register.exports.writing import export

    written = export(register, arguments.format, arguments.out, _tell)
    for file in written:
        told = f"{file.path}: {file.bytes} bytes"
        say(json.dumps(asdict(file)) if arguments.json else told)
    return OK


def _tell(line: str) -> None:
    print(line, file=sys.stderr)
