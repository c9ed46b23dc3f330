"""What every part of a made-up city is given, and which parts there are.

A part is a function; it finds what earlier parts have entered through the register. Rooms bring
their own: registering one is a line in `PARTS`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

from lamppost.register.records.links import RefusedError
from lamppost.register.records.reading import KINDS, Wanted, page
from lamppost.register.records.store import Register
from lamppost.register.records.writing import Writer
from lamppost.register.seed.size import ASSETS_DEFAULT

WHO = "demo city"
DAY_MS = 86_400_000
HISTORY_DAYS = 120
SEED = 20


@dataclass
class Seeding:
    """A city under construction.

    Attributes:
        register: Where it goes; migrated, and without assets.
        now_ms: The present of the city; its history goes back `HISTORY_DAYS`.
        assets: About how many assets there shall be.
        random: Where chance comes from; the same seed makes the same city.
        counts: What was entered, for the report.
    """

    register: Register
    now_ms: int
    assets: int = ASSETS_DEFAULT
    random: Random = field(default_factory=lambda: Random(SEED))  # noqa: S311 - a made-up city
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def began_ms(self) -> int:
        """When the history of the city begins."""
        return self.now_ms - HISTORY_DAYS * DAY_MS

    @contextmanager
    def writing(self, at_ms: int, who: str = WHO) -> Iterator[Writer]:
        """Give a writer whose entries are of a time; times must not go back."""
        with self.register.database.writing() as connection:
            writer = Writer(connection, who, at_ms)
            yield writer
            writer.flush()

    def count(self, name: str, number: int) -> None:
        """Add to the report."""
        self.counts[name] = self.counts.get(name, 0) + number


Part = Callable[[Seeding], None]


def seed_city(seeding: Seeding, parts: dict[str, Part], tell: Callable[[str], None]) -> None:
    """Build a city, part by part.

    Args:
        seeding: What the parts are given.
        parts: Name to part, in their order.
        tell: Told before each part.

    Raises:
        RefusedError: there are assets already.
    """
    with seeding.register.database.reading() as connection:
        there = page(connection, KINDS["assets"], Wanted({}, state="all", limit=1)).total
    if there:
        told = f"came a register with {there} assets, allowed: one without"
        raise RefusedError(f"--demo-city: {told}; a made-up city is not mixed with a real one")
    for name, part in parts.items():
        tell(name)
        part(seeding)
