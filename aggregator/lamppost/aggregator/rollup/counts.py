"""Assets and incidents counted: of the city, by district, by class, and by both."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lamppost.aggregator.rollup.places import Key, Place, Places
from lamppost.aggregator.rollup.standing import Standing
from lamppost.aggregator.rollup.states import PlaceState, rank
from lamppost.aggregator.store.seam import Sample
from lamppost.register.live import IncidentView, Snapshot
from lamppost.wire.series import ROLLUPS, STATES, Measurement

CLASS_FIELDS = {
    "sensor_fault": "sensor_faults",
    "process_anomaly": "process_anomalies",
    "communication": "communication",
}
MINUTE_MS = 60_000


@dataclass(slots=True)
class Count:
    """What is counted for one row."""

    numbers: dict[str, int] = field(default_factory=dict)
    lats: list[float] = field(default_factory=list)
    lons: list[float] = field(default_factory=list)

    def add(self, name: str, by: int = 1) -> None:
        """Count something."""
        self.numbers[name] = self.numbers.get(name, 0) + by

    def join(self, other: "Count") -> None:
        """Count all that another one has counted too."""
        for name, by in other.numbers.items():
            self.add(name, by)
        self.lats += other.lats
        self.lons += other.lons

    def fields(self, measurement: Measurement) -> dict[str, float | str | None]:
        """The row's fields: a count of nothing is a 0, a middle of nothing is absent."""
        row: dict[str, float | str | None] = {
            name: self.numbers.get(name, 0)
            for name in measurement.names()
            if name not in {"lat", "lon"}
        }
        row["lat"] = sum(self.lats) / len(self.lats) if self.lats else None
        row["lon"] = sum(self.lons) / len(self.lons) if self.lons else None
        return row


class Counts:
    """Counts of one minute, by district and class; the other rollups are sums of these.

    Args:
        minute_ms: the minute's start, which the rows are of.
        host: the aggregator that counts.
    """

    def __init__(self, minute_ms: int, host: str) -> None:
        self._minute_ms = minute_ms
        self._host = host
        self._cells: dict[tuple[str, str], Count] = {}

    def states(self, states: Mapping[Key, PlaceState]) -> None:
        """Count assets by their state; one that several devices measure counts once."""
        worst: dict[str, PlaceState] = {}
        for state in states.values():
            known = worst.get(state.place.asset)
            if known is None or rank(state) > rank(known):
                worst[state.place.asset] = state
            count = self._of(state.place)
            count.add("channels", state.channels)
            count.add("channels_stale", state.channels_stale)
        for state in worst.values():
            count = self._of(state.place)
            count.add("assets")
            count.add(STATES[state.code])
            if state.place.lat is not None and state.place.lon is not None:
                count.lats.append(state.place.lat)
                count.lons.append(state.place.lon)

    def incidents(
        self,
        incidents: Iterable[IncidentView],
        places: Places,
        standings: Mapping[str, Standing],
    ) -> None:
        """Count open incidents, and those that were opened in the minute before."""
        nobody = Standing()
        for one in incidents:
            standing = standings.get(one.id, nobody)
            count = self._of(places.of(one.group, one.node, one.device))
            if self._minute_ms - MINUTE_MS <= one.detected_ms < self._minute_ms:
                count.add("opened")
            if one.closed_ms is None:
                count.add("open_incidents")
                count.add(CLASS_FIELDS[one.incident_class])
                count.add("shelved", standing.held)
                count.add("unacked", not standing.acked and not standing.held)

    def rows(self) -> tuple[Sample, ...]:
        """Return the rows; that of the city is there even when there is nothing in it."""
        return tuple(
            Sample(measurement, self._minute_ms, dict(tags), count.fields(measurement))
            for measurement in ROLLUPS
            for tags, count in self._joined(measurement).items()
        )

    def _joined(self, measurement: Measurement) -> dict[tuple[tuple[str, str], ...], Count]:
        """Return the counts by the tags of a rollup."""
        city = measurement is ROLLUPS[0]
        found: dict[tuple[tuple[str, str], ...], Count] = {}
        if city:
            found[("host", self._host),] = Count()
        for (district, asset_class), count in self._cells.items():
            named = {"district": district, "asset_class": asset_class, "host": self._host}
            tags = tuple((tag, named[tag]) for tag in measurement.tags)
            found.setdefault(tags, Count()).join(count)
        return found

    def _of(self, place: Place) -> Count:
        return self._cells.setdefault((place.district, place.asset_class), Count())


def counted(
    snapshot: Snapshot,
    states: Mapping[Key, PlaceState],
    places: Places,
    standings: Mapping[str, Standing],
    host: str,
) -> tuple[Sample, ...]:
    """Return the rows of all rollups at a snapshot's minute."""
    counts = Counts(snapshot.time_ms // MINUTE_MS * MINUTE_MS, host)
    counts.states(states)
    counts.incidents(snapshot.incidents, places, standings)
    return counts.rows()
