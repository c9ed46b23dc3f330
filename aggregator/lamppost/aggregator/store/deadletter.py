"""Dead letters: lines a database refuses for good, kept with the reason for a person."""

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

MAX_BYTES = 64 * 1024 * 1024
MAX_REASON_CHARS = 500


def now_ms() -> int:
    """Return the time, UTC milliseconds."""
    return time.time_ns() // 1_000_000


class DeadLetters:
    """A bounded file of refused lines, one JSON object a line.

    Each has time_ms, reason, database and line.

    When the file is full it becomes `<name>.1`, in place of the one before it, so at most twice
    `max_bytes` are kept.

    Attributes:
        count: how many lines were added since the start.
    """

    def __init__(
        self, path: Path, max_bytes: int = MAX_BYTES, clock_ms: Callable[[], int] = now_ms
    ) -> None:
        self.path = path
        self.count = 0
        self._max_bytes = max_bytes
        self._clock_ms = clock_ms

    def add(self, reason: str, lines: Iterable[str], database: str = "") -> None:
        """Append lines, durably: they are acknowledged once this returns.

        Raises:
            OSError: the file cannot be written.
        """
        letters = [
            {
                "time_ms": self._clock_ms(),
                "reason": reason[:MAX_REASON_CHARS],
                "database": database,
                "line": line,
            }
            for line in lines
        ]
        if not letters:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            if self.path.stat().st_size >= self._max_bytes:
                self.path.replace(self.path.with_name(self.path.name + ".1"))
        with self.path.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(letter) + "\n" for letter in letters)
            file.flush()
            os.fsync(file.fileno())
        self.count += len(letters)
