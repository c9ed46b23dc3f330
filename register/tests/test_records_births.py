"""Nodes, devices, channels and streams follow their births."""

import json
from dataclasses import replace
from typing import Any

import pytest

from lamppost.register.records.births import BirthSeen, ChannelSeen
from lamppost.register.records.reading import Wanted
from lamppost.register.records.store import Register

from .registers import CHANNEL, FLOW, LEVEL, T0, Clock, birth

ALL = Wanted({}, state="all", limit=1_000)
MINUTE_MS = 60_000


def held(register: Register, kind: str, wanted: Wanted = ALL) -> dict[str, Any]:
    """Return the records of a kind by id."""
    return {item.id: item for item in register.page(kind, wanted).items}


def test_a_birth_opens_node_device_channels_and_streams(any_register: Register) -> None:
    """The register fills itself, field for field."""
    any_register.observe_births([birth(FLOW, LEVEL)])
    assert list(held(any_register, "nodes")) == ["riverside/station"]
    (device,) = held(any_register, "devices").values()
    assert (device.id, device.node) == ("riverside/station/pump-1", "riverside/station")
    flow = held(any_register, "channels")[CHANNEL]
    assert (flow.unit, flow.unit_ok, flow.low, flow.high) == ("L/s", True, 0.0, 80.0)
    assert (flow.channel_class, flow.heartbeat_ms, flow.datatype) == ("flow", 10_000, "double")
    assert (flow.valid_from_ms, flow.valid_to_ms, flow.calibrated_ms) == (T0, None, None)
    stream = held(any_register, "streams")[f"{CHANNEL}@{T0}"]
    assert (stream.channel, stream.unit, stream.valid_to_ms) == (CHANNEL, "L/s", None)


def test_the_same_birth_again_changes_nothing(any_register: Register, clock: Clock) -> None:
    """Rebirths are many; only the time of the last one moves."""
    first = any_register.observe_births([birth(FLOW, LEVEL)])
    clock.now_ms += MINUTE_MS
    again = any_register.observe_births([birth(FLOW, LEVEL, at_ms=T0 + MINUTE_MS)])
    assert (first.changes, again.changes, again.births) == (6, 0, 1)
    (device,) = held(any_register, "devices").values()
    assert device.last_birth_ms == T0 + MINUTE_MS
    assert device.updated_ms == T0


def test_a_nodes_own_birth_tells_of_the_node(register: Register) -> None:
    """Version and delivery come from NBIRTH; a device's birth leaves them as they are."""
    register.observe_births([birth(FLOW)])
    own = BirthSeen("riverside", "station", "", T0 + 1, (), version="0.1.0", acks=True)
    register.observe_births([own, birth(FLOW, at_ms=T0 + 2)])
    (node,) = held(register, "nodes").values()
    assert (node.version, node.acks, node.last_birth_ms) == ("0.1.0", True, T0 + 2)
    assert set(held(register, "devices")) == {"riverside/station/pump-1", "riverside/station/"}


def test_changed_facts_are_followed_and_dated(register: Register, clock: Clock) -> None:
    """A new range is an update of the channel, and no new stream."""
    register.observe_births([birth(FLOW)])
    clock.now_ms += MINUTE_MS
    register.observe_births([birth(replace(FLOW, high=120.0), at_ms=T0 + MINUTE_MS)])
    flow = held(register, "channels")[CHANNEL]
    assert (flow.high, flow.created_ms, flow.updated_ms) == (120.0, T0, T0 + MINUTE_MS)
    assert len(held(register, "streams")) == 1
    (entry,) = register.trail("channel", CHANNEL, after=1).items[1:]
    assert (entry.who, entry.what, entry.time_ms) == ("births", "update", T0 + MINUTE_MS)
    assert '"high":80.0' in entry.before
    assert '"high":120.0' in entry.after


def test_a_declared_rate_is_kept_and_its_change_audited(
    any_register: Register, clock: Clock
) -> None:
    """How fast a channel may change is a fact of it; one that is no number says nothing."""
    any_register.observe_births([birth(replace(FLOW, rate_per_s=4.0))])
    assert held(any_register, "channels")[CHANNEL].rate_per_s == 4.0
    clock.now_ms += MINUTE_MS
    for at_ms, rate in ((1, 2.5), (2, 2.5), (3, float("inf"))):
        faster = replace(FLOW, rate_per_s=rate)
        any_register.observe_births([birth(faster, at_ms=T0 + at_ms)])
    assert held(any_register, "channels")[CHANNEL].rate_per_s is None
    entries = any_register.trail("channel", CHANNEL).items
    told = [json.loads(one.after).get("rate_per_s") for one in entries]
    assert told == [4.0, 2.5, None]
    assert any_register.verify_audit().faults == ()
    assert len(held(any_register, "streams")) == 1


