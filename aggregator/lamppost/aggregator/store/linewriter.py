"""Sends lines to an InfluxDB and understands its answers, whichever version it is."""

import contextlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from lamppost.aggregator.store.columnlines import Block
from lamppost.aggregator.store.deadletter import DeadLetters
from lamppost.aggregator.store.seam import StoreRefused, StoreUnreachable

MAX_LINES = 5_000
# A refused piece is halved until the refused lines stand alone; this bounds the requests of one
# write when very many lines are refused.
MAX_SPLITS = 500
MAX_MESSAGE_CHARS = 300
ACKNOWLEDGED = 204
"""Nothing else is: a proxy's page of 200 must not count as stored."""
PARTLY = 201
"""How InfluxDB 3's predecessors in the cloud said "partial write" until 2024."""
LINE_FAULTS = re.compile(
    r"partial write|unable to parse|type conflict|failed to parse line protocol|^line \d+: "
)
# 1.x says the one, 2.9 the other. Either is said only when nothing else was wrong: the other
# lines are stored then.
TOO_OLD = re.compile(
    r"partial write: (?:points beyond retention policy dropped=(\d+)"
    r"|dropped ([1-9]\d*) points outside retention policy)"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an InfluxDB said to a write."""

    status: int
    message: str = ""
    retry_after_s: float = 0.0


def message_of(body: bytes | str, fallback: str = "") -> str:
    """Return the sentence in an InfluxDB's error body, short enough to show.

    Where the body says which line is wrong, as that of version 3 in the cloud does, so does the
    sentence.
    """
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    with contextlib.suppress(ValueError):
        document = json.loads(text)
        if isinstance(document, dict):
            text = str(document.get("error") or document.get("message") or text)
            line = document.get("line")
            text = f"line {line}: {text}" if isinstance(line, int) else text
    return (" ".join(text.split()) or fallback)[:MAX_MESSAGE_CHARS]


def retry_after_s(value: str | None) -> float:
    """Return a Retry-After header in seconds; 0 when it is absent or a date."""
    try:
        return max(0.0, float(value or 0))
    except ValueError:
        return 0.0


class LineWriter:
    """Writes lines so that each is stored, or in the dead-letter file, or the call raises.

    Args:
        send: makes one request of a body of lines; raises StoreUnreachable without an answer.
        dead: where refused lines go.
        database: its name, for the dead letters.
        max_lines: of one request.

    Attributes:
        too_old: lines that lay beyond the database's own retention, which dropped them.
    """

    def __init__(
        self,
        send: Callable[[bytes], Answer],
        dead: DeadLetters,
        database: str = "",
        max_lines: int = MAX_LINES,
    ) -> None:
        self.dead = dead
        self.too_old = 0
        self._send = send
        self._database = database
        self._max_lines = max_lines

    def write(self, lines: Block) -> None:
        """Write lines.

        Raises:
            StoreUnreachable: no answer, or one that says "later".
            StoreRefused: the database answers that it will not.
        """
        starts = range(0, len(lines), self._max_lines)
        pieces = [lines.part(start, start + self._max_lines) for start in reversed(starts)]
        splits = MAX_SPLITS
        while pieces:
            piece = pieces.pop()
            answer = self._send(piece.body)
            if answer.status == ACKNOWLEDGED:
                continue
            self._check(answer)
            old = TOO_OLD.search(answer.message)
            if old is not None and answer.status in (400, 422):
                self.too_old += int(old[1] or old[2])
            elif len(piece) > 1 and splits:
                splits -= 1
                half = len(piece) // 2
                pieces += (piece.part(half, len(piece)), piece.part(0, half))
            else:
                self._bury(answer, piece)

    def _check(self, answer: Answer) -> None:
        """Raise unless the answer is about the lines themselves."""
        if answer.status in (413, PARTLY):
            return
        text = f"{answer.status} {answer.message}".strip()
        if answer.status in (400, 422) and LINE_FAULTS.search(answer.message):
            return
        if 200 <= answer.status < 300:
            text += f" came, allowed: {ACKNOWLEDGED}; is this an InfluxDB?"
        if answer.status == 429 or answer.status >= 500:
            raise StoreUnreachable(text, answer.retry_after_s)
        raise StoreRefused(text, answer.retry_after_s)

    def _bury(self, answer: Answer, piece: Block) -> None:
        reason = f"{answer.status} {answer.message}"
        if len(piece) > 1:
            reason += f" (one of {len(piece)} lines that came together; some may be stored)"
        try:
            self.dead.add(reason, piece.texts(), self._database)
        except OSError as problem:
            raise StoreUnreachable(f"dead-letter file {self.dead.path}: {problem}") from problem
