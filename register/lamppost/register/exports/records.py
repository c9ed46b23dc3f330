"""What an export reads: all records of a kind, as they stand at one moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from lamppost.register.records.reading import KINDS, State, Wanted, page
from lamppost.register.records.values import PAGE_MAX


@dataclass(frozen=True, slots=True)
class Records:
    """The records at one moment.

    Attributes:
        connection: Sees one moment of the database, for as long as the export takes.
        now_ms: That moment, UTC.
    """

    connection: Connection
    now_ms: int

    def every(self, kind: str, state: State = "open") -> Iterator[Any]:
        """Yield the records of a kind, a key of `KINDS`, in order of their ids."""
        after: str | None = ""
        while after is not None:
            wanted = Wanted({}, state=state, after=after, limit=PAGE_MAX)
            found = page(self.connection, KINDS[kind], wanted)
            yield from found.items
            after = found.next
