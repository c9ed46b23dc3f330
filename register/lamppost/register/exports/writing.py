"""Exports into files: whole or not at all."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lamppost.register.exports.formats import FORMATS, SHEETS, Format
from lamppost.register.exports.names import CSV
from lamppost.register.exports.records import Records
from lamppost.register.records.store import Register

EVERY_PIECES = 10_000


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written."""

    path: str
    bytes: int


def export(
    register: Register, name: str, out: Path, tell: Callable[[str], None]
) -> tuple[Written, ...]:
    """Write the register in a format; one moment of it, whatever is entered meanwhile.

    Args:
        register: What to export.
        name: One of `NAMES`.
        out: A file; for CSV a folder, which is made.
        tell: Gets a line of progress now and then.

    Raises:
        OSError: it cannot be written; a file that was there is as it was.
    """
    with register.database.reading() as connection:
        records = Records(connection, register.now_ms())
        if name != CSV:
            return (_write(records, FORMATS[name], out, tell),)
        out.mkdir(parents=True, exist_ok=True)
        return tuple(
            _write(records, chosen, out / f"{kind}{chosen.suffix}", tell)
            for kind, chosen in SHEETS.items()
        )


def _write(
    records: Records, chosen: Format, path: Path, tell: Callable[[str], None]
) -> Written:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            for number, piece in enumerate(chosen.pieces(records, ()), 1):
                file.write(piece)
                if number % EVERY_PIECES == 0:
                    tell(f"{path.name}: {number} lines so far")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return Written(str(path), path.stat().st_size)
