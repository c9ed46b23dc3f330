"""Promises: what was kept over each span, and how fast its budget goes."""

from dataclasses import replace

import numpy as np
import pytest

from lamppost.aggregator.pipeline.latency import PROMISED_MS, Latency
from lamppost.aggregator.rollup.promises import (
    LONGEST,
    OBJECTIVES,
    SPANS,
    STARTING,
    Promises,
    Tally,
)
from lamppost.register.live import HealthView, NodeView, Snapshot
from parts.batches import T0

MINUTE_MS = 60_000
HEALTH = HealthView(T0, "ok", "ok", "ok", 0, 0, 0, 0, 0, 0, 0, None, None, ())
NODE = NodeView("g", "n", True, T0, T0, None, 0, 0, False, False, None, "", "1", True)


class City:
    """A city of four nodes whose minutes a test tells."""

    def __init__(self) -> None:
        self.kept: Tally = (0, 0)
        self.minute = 0
        self.promises = Promises("h", lambda: self.kept)

    def pass_(
        self,
        minutes: int = 1,
        *,
        online: int = 4,
        lag_s: float = 0.0,
        good: int = 100,
        store: str = "ok",
    ) -> dict[tuple[str, str], dict[str, float]]:
        """Let minutes pass unasked and ask; the rows by promise and span."""
        self.minute += minutes
        self.kept = self.kept[0] + good, self.kept[1] + 100
        nodes = tuple(replace(NODE, name=str(i), online=i < online) for i in range(4))
        health = replace(HEALTH, store=store)
        seen = Snapshot(T0 + self.minute * MINUTE_MS + 7, nodes, (), (), (), health)
        found = {}
        for row in self.promises.samples(seen, lag_s):
            assert row.time_ms == T0 + self.minute * MINUTE_MS
            assert row.tags["host"] == "h"
            found[row.tags["slo"], row.tags["span"]] = dict(row.fields)
        assert self.promises.samples(seen, lag_s) == ()  # once a minute
        return found  # type: ignore[return-value]


@pytest.fixture
def city() -> City:
    """A city that was watched for longer than the longest span, and all was well."""
    made = City()
    for _ in range(LONGEST):
        made.pass_()
    return made


def test_all_kept(city: City) -> None:
    """With nothing missed nothing burns, over every span."""
    rows = city.pass_()
    assert rows.keys() == {(name, span) for name in OBJECTIVES for span in SPANS}
    assert {(row["burn"], row["ratio"]) for row in rows.values()} == {(0.0, 1.0)}
    assert rows["nodes", "1h"]["total"] == 4 * 60
    assert rows["readings", "5m"]["total"] == 500


def test_what_is_missed_burns(city: City) -> None:
    """A burn is the share that was missed by the share that may be."""
    for _ in range(5):
        rows = city.pass_(online=2, good=90)
    assert rows["nodes", "5m"]["ratio"] == 0.5
    assert rows["nodes", "5m"]["burn"] == pytest.approx(0.5 / 0.01)
    assert rows["nodes", "1h"]["burn"] == pytest.approx(0.5 * 5 / 60 / 0.01)
    assert rows["readings", "5m"]["burn"] == pytest.approx(10.0)
    assert rows["store", "5m"]["burn"] == 0.0
    for _ in range(5):
        rows = city.pass_()
    assert rows["nodes", "5m"]["burn"] == 0.0
    assert rows["nodes", "1h"]["burn"] > 0.0


def test_minutes_that_nobody_asked_for(city: City) -> None:
    """While the store was away nobody asked: those minutes are missed, the nodes unknown."""
    rows = city.pass_(30)
    assert (rows["store", "1h"]["good"], rows["store", "1h"]["total"]) == (31, 60)
    assert rows["nodes", "1h"]["total"] == 4 * 31
    assert city.pass_(lag_s=61.0)["store", "5m"]["good"] < 5
    later = city.pass_(2 * LONGEST)
    assert later["nodes", "3d"]["total"] == 4


def test_a_start_raises_no_alarm() -> None:
    """What was before the start counts as kept: one bad minute is one of the whole span."""
    rows = City().pass_(online=0)
    assert rows["nodes", "6h"]["burn"] == pytest.approx(1 / 360 / 0.01)
    assert rows["nodes", "6h"]["ratio"] == 0.0


def test_a_store_that_was_not_asked_yet_breaks_no_promise() -> None:
    """The first look may come before the drain's first try; from that on it counts."""
    city = City()
    first = city.pass_(store=STARTING)
    assert {slo for slo, _ in first} == {"readings", "nodes"}
    assert city.pass_()["store", "1h"]["burn"] == 0.0
    assert city.pass_(store="unreachable: nobody there")["store", "1h"]["burn"] > 0.0


def test_readings_in_time_are_counted() -> None:
    """Those within ten seconds count as kept, at the bound too, and all count."""
    latency = Latency()
    latency.add(np.array([0, 1, PROMISED_MS]), PROMISED_MS + 1)
    assert latency.kept == (2, 3)
