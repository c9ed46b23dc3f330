"""What is declared of a channel, and the order of its readings: flags that come with them."""

import numpy as np
import pytest

from lamppost.aggregator import columns as c
from lamppost.aggregator.judge.judge import Judge
from lamppost.aggregator.judge.qartod import NOT_EVALUATED, SUSPECT, TESTS, qartod

from .samples_judge import T0, Floats, Stream, healthy, judge_of, judged, polled

RATE = 20.0  # a second: ten deviations of the noise at one poll
BEGAN = 80  # polls of health
QARTOD = {  # the eleven tests that its manuals have in common
    "gap", "syntax", "location", "gross range", "climatology", "spike", "rate of change",
    "flat line", "multi-variate", "attenuated signal", "neighbor",
}  # fmt: skip


def limited(count: int, rate: float | None = RATE) -> Judge:
    """Channels that may change by so much a second."""
    judge = Judge(count)
    for index in range(count):
        judge.add_series(index, None, None, None, c.NUMERIC, rate_per_s=rate)
    return judge


def jumped(offset: float, polls: int) -> tuple[Stream, Floats]:
    """Noise of 1 at 2 Hz that is offset for some polls; the polls' numbers beside it."""
    values = healthy("gauss", 41, BEGAN + 80, 20)
    values[BEGAN : BEGAN + polls] += offset
    stream = polled(values, deadband=False)
    return stream, (stream.time_ms - T0) / 500


def test_what_comes_faster_than_declared_is_told() -> None:
    """Withheld thrice, then a fault since the jump, until it could have come there."""
    stream, at = jumped(100.0, 80)
    out = judged(limited(20), stream)
    fast = out.flags & c.RATE != 0
    sure = fast & (out.flags & c.SUSPECT == 0)
    assert at[fast].min() == BEGAN
    assert set(np.unique(at[sure])) >= {BEGAN + 3, BEGAN + 4, BEGAN + 5}
    assert at[fast].max() < BEGAN + 2 * 100 / RATE + 2
    assert (out.onset_ms[sure] == T0 + BEGAN * 500).all()
    assert not (out.flags[fast] & (c.ANOMALY | c.SPIKE)).any()
    assert {qartod(flags) for flags in out.flags[sure].tolist()} == {SUSPECT}


def test_without_a_declaration_the_same_jump_is_the_process() -> None:
    """A jump that stays is news of the asset where nobody says that it cannot be."""
    stream, _ = jumped(100.0, 80)
    flags = judged(limited(20, None), stream).flags
    assert not (flags & c.RATE).any()
    assert (flags & c.ANOMALY).any()


def test_a_jump_that_is_soon_back_is_a_spike() -> None:
    """Two readings away: told on the return, from their beginning."""
    stream, at = jumped(100.0, 2)
    out = judged(limited(20), stream)
    told = out.flags & c.SPIKE != 0
    assert (at[told] == BEGAN + 2).all()
    assert told.sum() == 20
    assert not ((out.flags & c.RATE != 0) & (out.flags & c.SUSPECT == 0)).any()


def test_what_is_slow_enough_or_after_a_pause_is_let_be() -> None:
    """A ramp within the rate, and as large a step after a pause, break no limit."""
    values = healthy("gauss", 42, 400, 10)
    values[100:200] += np.linspace(0, 300, 100)[:, None]
    values[200:] += 300
    stream = polled(values, deadband=False)
    pause = np.where(stream.time_ms - T0 >= 300 * 500, 60_000, 0)
    later = Stream(stream.series, stream.time_ms + pause, stream.value, stream.quality)
    later.value[pause > 0] += 1_000
    assert not (judged(limited(10), later).flags & c.RATE).any()


def test_a_quantum_is_no_rate() -> None:
    """A thermometer of one degree steps a degree at once, far beyond its rate a poll."""
    stream = polled(healthy("quantum 1", 43, 400, 10), deadband=False)
    values = np.where(stream.time_ms - T0 < 100_000, stream.value, np.round(stream.value / 9))
    steps = Stream(stream.series, stream.time_ms, values + 20, stream.quality)
    flags = judged(limited(10, 6.0), steps).flags
    assert not (flags[stream.time_ms - T0 > 150_000] & c.RATE).any()


def test_a_rate_of_the_configuration_wins() -> None:
    """`tune` sets it for channels whose births cannot; 0 leaves what was declared."""
    stream, _ = jumped(100.0, 80)
    judge, kept = limited(20, None), limited(20)
    for index in range(20):
        judge.tune(index, rate_per_s=RATE)
        kept.tune(index)
    for one in (judge, kept):
        assert (judged(one, stream).flags & c.RATE).any()


@pytest.mark.parametrize(
    ("second", "wanted"),
    [(0, c.LATE | c.REPEATED), (-1, c.LATE), (1, 0)],
    ids=["the same time", "an older one", "a newer one"],
)
def test_the_order_of_readings_stands_in_their_flags(second: int, wanted: int) -> None:
    """What repeats a time, or is older, says so itself, and is not evaluated."""
    times = np.array([0, 1000, 2000, 2000 + second], np.int64) + T0
    stream = Stream(
        np.zeros(4, np.int32), times, np.arange(4.0), np.full(4, c.QUALITY_GOOD, np.int16)
    )
    flags = int(judged(judge_of(1), stream).flags[3])
    assert flags & (c.LATE | c.REPEATED) == wanted
    if wanted:
        assert qartod(flags) == NOT_EVALUATED
        assert not flags & (c.ANOMALY | c.FAULTS)


def test_qartods_names_are_qartods() -> None:
    """A test named after one of theirs is one of theirs, and has flags of its own."""
    assert set(TESTS) <= QARTOD
    bits = list(TESTS.values())
    assert sum(bits) == int(np.bitwise_or.reduce(bits))
