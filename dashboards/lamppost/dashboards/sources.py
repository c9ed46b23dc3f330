"""The data sources in Grafana: one for each database of a city, known by a fixed uid.

Whoever provisions them gives them these uids; boards and rules name nothing else.
"""

from dataclasses import dataclass

from lamppost.wire.series import DATABASES, OPS, RAW, ROLLUP, Database, Measurement

TYPE = "influxdb"


@dataclass(frozen=True, slots=True)
class Source:
    """A data source.

    Attributes:
        uid: fixed, so that boards find it wherever they are.
        name: for people.
        database: what it reads.
    """

    uid: str
    name: str
    database: Database

    @property
    def reference(self) -> dict[str, str]:
        """How a panel, variable or annotation names it."""
        return {"type": TYPE, "uid": self.uid}


SOURCES = tuple(
    Source(f"lamppost-{database.role}", f"Lamppost {database.role}", database)
    for database in DATABASES
)
BY_UID = {source.uid: source for source in SOURCES}
RAW_SOURCE, OPS_SOURCE, ROLLUP_SOURCE = (
    next(source for source in SOURCES if source.database is database)
    for database in (RAW, OPS, ROLLUP)
)


def source_of(measurement: Measurement) -> Source:
    """Return the data source that has a measurement."""
    return next(source for source in SOURCES if source.database is measurement.database)
