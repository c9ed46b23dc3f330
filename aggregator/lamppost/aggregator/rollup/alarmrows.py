"""Incidents, open alarms and states of assets as rows."""

from lamppost.aggregator.alarms.levels import level_of
from lamppost.aggregator.rollup.places import Place
from lamppost.aggregator.rollup.standing import Standing
from lamppost.aggregator.rollup.states import PlaceState
from lamppost.aggregator.store.seam import Sample
from lamppost.register.live import IncidentView
from lamppost.wire.series import ALARM, ASSET_STATE, INCIDENT, STATES

Fields = dict[str, float | str | None]


def alarm_row(
    incident: IncidentView, place: Place, standing: Standing, minute_ms: int, now_ms: int
) -> Sample:
    """Return an open incident as it is in a minute."""
    fields: Fields = {
        "level": level_of(incident.incident_class, incident.severity),
        "open_events": incident.open_events,
        "notified": bool(incident.notified),
        "acked": standing.acked,
        "shelved": standing.held,
        "opened_ms": incident.opened_ms,
        "severity": incident.severity,
        "score": incident.severity if standing.score is None else standing.score,
        "age_s": max(0, now_ms - incident.opened_ms) / 1000,
        "lat": place.lat,
        "lon": place.lon,
        "name": place.name,
        "kind": incident.kind,
        "incident": incident.id,
        "reason": incident.reason,
    }
    tags = place.tags | _source(incident.group, incident.node, incident.device)
    return Sample(ALARM, minute_ms, tags | {"class": incident.incident_class}, fields)


def incident_row(incident: IncidentView, place: Place, standing: Standing) -> Sample:
    """Return an incident at its opening, as it stands now."""
    closed = incident.closed_ms
    fields: Fields = {
        "id": incident.id,
        **place.tags,
        "name": place.name,
        "class": incident.incident_class,
        "kind": incident.kind,
        "reason": incident.reason,
        "channels": ", ".join(incident.channels),
        "assigned": standing.assigned,
        "open": closed is None,
        "level": level_of(incident.incident_class, incident.severity),
        "notified": bool(incident.notified),
        "events": incident.events,
        "open_events": incident.open_events,
        "acked": standing.acked,
        "shelved": standing.held,
        "false_alarm": standing.false_alarm,
        "detected_ms": incident.detected_ms,
        "closed_ms": closed,
        "severity": incident.severity,
        "duration_s": None if closed is None else (closed - incident.opened_ms) / 1000,
        "acked_after_s": standing.acked_after_s,
    }
    tags = _source(incident.group, incident.node, incident.device)
    return Sample(INCIDENT, incident.opened_ms, tags, fields)


def state_row(key: tuple[str, str, str], state: PlaceState, now_ms: int) -> Sample:
    """Return how an asset is."""
    place = state.place
    fields: Fields = {
        "code": state.code,
        "level": state.level,
        "stale": state.stale,
        "maintenance": state.maintenance,
        "open_events": state.open_events,
        "severity": state.severity,
        "lat": place.lat,
        "lon": place.lon,
        "state": STATES[state.code],
        "name": place.name,
    }
    return Sample(ASSET_STATE, now_ms, place.tags | _source(*key), fields)


def _source(group: str, node: str, device: str) -> dict[str, str]:
    return {"group": group, "node": node, "device": device}
