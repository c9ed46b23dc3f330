"""The judging state at one position of the spool, on disk, whole or not at all.

The newest file and the one before it are kept; a torn or damaged one falls back to its
predecessor, whose position the spool still holds.
"""

import hashlib
import io
import json
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"LPCK"
VERSION = 1
HEAD = struct.Struct("<4sIQQ32s")  # magic, version, position, length, sha256
SUFFIX = ".checkpoint"
KEPT = 2


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """One state: `position` in the spool, JSON values and arrays."""

    position: int
    document: dict[str, Any]
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def pack(self) -> bytes:
        """Return the file's bytes: head with checksum, then an `.npz` without pickles."""
        document = json.dumps(self.document).encode()
        buffer = io.BytesIO()
        columns: dict[str, Any] = {f"a:{name}": array for name, array in self.arrays.items()}
        columns["document"] = np.frombuffer(document, np.uint8)
        np.savez(buffer, allow_pickle=False, **columns)
        body = buffer.getvalue()
        head = HEAD.pack(MAGIC, VERSION, self.position, len(body), _digest(self.position, body))
        return head + body

    @classmethod
    def unpack(cls, data: bytes) -> "Checkpoint":
        """Read a file's bytes.

        Raises:
            ValueError: torn, damaged or of another version.
        """
        if len(data) < HEAD.size:
            raise ValueError(f"{len(data)} bytes came, a checkpoint has at least {HEAD.size}")
        magic, version, position, length, digest = HEAD.unpack_from(data)
        body = data[HEAD.size :]
        if magic != MAGIC or version != VERSION:
            raise ValueError(f"{magic!r} version {version} came, {MAGIC!r} {VERSION} is known")
        if len(body) != length or _digest(position, body) != digest:
            raise ValueError("torn or damaged")
        with np.load(io.BytesIO(body), allow_pickle=False) as columns:
            arrays = {n.removeprefix("a:"): columns[n] for n in columns if n != "document"}
            document = json.loads(columns["document"].tobytes())
        return cls(position, document, arrays)


class Checkpoints:
    """The checkpoint files of one folder."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.rejected: list[str] = []

    def save(self, checkpoint: Checkpoint) -> int:
        """Write atomically and return the position that the oldest kept file still needs.

        Raises:
            OSError: the disk is full or broken; the older files are untouched.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        number = max((int(path.stem) for path in self._files()), default=-1) + 1
        path = self._directory / f"{number:012d}{SUFFIX}"
        temporary = path.with_suffix(".tmp")
        try:
            with temporary.open("wb") as file:
                file.write(checkpoint.pack())
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(self._directory)
        for old in self._files()[:-KEPT]:
            old.unlink(missing_ok=True)
        return self._oldest_position()

    def load(self) -> Checkpoint | None:
        """Return the newest sound checkpoint; `rejected` tells of the others."""
        for path in reversed(self._files()):
            try:
                return Checkpoint.unpack(path.read_bytes())
            except (ValueError, KeyError, OSError, EOFError) as error:
                self.rejected.append(f"{path.name}: {error}")
        return None

    def _oldest_position(self) -> int:
        files = self._files()
        if len(files) < KEPT:  # before the first checkpoint there was the start of the spool
            return 0
        with files[0].open("rb") as file:
            head = file.read(HEAD.size)
        return int(HEAD.unpack(head)[2]) if len(head) == HEAD.size else 0

    def _files(self) -> list[Path]:
        if not self._directory.is_dir():
            return []
        return sorted(p for p in self._directory.glob(f"*{SUFFIX}") if p.stem.isdecimal())


def _digest(position: int, body: bytes) -> bytes:
    return hashlib.sha256(struct.pack("<Q", position) + body).digest()


def _sync_folder(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
