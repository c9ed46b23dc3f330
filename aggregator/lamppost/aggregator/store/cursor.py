"""What a drain remembers on disk: how far it came, and the series it met on the way."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from lamppost.aggregator.nodes.series import SeriesInfo
from lamppost.aggregator.store.progress import Progress


def replace_file(path: Path, data: bytes) -> None:
    """Replace a file's content so that a crash leaves the old or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


class Cursor:
    """How far a drain came, in a file; an unreadable file is the start of the spool.

    To begin too early is harmless (stores overwrite), to begin too late would lose readings.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Progress:
        """Return the progress."""
        try:
            return Progress.from_json(json.loads(self._path.read_bytes()))
        except (OSError, ValueError, KeyError, TypeError):
            return Progress()

    def save(self, progress: Progress) -> None:
        """Keep a progress, durably.

        Raises:
            OSError: the file cannot be written; the old one stays.
        """
        replace_file(self._path, json.dumps(progress.to_json()).encode())


class SeriesBook:
    """Series by index, in a file that grows a line with each series that is new or changed.

    The frame that tells of a series is dropped with its segment long before the last reading of
    the series comes by, so a drain that starts in the middle needs its own record.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unsaved: list[SeriesInfo] = []
        saved = list(_saved(path))
        self._known = {info.index: info for info in saved}
        if len(saved) > 2 * len(self._known):
            with contextlib.suppress(OSError):  # a longer file is no reason not to start
                replace_file(path, b"".join(map(_line, self._known.values())))

    def get(self, index: int) -> SeriesInfo | None:
        """Return the series of an index, or None."""
        return self._known.get(index)

    def put(self, info: SeriesInfo) -> None:
        """Note a series."""
        if self._known.get(info.index) != info:
            self._known[info.index] = info
            self._unsaved.append(info)

    def save(self) -> None:
        """Write what is new, durably; must be done before a cursor passes the frames.

        Raises:
            OSError: the file cannot be written; call again.
        """
        if not self._unsaved:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab") as file:
            # A line that a crash or a full disk cut short must not swallow the next one.
            file.write(b"\n" + b"".join(map(_line, self._unsaved)))
            file.flush()
            os.fsync(file.fileno())
        self._unsaved.clear()


def _line(info: SeriesInfo) -> bytes:
    return json.dumps(info.to_json()).encode() + b"\n"


def _saved(path: Path) -> Iterator[SeriesInfo]:
    with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
        for line in file:
            with contextlib.suppress(ValueError, KeyError, TypeError):
                yield SeriesInfo.from_json(json.loads(line))
