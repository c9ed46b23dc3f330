"""The alarm policy: how many cells have to agree, and how long an alarm is the last."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lamppost.aggregator.judge import habit_state as h
from lamppost.aggregator.judge.habit_profile import HABITS
from lamppost.aggregator.judge.policy import agree, count_alarm, rested, threshold

LIMIT = 3.0
WEEK_MS = 604_800_000.0


def agreed(evidence: list[float]) -> list[bool]:
    """Cell by cell, whether the kernel lets them be an alarm."""
    head = h.HEAD_BLANK.copy()
    return [agree(head, one, LIMIT, HABITS) for one in evidence]


@given(st.lists(st.floats(0.0, 6.0), max_size=40))
def test_cells_agree_as_in_plain_words(evidence: list[float]) -> None:
    """This one and one of the two before it reach the limit, or this one goes far beyond."""
    wanted = []
    for at, one in enumerate(evidence):
        company = any(other >= LIMIT for other in evidence[max(at - 2, 0) : at])
        wanted.append(one >= LIMIT and (company or one >= LIMIT + HABITS.lone))
    assert agreed(evidence) == wanted


def test_a_lone_cell_must_show_more() -> None:
    """One cell just beyond the limit is none, two of three are one, and so is a tenfold."""
    assert agreed([0.0, 3.1, 0.0, 0.0, 3.1]) == [False] * 5
    assert agreed([0.0, 3.1, 0.0, 3.1]) == [False, False, False, True]
    assert agreed([0.0, LIMIT + HABITS.lone]) == [False, True]


def test_a_cell_without_a_limit_agrees_with_nothing() -> None:
    """What the tier does not even compare counts as calm."""
    head = h.HEAD_BLANK.copy()
    found = [agree(head, 3.1, limit, HABITS) for limit in (LIMIT, np.inf, np.inf, LIMIT)]
    assert found == [False] * 4


def test_after_an_alarm_cells_rest() -> None:
    """The first alarm needs no rest; the next waits for as many cells as are set."""
    head = h.HEAD_BLANK.copy()
    head[h.CELLS] = 500.0
    assert rested(head, HABITS)
    count_alarm(head, 1e12, HABITS.false_a_week, HABITS)
    head[h.CELLS] += HABITS.rest_cells
    assert not rested(head, HABITS)
    head[h.CELLS] += 1.0
    assert rested(head, HABITS)


def limits(weeks: list[float]) -> list[float]:
    """The threshold a month after each alarm, told that many weeks after the one before."""
    head = h.HEAD_BLANK.copy()
    head[[h.CELLS, h.PACE]] = 100_000.0, 300_000.0
    time, found, rate = 1.7e12, [], HABITS.false_a_week
    for week in weeks:
        time += week * WEEK_MS
        count_alarm(head, time, rate, HABITS)
        found.append(threshold(head, time + 4 * WEEK_MS, rate, HABITS))
    return found


def test_alarms_beyond_the_credit_raise_the_threshold_for_good() -> None:
    """One alarm a week: the first ten cost nothing a month later, those beyond them do."""
    found = limits([1.0] * 40)
    assert found[:10] == [found[0]] * 10
    rises = np.diff(found[19:25])
    assert np.allclose(rises, HABITS.over_rise * (1.0 - HABITS.false_a_week), atol=0.02)
    assert found[-1] <= found[0] + HABITS.over_rise * (HABITS.over_most - HABITS.credit)


def test_alarms_at_the_set_rate_cost_nothing() -> None:
    """As many as were asked for never raise the threshold, however long it goes on."""
    found = limits([1.0 / HABITS.false_a_week] * 60)
    assert np.allclose(found, found[0])