def test_another_unit_begins_another_stream(any_register: Register) -> None:
    """Litres and cubic metres are never one series."""
    any_register.observe_births([birth(FLOW)])
    then = T0 + MINUTE_MS
    any_register.observe_births([birth(replace(FLOW, unit="m3/h"), at_ms=then)])
    first, second = held(any_register, "streams").values()
    assert (first.unit, first.valid_to_ms) == ("L/s", then)
    assert (second.unit, second.valid_from_ms, second.valid_to_ms) == ("m3/h", then, None)


def test_what_a_birth_names_no_more_is_closed_and_opens_again(
    any_register: Register,
) -> None:
    """Nothing is deleted; a channel that returns is the same, in a new stream."""
    away, back = T0 + MINUTE_MS, T0 + 2 * MINUTE_MS
    any_register.observe_births([birth(FLOW, LEVEL)])
    any_register.observe_births([birth(FLOW, at_ms=away)])
    level = "riverside/station/pump-1/level"
    assert held(any_register, "channels")[level].valid_to_ms == away
    assert set(held(any_register, "streams", Wanted({}))) == {f"{CHANNEL}@{T0}"}
    any_register.observe_births([birth(FLOW, LEVEL, at_ms=back)])
    assert held(any_register, "channels")[level].valid_to_ms is None
    streams = [one for one in held(any_register, "streams").values() if one.channel == level]
    ends = [(one.valid_from_ms, one.valid_to_ms) for one in streams]
    assert ends == [(T0, away), (back, None)]
    assert any_register.verify_audit().faults == ()


def test_away_and_back_within_a_millisecond(register: Register) -> None:
    """Births of one time leave one stream, not two of the same id."""
    register.observe_births([birth(FLOW), birth(), birth(FLOW)])
    register.observe_births([birth(), birth(replace(FLOW, unit="m3/h"))])
    (stream,) = held(register, "streams").values()
    assert (stream.unit, stream.valid_to_ms) == ("m3/h", None)
    assert register.verify_audit().faults == ()


def test_a_birth_from_the_past_is_left_out(register: Register) -> None:
    """An old message that comes late must not undo what is known since."""
    register.observe_births([birth(FLOW, LEVEL)])
    late = register.observe_births([birth(at_ms=T0 - 1)])
    assert (late.births, late.changes) == (0, 0)


def test_a_unit_that_is_none_is_kept_and_marked(register: Register) -> None:
    """The steward finds it; the channel is not refused for it."""
    register.observe_births([birth(replace(FLOW, unit="l/sec"), replace(LEVEL, unit=""))])
    marked = held(register, "channels", Wanted({"unit_ok": False}))
    assert [one.unit for one in marked.values()] == ["l/sec"]


@pytest.mark.parametrize("metric", ["", "x" * 600, "nul\0", "\ud800"], ids=ascii)
def test_a_name_that_cannot_be_kept_is_refused_alone(
    any_register: Register, metric: str
) -> None:
    """One hostile channel does not keep its neighbours out."""
    bad = ChannelSeen(metric, "double")
    observed = any_register.observe_births([birth(FLOW, bad)])
    assert len(observed.refused) == 1
    assert "allowed: 1 to 512 characters" in observed.refused[0]
    assert list(held(any_register, "channels")) == [CHANNEL]


def test_hostile_facts_are_mended(any_register: Register) -> None:
    """Texts are cut to what a database takes, numbers that are none are left out."""
    bad = ChannelSeen("m", "double", "\0\ud800" + "x" * 500, float("nan"), float("inf"))
    any_register.observe_births([birth(bad)])
    (kept,) = held(any_register, "channels").values()
    assert (kept.low, kept.high, len(kept.unit)) == (None, None, 127)
    assert any_register.verify_audit().faults == ()


@pytest.mark.slow
def test_a_thousand_nodes_with_a_hundred_metrics_in_a_minute(register: Register) -> None:
    """The birth storm after a power cut."""
    many = tuple(ChannelSeen(f"m{n}", "double", "kPa", 0.0, 1.0) for n in range(100))
    for start in range(0, 1_000, 100):
        nodes = [birth(*many, node=f"n{n}") for n in range(start, start + 100)]
        register.observe_births(nodes)
    assert register.page("channels", Wanted({}, limit=1)).total == 100_000
