"""Chatter: what opens and closes again and again is one event."""

import json
from dataclasses import replace

from lamppost.aggregator.alarms import event as e
from lamppost.aggregator.alarms.chatter import Chatter
from lamppost.aggregator.alarms.event import Event

from .samples_events import at, deviation, lost, over


def chatter() -> Chatter:
    """Four openings within ten minutes."""
    return Chatter(4, 600_000)


def come_and_go(filtered: Chatter, times: int, every_s: float = 60) -> list[Event]:
    """An event that lasts ten seconds, so many times."""
    told = []
    for number in range(times):
        one = deviation(number * every_s)
        told += filtered.take(one, at(number * every_s))
        told += filtered.take(over(one, number * every_s + 10), at(number * every_s + 12))
    return told


def test_the_first_few_are_told_as_they_are() -> None:
    """Three openings and three ends."""
    told = come_and_go(chatter(), 3)
    assert [event.kind for event in told] == [e.DEVIATION] * 6


def test_the_fourth_becomes_one_chattering_event() -> None:
    """With the onset of the first, and a sentence that counts."""
    told = come_and_go(chatter(), 7)
    assert len(told) == 7
    chattering = told[-1]
    assert (chattering.kind, chattering.of, chattering.count) == (e.CHATTERING, e.DEVIATION, 4)
    assert (chattering.onset_ms, chattering.end_ms) == (at(0), None)
    assert chattering.event_class == e.PROCESS_ANOMALY
    assert chattering.reason == (
        "pressure at riverside/pump-station-1/pump-1 comes and goes: deviation, 4 times since "
        "22:13:20Z"
    )


def test_it_counts_and_tells_in_doublings() -> None:
    """Not each time."""
    told = come_and_go(chatter(), 16)
    assert [event.count for event in told if event.kind == e.CHATTERING] == [4, 8, 16]


def test_a_worse_peak_is_told() -> None:
    """At once."""
    filtered = chatter()
    come_and_go(filtered, 5)
    (worse,) = filtered.take(replace(deviation(290, value=1.0), severity=0.95), at(290))
    assert (worse.kind, worse.severity, worse.value, worse.count) == (
        e.CHATTERING, 0.95, 1.0, 6,
    )  # fmt: skip


def test_quiet_ends_it_by_time() -> None:
    """As of the last end; afterwards it may come three times again."""
    filtered = chatter()
    come_and_go(filtered, 5)
    assert filtered.tick(at(240 + 12 + 599)) == []
    (ended,) = filtered.tick(at(240 + 12 + 600))
    assert (ended.kind, ended.end_ms) == (e.CHATTERING, at(250))
    assert len(filtered) == 0
    one = deviation(2_000)
    assert filtered.take(one, at(2_000)) == [one]


def test_what_stays_is_told_as_what_it_is() -> None:
    """The chattering ends where the lasting condition begins."""
    filtered = chatter()
    come_and_go(filtered, 5)
    lasting = deviation(300)
    assert filtered.take(lasting, at(300)) == []
    ended, shown = filtered.tick(at(900))
    assert (ended.kind, ended.end_ms) == (e.CHATTERING, at(300))
    assert shown == lasting
    assert filtered.take(over(lasting, 950), at(950)) == [over(lasting, 950)]


def test_slow_repetition_is_no_chatter() -> None:
    """Once in five minutes is an event each time."""
    told = come_and_go(chatter(), 12, every_s=300)
    assert {event.kind for event in told} == {e.DEVIATION}


def test_a_flapping_device_chatters_too() -> None:
    """Communication events are no exception; the sentence names the place."""
    filtered = chatter()
    told = []
    for second in range(0, 50, 10):
        one = lost(second)
        told += filtered.take(one, at(second)) + filtered.take(over(one, second), at(second))
    assert told[-1].reason == (
        "riverside/pump-station-1/pump-1 comes and goes: device offline, 4 times since "
        "22:13:20Z"
    )


def test_a_restart_goes_on_word_for_word() -> None:
    """State is JSON-ready, before and while it chatters."""
    for before_cut in (2, 6):
        straight, first, second = chatter(), chatter(), chatter()
        come_and_go(straight, before_cut)
        come_and_go(first, before_cut)
        second.restore(json.loads(json.dumps(first.state())))
        more = [deviation(400 + n) for n in range(3)]
        wanted = [told for one in more for told in straight.take(one, one.onset_ms)]
        assert [told for one in more for told in second.take(one, one.onset_ms)] == wanted
        assert second.tick(at(5_000)) == straight.tick(at(5_000))
        assert second.state() == straight.state()
