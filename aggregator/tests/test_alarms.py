"""Alarms as a whole: from a verdict to the lines an operator reads."""

import json

import numpy as np

from lamppost.aggregator import columns as c
from lamppost.aggregator.alarms import event as e
from lamppost.aggregator.alarms.alarms import MAX_RECENT, AlarmConfig, Alarms
from lamppost.aggregator.alarms.incident import Incident
from lamppost.aggregator.alarms.incidents import Record
from lamppost.aggregator.columns import Verdicts

from .test_events import Desk, index, ms


def read(alarms: Alarms, second: float, flags: int, series: int = 0) -> list[Record]:
    """One judged reading."""
    out = Verdicts.empty(1)
    out.flags[0], out.severity[0] = flags, 0.6
    out.expected[0], out.low[0], out.high[0] = 4.0, 3.8, 4.2
    return alarms.update(
        np.array([series], np.int32), np.array([ms(second)]), np.array([2.1]), out, ms(second)
    )


def test_an_event_that_comes_and_goes_is_one_incident_in_the_end() -> None:
    """Three as they are, then one that chatters until it has been quiet."""
    alarms = Alarms(index().__getitem__, AlarmConfig(linger_s=120))
    for start in range(0, 600, 60):
        read(alarms, start, c.ANOMALY)
        read(alarms, start + 10, 0)
        alarms.tick(ms(start + 20))
    assert [one.kind for one in alarms.open_events()] == [e.CHATTERING]
    (incident,) = alarms.open_incidents()
    assert incident.events == 4
    for second in range(620, 1_500, 10):
        alarms.tick(ms(second))
    assert alarms.open_events() == ()
    assert alarms.open_incidents() == ()
    (closed,) = alarms.recent_incidents()
    assert closed.reason.startswith("pressure comes and goes: deviation, 10 times since")


def test_time_alone_closes_and_says_whether_anything_changed() -> None:
    """What a tick changes is written down; an idle one is not."""
    alarms = Alarms(index().__getitem__)
    read(alarms, 0, c.STUCK)
    assert alarms.tick(ms(1)) == (False, [])
    changed, (told,) = alarms.tick(ms(6))
    assert changed
    assert isinstance(told, Incident)
    read(alarms, 10, 0)
    assert alarms.tick(ms(11)) == (False, [])
    _, (event, incident) = alarms.tick(ms(13))
    assert (event.id, incident.id) == (event.id, told.id)
    changed, (closed,) = alarms.tick(ms(43))
    assert isinstance(closed, Incident)
    assert closed.closed_ms == ms(10)
    assert alarms.tick(ms(10_000)) == (False, [])


def test_what_is_over_is_kept_up_to_a_bound() -> None:
    """The live view shows the latest; a reopened event is not both."""
    alarms = Alarms(index().__getitem__, AlarmConfig(chatter_count=1_000, chatter_s=1))
    for start in range(0, (MAX_RECENT + 5) * 10, 10):
        read(alarms, start, c.STUCK)
        read(alarms, start + 1, 0)
        alarms.tick(ms(start + 9))
    assert len(alarms.recent()) == MAX_RECENT
    assert len(alarms.recent_incidents()) <= 500
    read(alarms, 50_000, c.RANGE)
    alarms.offline("riverside", "station-1", "pump-1", ms(50_001))
    alarms.online("riverside", "station-1", "pump-1", ms(50_002))
    alarms.tick(ms(50_003))
    alarms.tick(ms(50_020))
    ids = [one.id for one in (*alarms.open_events(), *alarms.recent())]
    assert len(ids) == len(set(ids))
    assert [one.kind for one in alarms.open_events()] == [e.RANGE]


def test_a_checkpoint_from_before_there_were_incidents_is_taken_over() -> None:
    """Its open events get incidents, and end as ever."""
    desk = Desk()
    desk.read(10, c.ANOMALY, onset=9)
    state = json.loads(json.dumps(desk.events.state())) | {"recent": []}
    state["open"] = [row[:3] for row in state["open"]]
    del state["maintenance"]
    alarms = Alarms(index().__getitem__)
    alarms.restore(state)
    (incident,) = alarms.open_incidents()
    assert incident.open_events == 1
    read(alarms, 20, 0)
    alarms.tick(ms(30))
    assert alarms.open_events() == ()
