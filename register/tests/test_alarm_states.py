"""The states of an alarm: what may happen in each, and what never may."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from lamppost.register.alarms.states import (
    SHELF_MAX_MS,
    TABLE,
    Deed,
    NotNowError,
    Standing,
    after,
    expired,
    resting,
)
from lamppost.register.alarms.values import HOLDS, STATES

MINUTE_MS = 60_000
CONDITIONS: tuple[Deed, ...] = ("raise", "return")
PEOPLE: tuple[Deed, ...] = (
    "acknowledge", "shelve", "unshelve", "suppress", "unsuppress", "remove", "restore",
)  # fmt: skip


def done(standing: Standing, *deeds: Deed, now_ms: int = 1_000) -> Standing:
    """Do one deed after the other."""
    for deed in deeds:
        until_ms = now_ms + MINUTE_MS if deed == "shelve" else None
        standing = after(standing, deed, now_ms, "ada", reason="known", until_ms=until_ms)
    return standing


@pytest.mark.parametrize(
    ("deeds", "state"),
    [
        ([], "unacknowledged"),
        (["acknowledge"], "acknowledged"),
        (["acknowledge", "return"], "normal"),
        (["return"], "returned_unacknowledged"),
        (["return", "acknowledge"], "normal"),
        (["return", "raise"], "unacknowledged"),
        (["acknowledge", "return", "raise"], "unacknowledged"),
        (["shelve", "return", "unshelve"], "returned_unacknowledged"),
        (["acknowledge", "shelve", "expire"], "acknowledged"),
        (["suppress", "return", "acknowledge", "unsuppress"], "normal"),
        (["shelve", "remove", "restore"], "unacknowledged"),
    ],
)
def test_ways_through_the_states(deeds: list[Deed], state: str) -> None:
    """The ways that ISA-18.2 draws."""
    assert done(Standing(), *deeds).state == state


def test_what_comes_again_must_be_acknowledged_again() -> None:
    """An old acknowledgement does not silence a new occurrence."""
    again = done(Standing(), "acknowledge", "return", "raise")
    assert (again.acked, again.acknowledged_by, again.returned_ms) == (False, None, None)


def test_done_twice_is_done_once() -> None:
    """The second of two who acknowledge changes nothing, and the first is named."""
    first = after(Standing(), "acknowledge", 1_000, "ada")
    assert after(first, "acknowledge", 2_000, "bob") == first
    assert (first.acknowledged_by, first.acknowledged_ms) == ("ada", 1_000)


@pytest.mark.parametrize(
    ("deed", "until_ms", "reason", "told"),
    [
        ("shelve", None, "noise", "until_ms: came None"),
        ("shelve", 1_000, "noise", "until_ms: came 1000, allowed: after 1000"),
        ("shelve", 1_001 + SHELF_MAX_MS, "noise", "within 7 days"),
        ("shelve", 2_000, None, "reason: came nothing"),
        ("suppress", None, None, "reason: came nothing"),
        ("remove", None, "", "reason: came nothing"),
    ],
)
def test_holding_back_needs_a_reason_and_a_shelf_an_end(
    deed: Deed, until_ms: int | None, reason: str | None, told: str
) -> None:
    """Nothing is silenced for ever, or for nothing."""
    with pytest.raises(ValueError, match=told):
        after(Standing(), deed, 1_000, "ada", reason=reason, until_ms=until_ms)


def test_a_deed_without_meaning_says_what_is_allowed() -> None:
    """Nobody can take off a shelf what is not on it."""
    with pytest.raises(NotNowError, match="unshelve: the alarm is unacknowledged"):
        after(Standing(), "unshelve", 1_000, "ada")


class AlarmMachine(RuleBasedStateMachine):
    """People, condition and clock do to one alarm whatever they like."""

    def __init__(self) -> None:
        super().__init__()
        self.now_ms = 1_000
        self.alarm = Standing()
        self.active = True
        self.acked = False

    @rule(deed=st.sampled_from(CONDITIONS))
    def condition(self, deed: Deed) -> None:
        """The condition comes or goes; that is always taken."""
        if deed == "raise" and not self.active:
            self.acked = False
        self.active = deed == "raise"
        self.alarm = after(self.alarm, deed, self.now_ms, "incidents")

    @rule(deed=st.sampled_from(PEOPLE), minutes=st.integers(1, 60))
    def person(self, deed: Deed, minutes: int) -> None:
        """A person does something; a refusal changes nothing."""
        until_ms = self.now_ms + minutes * MINUTE_MS
        try:
            to = after(self.alarm, deed, self.now_ms, "ada", reason="known", until_ms=until_ms)
        except NotNowError:
            assert deed not in TABLE[self.alarm.state]
            return
        self.acked = self.acked or deed == "acknowledge"
        self.alarm = to
        again = (
            after(to, deed, self.now_ms, "bob", reason="known", until_ms=until_ms)
            if (deed in TABLE[to.state])
            else to
        )
        assert again.state == to.state

    @rule(minutes=st.integers(1, 120))
    def time(self, minutes: int) -> None:
        """Time passes, and a shelf ends by itself."""
        self.now_ms += minutes * MINUTE_MS
        if expired(self.alarm, self.now_ms):
            self.alarm = after(self.alarm, "expire", self.now_ms, "clock")
            assert self.alarm.hold is None

    @invariant()
    def nothing_is_lost(self) -> None:
        """Condition and acknowledgement are never forgotten, however it is held back."""
        assert (self.alarm.active, self.alarm.acked) == (self.active, self.acked)

    @invariant()
    def the_state_says_what_the_facts_say(self) -> None:
        """A held alarm says by what; any other rests where its facts put it."""
        assert self.alarm.state in STATES
        if self.alarm.state in HOLDS:
            assert self.alarm.hold == self.alarm.state
            assert self.alarm.hold_reason
        else:
            assert self.alarm.hold is None
            assert self.alarm.state == resting(self.alarm)
        assert (self.alarm.hold_until_ms is not None) == (self.alarm.state == "shelved")


TestAlarmMachine = AlarmMachine.TestCase
