"""Incidents: what happens to one asset at one time is told once.

An event joins the incident of its asset when something of it happened lately, else it opens
another one; an incident is over when its events are, and stayed so for a while. A moment after
its opening, when the first events have gathered, an operator is told of it, if the budget of
notifications allows; told again only when its class rises.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from lamppost.aggregator.alarms.event import PROCESS_ANOMALY, Event, event_id
from lamppost.aggregator.alarms.incident import (
    Incident,
    by_telling,
    channels_of,
    rank,
    sentence,
)
from lamppost.aggregator.alarms.notify import Budget

Record = Event | Incident
MAX_MEMBERS = 256
"""Events of one incident that are remembered; further ones only count."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The times of an incident, ms.

    Attributes:
        join_ms: an event belongs to what its asset's incident saw so lately.
        linger_ms: an incident ends so long after its last event did.
        gather_ms: an operator is told so long after its opening.
    """

    join_ms: int = 900_000
    linger_ms: int = 30_000
    gather_ms: int = 5_000


@dataclass(slots=True)
class _Case:
    told: Incident
    about: tuple[str, ...]  # the asset's name, or its place
    moved_ms: int  # when the last of its events opened or ended
    members: dict[str, Event] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    events: int = 0
    notify_ms: int | None = None  # when an operator shall be told
    notified: bool | None = None


class Incidents:
    """Groups events; one thread calls it, and what it returns depends on the calls alone.

    Args:
        budget: of notifications.
        pace: the times.
        asset_of: the asset that an event is about, if it is known, by its name; else "", and
            its device counts as one.
    """

    def __init__(
        self,
        budget: Budget,
        pace: Pace,
        asset_of: Callable[[Event], str] = lambda _: "",
    ) -> None:
        self._budget = budget
        self._pace = pace
        self._asset_of = asset_of
        self._cases: dict[str, _Case] = {}
        self._of_asset: dict[tuple[str, ...], list[str]] = {}
        self._case_of: dict[str, str] = {}

    def take(self, event: Event, now_ms: int) -> list[Record]:
        """Return the event with its incident's id, and the incident if that changes it."""
        name = self._case_of.get(event.id)
        if event.end_ms is not None:
            case = self._cases.get(self._case_of.pop(event.id, ""))
            if case is None:
                return [event]
            case.open.discard(event.id)
            case.moved_ms = now_ms
        elif name is None:
            case = self._case_for(event, now_ms)
            self._case_of[event.id] = case.told.id
            case.open.add(event.id)
            case.events += event.id not in case.members
            case.moved_ms = now_ms
        else:
            case = self._cases[name]
        event = replace(event, incident=case.told.id)
        if event.id in case.members or len(case.members) < MAX_MEMBERS:
            case.members[event.id] = event
        records: list[Record] = [event]
        self._retell(case, now_ms, records)
        return records

    def tick(self, now_ms: int) -> list[Record]:
        """Tell of what has gathered, and close what has been over for a while."""
        records: list[Record] = []
        for case in list(self._cases.values()):
            is_over = not case.open and now_ms - case.moved_ms >= self._pace.linger_ms
            if case.notify_ms is not None and (is_over or now_ms >= case.notify_ms):
                self._notify(case, now_ms)
                self._retell(case, now_ms, records)
            if is_over:
                self._close(case, records)
        return records

    def open_incidents(self) -> tuple[Incident, ...]:
        """What is open now, oldest first."""
        found = [case.told for case in self._cases.values()]
        return tuple(sorted(found, key=lambda one: (one.opened_ms, one.id)))

    def state(self) -> list[Any]:
        """JSON-ready state for a checkpoint, in order of opening."""
        return [
            [
                asdict(case.told),
                case.moved_ms,
                [asdict(event) for event in case.members.values()],
                sorted(case.open),
                case.events,
                case.notify_ms,
                case.notified,
                list(case.about),
            ]
            for case in self._cases.values()
        ]

    def restore(self, state: list[Any]) -> None:
        """Take over what `state` returned."""
        self._cases.clear()
        self._of_asset.clear()
        self._case_of.clear()
        for told, moved_ms, members, opened, events, notify_ms, notified, *rest in state:
            incident = Incident.from_json(told)
            about = tuple(rest[0]) if rest else incident.asset
            known = {fields["id"]: Event.from_json(fields) for fields in members}
            self._cases[incident.id] = _Case(
                incident, about, moved_ms, known, set(opened), events, notify_ms, notified
            )
            self._of_asset.setdefault(about, []).append(incident.id)
            self._case_of |= dict.fromkeys(opened, incident.id)

    def _case_for(self, event: Event, now_ms: int) -> _Case:
        name = self._asset_of(event)
        about = (name,) if name else event.asset
        known = self._of_asset.setdefault(about, [])
        if known and now_ms - self._cases[known[-1]].moved_ms <= self._pace.join_ms:
            return self._cases[known[-1]]
        blank = Incident(
            event_id("incident", now_ms, *event.asset, event.id),
            *event.asset,
            event.event_class,
            event.kind,
            event.onset_ms,
            now_ms,
            None,
            0.0,
            (),
            0,
            0,
            None,
            "",
        )
        case = _Case(blank, about, now_ms, notify_ms=now_ms + self._pace.gather_ms)
        self._cases[blank.id] = case
        known.append(blank.id)
        return case

    def _retell(self, case: _Case, now_ms: int, records: list[Record]) -> None:
        """Word the incident anew; told when that changes it."""
        before = case.told
        told = by_telling(case.members.values())
        lead = told[0]
        if rank(lead.event_class) > rank(before.incident_class) and case.notify_ms is None:
            case.notify_ms, case.notified = now_ms + self._pace.gather_ms, None
        opened_ms = min(event.onset_ms for event in told)
        case.told = replace(
            before,
            incident_class=lead.event_class,
            kind=lead.kind,
            opened_ms=opened_ms,
            severity=max(event.severity for event in told),
            channels=channels_of(told, before.asset),
            events=case.events,
            open_events=len(case.open),
            notified=case.notified,
            reason=sentence(told, opened_ms, None),
        )
        if case.told != before:
            records.append(case.told)

    def _notify(self, case: _Case, now_ms: int) -> None:
        urgent = case.told.incident_class == PROCESS_ANOMALY
        case.notified = self._budget.ask(case.about, now_ms, urgent=urgent)
        case.notify_ms = None

    def _close(self, case: _Case, records: list[Record]) -> None:
        told = by_telling(case.members.values())
        opened_ms = case.told.opened_ms
        closed_ms = max([opened_ms, *(event.end_ms or 0 for event in told)])
        del self._cases[case.told.id]
        of_asset = self._of_asset[case.about]
        of_asset.remove(case.told.id)
        if not of_asset:
            del self._of_asset[case.about]
        words = sentence(told, opened_ms, closed_ms)
        records.append(replace(case.told, closed_ms=closed_ms, reason=words))
