"""Once a minute the live view becomes rows: no panel over many assets reads a reading."""

import logging
from collections.abc import Callable, Mapping
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from lamppost.aggregator.rollup.alarmrows import alarm_row, incident_row, state_row
from lamppost.aggregator.rollup.counts import MINUTE_MS, counted
from lamppost.aggregator.rollup.feeders import Feeders, feeders_of
from lamppost.aggregator.rollup.peers import peers
from lamppost.aggregator.rollup.places import Key, Places, places_of, told_by
from lamppost.aggregator.rollup.plan import Plan, plan_of
from lamppost.aggregator.rollup.ready import has_tables
from lamppost.aggregator.rollup.standing import Standing, standings_of
from lamppost.aggregator.rollup.states import PlaceState, states_of
from lamppost.aggregator.rollup.working import Working
from lamppost.aggregator.store.seam import Sample
from lamppost.register.live import Snapshot
from lamppost.register.records.database import Database

HEARTBEAT_MS = 600_000
PLACES_EVERY_MS = 300_000
NOBODY = Standing()
T = TypeVar("T")

log = logging.getLogger(__name__)


class City:
    """Turns snapshots into rows; one thread calls it.

    Args:
        database: the register's, which knows the assets and what operators did.
        host: the aggregator's Sparkplug host id.
        on_plan: told what the register says of channels, whenever that has changed.
        on_feeders: the same of what feeds what.

    Attributes:
        places: what the register said last, and births of what it does not know.
        ready: the register has tables; before that nobody is asked.
    """

    def __init__(
        self,
        database: Database,
        host: str,
        on_plan: Callable[[Plan], None] = lambda _: None,
        on_feeders: Callable[[Feeders], None] = lambda _: None,
    ) -> None:
        self.places = Places()
        self._plan: Plan | None = None
        self._on_plan = on_plan
        self._feeders: Feeders | None = None
        self._on_feeders = on_feeders
        self.ready = False
        self._database = database
        self._host = host
        self._minute_ms = -1
        self._places_ms = -PLACES_EVERY_MS
        self._standings: Mapping[str, Standing] = {}
        self._told: dict[Key, tuple[object, int]] = {}
        self._incidents: dict[str, object] = {}
        self._working = Working()

    def samples(self, snapshot: Snapshot) -> tuple[Sample, ...]:
        """Return what changed, and the minute's rows: at its start and with each incident."""
        now_ms = snapshot.time_ms
        minute_ms = now_ms // MINUTE_MS * MINUTE_MS
        new_minute = minute_ms != self._minute_ms
        self._minute_ms = minute_ms
        self._ask(now_ms)
        if new_minute:
            self.places = Places(self.places.known, told_by(snapshot.channels))
        states = states_of(snapshot, self.places)
        incidents = self._changed_incidents(snapshot)
        working = self._working.rows(snapshot.maintenance, now_ms)
        rows = (*self._changed(states, now_ms), *incidents, *working)
        if not new_minute and not incidents:
            return rows
        open_ones = (one for one in snapshot.incidents if one.closed_ms is None)
        return (
            *counted(snapshot, states, self.places, self._standings, self._host),
            *(
                alarm_row(
                    one,
                    self.places.of(one.group, one.node, one.device),
                    self._standings.get(one.id, NOBODY),
                    minute_ms,
                    now_ms,
                )
                for one in open_ones
            ),
            *peers(snapshot.channels, self.places, minute_ms, self._host),
            *rows,
        )

    def _ask(self, now_ms: int) -> None:
        """Ask the register; what it said last holds while it does not answer."""
        self.ready = self.ready or has_tables(self._database)
        if not self.ready:
            return
        if not 0 <= now_ms - self._places_ms < PLACES_EVERY_MS:
            self._places_ms = now_ms
            asked = _answered(lambda: places_of(self._database), self.places)
            self.places = Places(asked.known, self.places.told)
            plan = _answered(lambda: plan_of(self._database), self._plan)
            if plan is not None and plan != self._plan:
                self._plan = plan
                self._on_plan(plan)
            feeders = _answered(lambda: feeders_of(self._database), self._feeders)
            if feeders is not None and feeders != self._feeders:
                self._feeders = feeders
                self._on_feeders(feeders)
        self._standings = _answered(
            lambda: standings_of(self._database, now_ms), self._standings
        )

    def _changed(self, states: Mapping[Key, PlaceState], now_ms: int) -> list[Sample]:
        """States that changed, and the others each in its own minute of the heartbeat."""
        rows = []
        for key, state in states.items():
            facts = (state.place, state.code, state.level, state.stale, state.maintenance)
            known = self._told.get(key)
            if known is not None and known[0] == facts and now_ms < known[1]:
                continue
            # The first heartbeat comes early, by a share of its own: not all in one minute.
            early_ms = hash(key) % HEARTBEAT_MS if known is None else 0
            self._told[key] = facts, now_ms + HEARTBEAT_MS - early_ms
            rows.append(state_row(key, state, now_ms))
        for gone in self._told.keys() - states.keys():
            del self._told[gone]
        return rows

    def _changed_incidents(self, snapshot: Snapshot) -> list[Sample]:
        rows, seen = [], {}
        for one in snapshot.incidents:
            place = self.places.of(one.group, one.node, one.device)
            standing = self._standings.get(one.id, NOBODY)
            seen[one.id] = one, place, standing
            if self._incidents.get(one.id) != seen[one.id]:
                rows.append(incident_row(one, place, standing))
        self._incidents = dict(seen)
        return rows


def _answered(ask: Callable[[], T], otherwise: T) -> T:
    try:
        return ask()
    except SQLAlchemyError as problem:
        # The driver's words alone: SQLAlchemy's have the whole statement in them.
        told = getattr(problem, "orig", None) or problem
        log.warning("rollups: the register does not answer: %s", told)
        return otherwise
