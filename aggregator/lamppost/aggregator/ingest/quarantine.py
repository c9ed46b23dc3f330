"""Payloads that could not be used: counted, the latest kept with topic and reason."""

import base64
import json
from collections import deque
from pathlib import Path

MAX_KEPT_PAYLOAD_BYTES = 65_536
MAX_KEPT_PER_S = 20
SUFFIX = ".json"


class Quarantine:
    """A ring of files in a folder.

    A flood of bad payloads costs a counter each; only a few a second are written.

    Args:
        directory: made when the first payload comes.
        max_files: the oldest file goes when there are more.
        max_bytes: the oldest files go when they hold more.
    """

    def __init__(
        self, directory: Path, max_files: int = 200, max_bytes: int = 4_000_000
    ) -> None:
        self.count = 0
        self._directory = directory
        self._max_files = max_files
        self._max_bytes = max_bytes
        self._second = 0
        self._kept_this_second = 0
        self._files: deque[tuple[Path, int]] = deque()
        self._bytes = 0
        self._next = 0
        if directory.is_dir():
            self._adopt()

    def add(self, topic: str, payload: bytes, reason: str, arrival_ms: int) -> None:
        """Count a payload and keep it if there is time and room; never raises OSError."""
        self.count += 1
        second = arrival_ms // 1000
        if second != self._second:
            self._second, self._kept_this_second = second, 0
        if self._kept_this_second >= MAX_KEPT_PER_S:
            return
        self._kept_this_second += 1
        document = {
            "topic": topic,
            "reason": reason,
            "arrival_ms": arrival_ms,
            "payload_bytes": len(payload),
            "payload_base64": base64.b64encode(payload[:MAX_KEPT_PAYLOAD_BYTES]).decode(),
        }
        try:
            self._write(json.dumps(document, indent=1).encode())
        except OSError:
            return  # a full disk must not stop the pipeline; the count still tells

    def _write(self, data: bytes) -> None:
        if len(data) > self._max_bytes:
            return
        self._directory.mkdir(parents=True, exist_ok=True)
        path = self._directory / f"{self._next:012d}{SUFFIX}"
        path.write_bytes(data)
        self._next += 1
        self._files.append((path, len(data)))
        self._bytes += len(data)
        while len(self._files) > self._max_files or self._bytes > self._max_bytes:
            oldest, size = self._files.popleft()
            self._bytes -= size
            oldest.unlink(missing_ok=True)

    def _adopt(self) -> None:
        for path in sorted(self._directory.glob(f"*{SUFFIX}")):
            if path.stem.isdecimal():
                size = path.stat().st_size
                self._files.append((path, size))
                self._bytes += size
                self._next = int(path.stem) + 1
