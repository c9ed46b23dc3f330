"""Whether near streams of one measurand move together."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from lamppost.register.days import desk
from lamppost.register.days.day import DAY_MS, Day
from lamppost.register.pages.reviews import draw
from lamppost.register.records.births import ChannelSeen
from lamppost.register.records.importing import EMPTY
from lamppost.register.records.store import Register
from lamppost.register.resources import deciding
from lamppost.register.resources.correlating import DAYS_NEEDED, correlation
from lamppost.register.resources.latest import latest
from lamppost.register.resources.reading import alike

from .registers import T0, birth

NOON = 1_440
WEEKS = 6
BEGAN_MS = T0 // DAY_MS * DAY_MS - WEEKS * 7 * DAY_MS
WEEK = (40.0, 42.0, 41.0, 43.0, 45.0, 20.0, 18.0)
"""What everybody sees, the weekend too."""


def series(value: Callable[[int], float], days: int = WEEKS * 7) -> dict[int, float]:
    """Return values of days on end."""
    return {BEGAN_MS + n * DAY_MS: value(n) for n in range(days)}


def test_a_common_week_is_no_common_cause() -> None:
    """Two meters of two buildings that rest on the same days are not one meter too many."""
    one, other = Random(1), Random(2)
    left = series(lambda n: WEEK[n % 7] + one.gauss(0, 1))
    right = series(lambda n: WEEK[n % 7] + other.gauss(0, 1))
    found, days = correlation(left, right)
    assert days == WEEKS * 7
    assert found is not None
    assert abs(found) < 0.5


def test_who_moves_together_is_seen_whatever_the_scale() -> None:
    """The same cause, another factor, a little noise of each; and its mirror."""
    cause, noise = Random(3), Random(4)
    left = series(lambda n: WEEK[n % 7] + cause.gauss(0, 3))
    right = {day: 2.5 * value + noise.gauss(0, 0.5) for day, value in left.items()}
    found, _ = correlation(left, right)
    assert found is not None
    assert found > 0.95
    mirrored, _ = correlation(left, {day: -value for day, value in left.items()})
    assert mirrored == -1.0


def test_what_cannot_be_known_is_none() -> None:
    """Too few days in common, or a meter that stands still: no number, however tempting."""
    chance = Random(5)
    whole = series(lambda _: chance.random())
    short = dict(list(whole.items())[: DAYS_NEEDED - 1])
    assert correlation(whole, short) == (None, DAYS_NEEDED - 1)
    assert correlation(whole, series(lambda _: 0.1)) == (None, WEEKS * 7)
    assert correlation(whole, {}) == (None, 0)


def test_pairs_that_do_not_move_together_are_left_out(register: Register) -> None:
    """Of three meters at one place two see the same, and a fourth is too young to tell."""
    meters = ("a", "b", "c", "young")
    energy = ChannelSeen("energy", "double", "kW.h", channel_class="energy")
    register.observe_births([birth(energy, device=one) for one in meters])
    with register.changing("ada") as writer:
        place = {"type": "Point", "coordinates": [9.18, 48.78]}
        facts = {"asset_class": "hall", "name": "Hall", "geometry": place}
        writer.create("asset", "hall", {**EMPTY, **facts}, T0)
    for one in meters:
        register.bind(f"riverside/station/{one}/energy", "hall", "state", "ada", T0)
    _kept(register)
    with register.changing("ada") as writer:
        for seen in latest(register).streams:
            cost = {"cost_year": 100.0, "currency": "EUR"}
            deciding.enter_about(writer, "stream", seen.id, cost)
    found = alike(register, latest(register), 50.0)
    named = [
        (pair.first.split("/")[2], pair.second.split("/")[2], pair.correlation is not None)
        for pair in found.pairs
    ]
    assert named[0] == ("a", "b", True)
    assert sorted(named[1:]) == [(one, "young", False) for one in "abc"]
    assert found.unlike == 2, "c moves with neither"
    assert "moved together (1.00) on 42 days" in found.pairs[0].told
    assert "10 days in common, 28 are needed" in found.pairs[1].told
    body = draw(register, {"what": "duplicates"}).body
    assert "Without one of each that move together: 100.0 EUR a year" in body
    assert "2 more are as near" in body


def test_new_days_are_looked_at(register: Register) -> None:
    """What was found is kept until there are new days, and no longer."""
    test_pairs_that_do_not_move_together_are_left_out(register)
    there = latest(register)
    before = alike(register, there, 50.0)
    assert before is alike(register, there, 50.0)
    _kept(register, BEGAN_MS + WEEKS * 7 * DAY_MS, 20, now_ms=T0 + 1)
    after = alike(register, there, 50.0)
    young = [pair for pair in after.pairs if "young" in pair.first + pair.second]
    assert [pair.correlation is not None for pair in young] == [True, True]
    assert after.unlike == 3, "now it is known of the young one too"


def _day(rise: float) -> Day:
    return replace(Day(NOON, 0, 1.0, 1.0, 1.0, 1.0, rise), low=1.0, total=NOON, integral_h=24)


def _kept(
    register: Register, from_ms: int = BEGAN_MS, days: int = WEEKS * 7, now_ms: int = T0
) -> None:
    chance = Random(from_ms)
    with register.database.writing() as connection:
        for n in range(days):
            same, other = chance.uniform(50, 90), chance.uniform(50, 90)
            told = {"a": same, "b": same * 1.02, "c": other}
            if n >= days - 10 or from_ms > BEGAN_MS:
                told["young"] = same
            made = {f"riverside/station/{one}/energy": _day(v) for one, v in told.items()}
            desk.keep(connection, from_ms + n * DAY_MS, made, now_ms)
