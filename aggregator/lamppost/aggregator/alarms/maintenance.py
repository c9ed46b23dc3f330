"""Maintenance mode: who works where until when, in a file that operators write.

The file `maintenance.json` in the data folder is the whole interface: the command line edits
it, the running aggregator looks at it once a second. There is nothing to authenticate but the
rights on the folder.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lamppost.aggregator.alarms.event import Place

FILE_NAME = "maintenance.json"
MAX_WINDOWS = 1_000
MAX_BYTES = 1_000_000
MAX_CHARS = 500


class MaintenanceError(ValueError):
    """The file does not say who works where."""


@dataclass(frozen=True, slots=True)
class Window:
    """Somebody works on a node (device "") or on one of its devices.

    Attributes:
        since_ms: when it was begun.
        until_ms: when it ends by itself.
        by: who works there.
        reason: why.
    """

    group: str
    node: str
    device: str
    since_ms: int
    until_ms: int
    by: str
    reason: str

    @property
    def place(self) -> Place:
        """What is worked on."""
        return self.group, self.node, self.device

    @property
    def where(self) -> str:
        """`GROUP/NODE` or `GROUP/NODE/DEVICE`."""
        return "/".join(filter(None, self.place))

    @classmethod
    def from_json(cls, document: Any) -> "Window":  # noqa: ANN401 - whatever the file holds
        """Rebuild from the file.

        Raises:
            MaintenanceError: it is none.
        """
        try:
            texts = [document[name] for name in ("group", "node", "device", "by", "reason")]
            times = [document[name] for name in ("since_ms", "until_ms")]
        except (KeyError, TypeError) as error:
            raise MaintenanceError(f"{error!r} in {str(document)[:MAX_CHARS]}") from error
        if not all(isinstance(text, str) and len(text) <= MAX_CHARS for text in texts):
            raise MaintenanceError(f"names, by and reason are texts: {texts!r:.{MAX_CHARS}}")
        if not all(isinstance(time, int) for time in times):
            raise MaintenanceError(f"since_ms and until_ms are UTC milliseconds: {times!r}")
        group, node, device, by, reason = texts
        since_ms, until_ms = times
        if not group or not node:
            raise MaintenanceError("a group and a node are named")
        return cls(group, node, device, since_ms, until_ms, by, reason)


def parse_place(text: str) -> Place:
    """Read `GROUP/NODE` or `GROUP/NODE/DEVICE`.

    Raises:
        ValueError: it is neither.
    """
    parts = text.split("/")
    if len(parts) not in (2, 3) or not all(parts):
        raise ValueError(text)
    group, node, *device = parts
    return group, node, device[0] if device else ""


def read_windows(path: Path) -> tuple[Window, ...]:
    """All windows in the file, also those that are over; none when there is no file.

    Raises:
        MaintenanceError: the file cannot be read or understood.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise MaintenanceError(str(error)) from error
    try:
        document = json.loads(text) if len(text) <= MAX_BYTES else None
    except (ValueError, RecursionError) as error:
        raise MaintenanceError(f"not JSON: {error}") from error
    if not isinstance(document, list) or len(document) > MAX_WINDOWS:
        raise MaintenanceError(f"a list of at most {MAX_WINDOWS} windows is wanted")
    return tuple(map(Window.from_json, document))


def write_windows(path: Path, windows: Iterable[Window]) -> None:
    """Replace the file, as a whole.

    Raises:
        OSError: the folder cannot be written to.
        MaintenanceError: there are too many windows.
    """
    kept = [asdict(window) for window in windows]
    if len(kept) > MAX_WINDOWS:
        raise MaintenanceError(f"{len(kept)} windows came, allowed: {MAX_WINDOWS}")
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    temporary.replace(path)


class MaintenanceFile:
    """The file as the running aggregator sees it; read again only when it has changed.

    Attributes:
        trouble: why it cannot be read, "" when it can; what was known then holds on.
    """

    def __init__(self, path: Path) -> None:
        self.trouble = ""
        self._path = path
        self._windows: tuple[Window, ...] = ()
        self._seen: tuple[int, int, int] | None = None

    def active(self, now_ms: int) -> tuple[Window, ...]:
        """Who works where now."""
        stamp = self._stamp()
        if stamp != self._seen:
            self._seen = stamp
            try:
                self._windows = read_windows(self._path)
                self.trouble = ""
            except MaintenanceError as error:
                self.trouble = f"{self._path.name}: {error}"
        return tuple(window for window in self._windows if now_ms < window.until_ms)

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            facts = self._path.stat()
        except OSError:
            return None
        return facts.st_ino, facts.st_mtime_ns, facts.st_size
