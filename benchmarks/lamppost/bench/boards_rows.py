"""All rows of a made-up city, as lines.

Every row is built from the names in `lamppost.wire.series` and written by the line builder of
the stores, so a board that works on this city works on a real one. The same city comes out each
time.
"""

from collections.abc import Iterator

from lamppost.aggregator.store.lineprotocol import event_line, sample_line
from lamppost.bench import boards_assets, boards_platform
from lamppost.bench.boards_city import City
from lamppost.wire import series as s

Row = tuple[s.Database, str]


def rows(city: City) -> Iterator[Row]:
    """Yield the lines of the city with the database of each."""
    for part in (*boards_assets.PARTS, *boards_platform.PARTS):
        for sample in part(city):
            yield sample.measurement.database, sample_line(sample)
    for event in boards_assets.events(city):
        yield s.EVENT.database, event_line(event)
