"""The state of every asset at a moment, out of the live view."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lamppost.aggregator.alarms import levels
from lamppost.aggregator.rollup.places import Key, Place, Places
from lamppost.register.live import IncidentView, Snapshot
from lamppost.wire.series import STATES

STALE, MAINTENANCE = STATES.index("stale"), STATES.index("maintenance")
# Which of several places of one asset it is told by: what is known to be wrong comes first.
_RANKS = {code: rank for rank, code in enumerate((0, MAINTENANCE, STALE, 1, 2, 3))}


@dataclass(frozen=True, slots=True)
class PlaceState:
    """How one device, or one node, is.

    Attributes:
        place: the asset it measures.
        code: its state, an index of `lamppost.wire.series.STATES`.
        level: of its worst open incident, 0 when there is none.
        severity: of the same one.
        stale: nothing of it is present: it is offline or silent.
        maintenance: somebody works on it.
        open_events: of its incidents.
        channels: how many channels it has.
        channels_stale: how many of them are silent.
    """

    place: Place
    code: int
    level: int
    severity: float
    stale: bool
    maintenance: bool
    open_events: int
    channels: int
    channels_stale: int


def rank(state: PlaceState) -> int:
    """Return how much a state counts beside other states of the same asset."""
    return _RANKS[state.code]


def states_of(snapshot: Snapshot, places: Places) -> dict[Key, PlaceState]:
    """Return the state of every device and node that the view shows."""
    channels: dict[Key, list[int]] = {}
    for one in snapshot.channels:
        counts = channels.setdefault((one.group, one.node, one.device), [0, 0])
        counts[0] += 1
        counts[1] += one.stale
    online = {(node.group, node.name): node.online for node in snapshot.nodes}
    incidents = _by_place(snapshot.incidents)
    working = {(one.group, one.node, one.device) for one in snapshot.maintenance}
    keys = {*channels, *incidents, *((group, name, "") for group, name in online)}
    return {
        key: _state(
            places.of(*key),
            incidents.get(key, ()),
            channels.get(key, (0, 0)),
            offline=not online.get(key[:2], True),
            maintenance=key in working or (*key[:2], "") in working,
        )
        for key in sorted(keys)
    }


def _by_place(incidents: Iterable[IncidentView]) -> Mapping[Key, list[IncidentView]]:
    found: dict[Key, list[IncidentView]] = {}
    for one in incidents:
        if one.closed_ms is None:
            found.setdefault((one.group, one.node, one.device), []).append(one)
    return found


def _state(
    place: Place,
    incidents: Iterable[IncidentView],
    channels: Iterable[int],
    *,
    offline: bool,
    maintenance: bool,
) -> PlaceState:
    count, silent = channels
    stale = offline or (count > 0 and silent == count)
    level, severity, events = 0, 0.0, 0
    for one in incidents:
        stale = stale or one.incident_class == "communication"
        events += one.open_events
        if one.incident_class != "communication":  # that one is told by being stale
            level = max(level, levels.level_of(one.incident_class, one.severity))
        severity = max(severity, one.severity)
    code = MAINTENANCE if maintenance else level or (STALE if stale else 0)
    return PlaceState(place, code, level, severity, stale, maintenance, events, count, silent)
