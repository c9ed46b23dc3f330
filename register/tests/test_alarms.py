"""Alarms in the register: raised by incidents, kept by the clock, counted by the KPIs."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from lamppost.register.alarms import desk, escalation, kpis
from lamppost.register.alarms.feedback import report
from lamppost.register.alarms.keeper import Keeper
from lamppost.register.alarms.kpis import Period
from lamppost.register.alarms.states import Deed
from lamppost.register.alarms.values import Alarm
from lamppost.register.live import IncidentView, MaintenanceView, NodeView, Snapshot
from lamppost.register.records.deciding import ConflictError, known
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register

from .city import City
from .registers import CHANNEL, FLOW, LEVEL, T0, Clock, birth, incident
from .test_records_import import PUMPS, taken

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS


def observed(register: Register, *incidents: IncidentView) -> int:
    """Enter incidents as the keeper does."""
    with register.changing(desk.WHO) as writer:
        return desk.observe(writer, incidents)


def the_alarm(register: Register, one: str = "i-1") -> Alarm:
    """Return an alarm as it is."""
    with register.changing("test") as writer:
        return Alarm(**known(writer, "alarm", one))


def acted(register: Register, deed: Deed, who: str = "ada", **said: object) -> bool:
    """Let a person act on the alarm."""
    with register.changing(who) as writer:
        return desk.act(writer, "i-1", deed, who, **said)  # type: ignore[arg-type]


def ticked(register: Register) -> int:
    """Let the clock act."""
    with register.changing(desk.CLOCK) as writer:
        return desk.tick(writer)


@pytest.fixture
def bound(register: Register, tmp_path: Path) -> Register:
    """Pumps, a channel, and what it tells of."""
    taken(register, tmp_path, PUMPS)
    register.observe_births([birth(FLOW, LEVEL)])
    register.bind(CHANNEL, "pump-1", "capacity_use", "ada", T0)
    return register


def test_an_incident_becomes_an_alarm_of_its_asset(bound: Register) -> None:
    """The link says which asset, the asset how much it matters."""
    observed(bound, incident())
    alarm = the_alarm(bound)
    assert (alarm.asset, alarm.asset_class, alarm.state) == ("pump-1", "pump", "unacknowledged")
    assert alarm.score == pytest.approx(0.8 * 4 / 5 * 0.75)
    assert (alarm.priority, alarm.source) == (2, "riverside/station/pump-1")


def test_the_same_incident_again_is_no_other_alarm(any_register: Register) -> None:
    """An incident is told many times; people decide once."""
    observed(any_register, incident())
    assert observed(any_register, incident(severity=0.9)) == 0
    alarm = the_alarm(any_register)
    assert (alarm.severity, alarm.version, alarm.asset) == (0.9, 1, None)
    assert any_register.verify_audit().faults == ()


def test_an_alarm_ends_when_it_is_over_and_acknowledged(
    register: Register, clock: Clock
) -> None:
    """Whatever comes first; an incident that opens again raises it again."""
    observed(register, incident())
    acted(register, "acknowledge")
    clock.now_ms += 5_000
    observed(register, incident(closed_ms=T0 + 4_000))
    over = the_alarm(register)
    assert (over.state, over.valid_to_ms, over.returned_ms) == (
        "normal", clock.now_ms, T0 + 4_000,
    )  # fmt: skip
    observed(register, incident())
    again = the_alarm(register)
    assert (again.state, again.valid_to_ms, again.acked) == ("unacknowledged", None, False)


def test_two_operators_who_acknowledge_at_once_both_succeed(register: Register) -> None:
    """One of them is named, and the trail has one entry."""
    observed(register, incident())
    start = threading.Barrier(2)
    results: list[bool] = []

    def acknowledge(who: str) -> None:
        start.wait(60)
        results.append(acted(register, "acknowledge", who, version=1))

    threads = [threading.Thread(target=acknowledge, args=(who,)) for who in ("ada", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(results) == [False, True]
    entries = register.trail("alarm", "i-1").items
    assert [entry.what for entry in entries] == ["create", "acknowledge"]
    assert the_alarm(register).acknowledged_by == entries[1].who


def test_what_was_decided_on_an_older_version_is_refused(register: Register) -> None:
    """A shelf that was meant for something else is not built; nothing is half done."""
    observed(register, incident())
    acted(register, "acknowledge", version=1)
    with pytest.raises(ConflictError, match="came 1, allowed: 2; it has changed meanwhile"):
        acted(register, "shelve", version=1, reason="noise", until_ms=T0 + MINUTE_MS)
    assert the_alarm(register).state == "acknowledged"


def test_a_shelf_ends_by_itself(register: Register, clock: Clock) -> None:
    """Shelved means until then, not for ever."""
    observed(register, incident())
    acted(register, "shelve", reason="noise", until_ms=T0 + MINUTE_MS)
    assert ticked(register) == 0
    clock.now_ms += MINUTE_MS
    assert ticked(register) == 1
    assert the_alarm(register).state == "unacknowledged"


def test_what_nobody_acknowledges_is_passed_on(register: Register, clock: Clock) -> None:
    """A high one each half an hour, three times; an acknowledged one stays where it is."""
    observed(register, incident(severity=1.0))
    levels = []
    for _ in range(5):
        clock.now_ms += 30 * MINUTE_MS
        ticked(register)
        levels.append(the_alarm(register).escalation)
    assert levels == [1, 2, 3, 3, 3]
    observed(register, incident("i-2", opened_ms=clock.now_ms, severity=1.0))
    with register.changing("ada") as writer:
        desk.act(writer, "i-2", "acknowledge", "ada")
    clock.now_ms += 60 * MINUTE_MS
    assert ticked(register) == 0


def test_people_decide_when_alarms_are_passed_on(register: Register, clock: Clock) -> None:
    """Another time for one priority, never for another; each change is in the trail."""
    with register.changing("sue") as writer:
        assert escalation.decide(writer, 2, 5, ["shift", "", "chief"])
        assert not escalation.decide(writer, 2, 5, ["shift", "", "chief"])
        assert escalation.decide(writer, 1, None, [])
    observed(register, incident(severity=1.0))
    clock.now_ms += 11 * MINUTE_MS
    ticked(register)
    one = the_alarm(register)
    assert (one.priority, one.escalation) == (2, 2)
    with register.database.reading() as connection:
        policy = escalation.held(connection)
    assert [policy.whom(2, level) for level in range(5)] == ["", "shift", "", "chief", ""]
    assert escalation.next_ms(one, policy) == T0 + 15 * MINUTE_MS
    assert escalation.next_ms(replace(one, priority=1), policy) is None
    assert escalation.next_ms(replace(one, priority=3, escalation=3), policy) is None
    assert [entry.who for entry in register.trail("escalation").items] == ["sue", "sue"]


@pytest.mark.parametrize(
    ("priority", "minutes", "tell"),
    [(5, 1, []), (1, 0, []), (1, 10_081, []), (1, 1, ["x" * 101])],
)
def test_what_is_no_escalation_is_refused(
    register: Register, priority: int, minutes: int, tell: list[str]
) -> None:
    """Nothing is kept of it."""
    with pytest.raises(RefusedError, match="allowed"), register.changing("sue") as writer:
        escalation.decide(writer, priority, minutes, tell)
    assert register.trail("escalation").total == 0


def test_verdicts_reach_the_report_and_the_next_priority(register: Register) -> None:
    """A detector that cries wolf counts less."""
    observed(register, *(incident(f"i-{n}") for n in range(5)))
    with register.changing("ada") as writer:
        for n in range(4):
            desk.judge(writer, f"i-{n}", "true" if n == 0 else "false", "ada", "a bird")
    with register.database.reading() as connection:
        told = report(connection, Period(T0, T0 + 1))
    line = told.kinds[0]
    assert (line.raised, line.true, line.false, line.precision) == (5, 1, 3, 0.25)
    assert (told.judged, told.worst[0].source) == (0.8, "riverside/station/pump-1")
    observed(register, incident("i-9", opened_ms=T0 + 5))
    assert the_alarm(register, "i-9").confidence == pytest.approx((1 + 3) / (4 + 4))


def snapshot(*incidents: IncidentView, time_ms: int, working: bool = False) -> Snapshot:
    """Return a live view that knows the station."""
    base = City(time_ms).snapshot()
    node = replace(base.nodes[0], group="riverside", name="station")
    work = MaintenanceView("riverside", "station", "pump-1", 0, time_ms, "bob", "impeller")
    nodes: tuple[NodeView, ...] = (node,)
    return replace(
        base, time_ms=time_ms, nodes=nodes, incidents=incidents,
        maintenance=(work,) if working else (),
    )  # fmt: skip


def reconciled(register: Register, seen: Snapshot) -> int:
    """Meet the live view."""
    with register.changing(desk.WHO) as writer:
        return desk.reconcile(writer, seen)


def test_what_ended_while_the_register_was_away_is_over(register: Register) -> None:
    """After a restart the live view says what is open; what is too young may be missing."""
    observed(register, incident())
    young, old = T0 + 5_000, T0 + MINUTE_MS
    assert reconciled(register, snapshot(time_ms=young)) == 0
    assert reconciled(register, snapshot(incident(), time_ms=old)) == 0
    assert reconciled(register, replace(snapshot(time_ms=old), nodes=())) == 0
    assert reconciled(register, snapshot(time_ms=old)) == 1
    assert the_alarm(register).state == "returned_unacknowledged"


def test_maintenance_suppresses_by_design_and_gives_back(register: Register) -> None:
    """What somebody works on is held back for as long, and never what a person held back."""
    observed(register, incident(), incident("i-2", device=""))
    reconciled(register, snapshot(incident(), time_ms=T0, working=True))
    assert the_alarm(register).state == "suppressed_by_design"
    assert the_alarm(register, "i-2").state == "unacknowledged"
    reconciled(register, snapshot(incident(), time_ms=T0))
    assert the_alarm(register).state == "unacknowledged"


def test_kpis_of_a_quiet_day_and_a_flood(register: Register, clock: Clock) -> None:
    """Thirty in ten minutes are a flood for one, not for four; thirty in one minute chatter."""
    flood = [incident(f"f-{n}", opened_ms=T0 + n * 1_000) for n in range(30)]
    quiet = [
        incident(f"q-{n}", opened_ms=T0 + n * 60 * MINUTE_MS, device="b") for n in range(1, 10)
    ]
    observed(register, *flood, *quiet)
    clock.now_ms = T0 + 60_000
    with register.changing("ada") as writer:
        desk.act(writer, "f-0", "acknowledge", "ada")
    period = Period(T0, T0 + DAY_MS)
    with register.database.reading() as connection:
        one = kpis.measure(connection, period)
        many = kpis.measure(connection, period, operators=4)
    assert (one.raised, one.floods, many.floods) == (39, 1, 0)
    assert one.per_operator_10min == pytest.approx(39 / 144)
    assert one.peak_operator_10min == 4 * many.peak_operator_10min
    assert [(c.source, c.most) for c in one.chattering] == [("riverside/station/pump-1", 30)]
    assert one.mean_to_acknowledge_s == 60.0
    assert (one.standing, one.states) == (0, {"unacknowledged": 38, "acknowledged": 1})


def test_the_keeper_enters_what_it_is_told(register: Register) -> None:
    """Off the caller's thread; the newest state of an incident counts, gathering ones wait."""
    keeper = Keeper(register, tick_s=0.01)
    keeper.observe(incident(severity=0.2, notified=False))
    keeper.observe(incident(severity=0.7))
    keeper.observe(incident("i-2", notified=None))
    view = City(T0)
    keeper.start(view)
    assert keeper.settle(60)
    keeper.stop()
    assert the_alarm(register).severity == 0.7
    with register.database.reading() as connection:
        assert kpis.measure(connection, Period(T0, T0 + 1)).raised == 1
    assert keeper.warnings() == ()


def test_the_keeper_waits_for_a_database_that_is_away(tmp_path: Path, clock: Clock) -> None:
    """Nothing is lost meanwhile, and a person is told."""
    register = Register("sqlite:register.db", tmp_path, clock)
    keeper = Keeper(register, tick_s=0.01)
    keeper.observe(incident())
    keeper.start(City(T0))
    assert keeper.settle(60)
    assert "does not take alarms: no such table" in keeper.warnings()[0]
    register.migrate()
    assert keeper.settle(60)
    keeper.stop()
    assert keeper.warnings() == ()
    assert the_alarm(register).severity == 0.8
    register.close()
