"""Files that were sent here to be imported: kept under their hash until newer ones come.

Between the preview and the decision lies a person. What is entered then is the file that was
looked at: its name is the SHA-256 of its content.
"""

import fcntl
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from sqlalchemy.exc import IntegrityError

from lamppost.register.records.deciding import ConflictError, UnknownError
from lamppost.register.records.importing import Report, import_assets
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register
from lamppost.register.records.writing import Writer

FOLDER = "uploads"
KINDS = ("csv", "geojson")
NAME = re.compile(r"[0-9a-f]{64}\.(csv|geojson)")
UPLOAD_BYTES_MAX = 16 * 1024 * 1024
"""Some 100,000 assets; larger files are imported on the machine itself."""

FILES_MAX = 8
TAKEN = (
    "id: came one of an asset that lies in no district of yours, or that a colleague has just "
    "entered; allowed: new ones"
)
"""Which one stays untold: who sends the file may not see it."""


class TooLargeError(RefusedError):
    """More came than may come."""


async def keep(register: Register, kind: str, body: AsyncIterator[bytes]) -> str:
    """Keep a file, and of all files the newest; returns its name.

    Args:
        register: Whose data folder it goes to.
        kind: One of `KINDS`.
        body: Its content, piece by piece.

    Raises:
        TooLargeError: it is larger than `UPLOAD_BYTES_MAX`; nothing of it stays.
        OSError: it cannot be written.
    """
    folder = register.data_dir / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = folder / f"{secrets.token_hex(8)}.part"
    hashed, came = sha256(), 0
    try:
        with part.open("xb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # while it is held, somebody is writing
            async for piece in body:
                came += len(piece)
                if came > UPLOAD_BYTES_MAX:
                    raise TooLargeError(f"file: allowed: at most {UPLOAD_BYTES_MAX} bytes")
                hashed.update(piece)
                file.write(piece)
        name = f"{hashed.hexdigest()}.{kind}"
        part.replace(folder / name)
    finally:
        part.unlink(missing_ok=True)
    _tidy(folder)
    return name


def forget_broken(data_dir: Path) -> None:
    """Remove what uploads left behind that ended with their process; comes at a start.

    A file that another process is still writing is left alone.
    """
    for part in (data_dir / FOLDER).glob("*.part"):
        with suppress(OSError), part.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()


def preview(register: Register, name: str) -> Report:
    """Return what importing a kept file would do.

    Raises:
        UnknownError: there is no such file.
        ConflictError: it has been changed.
    """
    return register.import_assets(_path(register.data_dir, name), "", dry_run=True)


def enter(writer: Writer, data_dir: Path, name: str, seen: tuple[int, int]) -> Report:
    """Enter a kept file, if that does what its preview said.

    Args:
        writer: Where; nothing stays when this raises.
        data_dir: The platform's data folder.
        name: Of the file.
        seen: How many assets the preview created and updated.

    Raises:
        UnknownError: there is no such file.
        ConflictError: it would do something else by now, or has been changed, or an id of it
            is taken where the writer may not look.
    """
    try:
        report = import_assets(writer, _path(data_dir, name), dry_run=False)
    except IntegrityError as error:
        raise ConflictError(TAKEN) from error
    if report.problems_total:
        first = report.problems[0]
        told = f"line {first.line}: {first.field}: {first.told}"
        raise ConflictError(f"file: {report.problems_total} problems, the first in {told}")
    if (report.created, report.updated) != seen:
        raise ConflictError(
            f"file: came {seen[0]} new and {seen[1]} changed, as the preview said, allowed: "
            f"{report.created} and {report.updated}; the records have changed meanwhile"
        )
    return report


def _path(data_dir: Path, name: str) -> Path:
    path = data_dir / FOLDER / name
    if not NAME.fullmatch(name) or not path.is_file():
        allowed = f"one of the last {FILES_MAX} that were sent here"
        raise UnknownError(f"file: came {name[:80]!r}, allowed: {allowed}")
    with path.open("rb") as file:
        content = file.read(UPLOAD_BYTES_MAX + 1)
    if sha256(content).hexdigest() != path.stem:
        raise ConflictError(f"file: {name!r} is not what was sent; send it again")
    return path


def _tidy(folder: Path) -> None:
    """Let the newest stay; a colleague may have done so already."""
    dated = []
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            if NAME.fullmatch(path.name):
                dated.append((path.stat().st_mtime_ns, path))
    for _, path in sorted(dated, reverse=True)[FILES_MAX:]:
        with suppress(FileNotFoundError):
            path.unlink()
