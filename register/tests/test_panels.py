"""What the panels say, as fragments, without a browser."""

from dataclasses import replace

import pytest

from lamppost.register import words
from lamppost.register.live import LedgerView, NodeView
from lamppost.register.panels.channels import channel_row, matches, tone
from lamppost.register.panels.curves import chart_options, marked_as
from lamppost.register.panels.event_rows import (
    closed_items,
    events_of,
    incident_row,
    open_items,
    place,
)
from lamppost.register.panels.events import _aside
from lamppost.register.panels.gauge import band_gauge, curve
from lamppost.register.panels.headline import statement, warnings
from lamppost.register.panels.ledger import balanced, ledger_row
from lamppost.register.panels.nodes import autonomy, node_row

from .city import GROUP, MINUTE_MS, City


@pytest.fixture
def books() -> LedgerView:
    """A row that balances."""
    return LedgerView(GROUP, "n", "2026-03-02", 100, 90, 6, 4, 0, 0)


def node(city: City, **changes: object) -> NodeView:
    """Return the pump station, changed."""
    return replace(city.nodes["pump-station-1"], **changes)  # type: ignore[arg-type]


def test_all_well_is_a_counted_positive(city: City) -> None:
    """Green says how many it speaks for."""
    said = statement(city.snapshot(), 0)
    assert (said.text, said.tone) == ("37 channels of 3 nodes report, none stale", "ok")


def test_open_events_are_counted_by_class(city: City) -> None:
    """The sentence tells the asset's trouble from the sensor's."""
    city.leak()
    city.stick()
    city.over()
    said = statement(city.snapshot(), 0)
    assert said.text == "2 open: 1 process anomaly, 1 sensor fault"
    assert said.tone == "alarm"


def test_stale_channels_spoil_the_green(city: City) -> None:
    """Without an event, silence still shows."""
    city.go_stale("mast", "no2")
    assert statement(city.snapshot(), 0).text == "36 of 37 channels report, 1 is stale"


def test_nothing_yet_says_what_to_do(city: City) -> None:
    """An empty console is no green console."""
    empty = replace(city.snapshot(), nodes=(), channels=(), ledger=())
    said = statement(empty, 0)
    assert (said.text, said.tone) == ("No node has reported yet", "quiet")
    assert "lamppost edge run" in said.hint
    assert statement(None, 0).text == "Waiting for the aggregator"


def test_a_silent_aggregator_outranks_everything(city: City) -> None:
    """What is below is then the past, whatever it says."""
    city.leak()
    said = statement(city.snapshot(), 9_000, "OSError: gone")
    assert said.text == "The aggregator has not answered for 9 s"
    assert words.clock(city.now_ms) in said.hint


def test_troubles_of_the_chain_are_warnings(city: City) -> None:
    """Disk full on either side, an evicting buffer and a lost store are all told."""
    city.health = replace(city.health, store="unreachable: refused", warnings=("Disk full.",))
    city.nodes["n"] = node(city, disk_full=True, buffer_full=True, evicted=12)
    told = "\n".join(warnings(city.snapshot()))
    for part in ("Disk full.", "Store: unreachable", "disk is full", "12 evicted so far"):
        assert part in told
    said = statement(city.snapshot(), 0)
    assert (said.text[-10:], said.tone) == ("4 warnings", "attention")


def test_lost_readings_are_a_warning(city: City) -> None:
    """A ledger that does not balance is told on top, not only at the bottom."""
    city.ledger[1] = replace(city.ledger[1], lost=3)
    assert warnings(city.snapshot()) == ["3 readings lost; the ledger below tells which node's"]


def test_events_are_ordered_by_class_and_severity(city: City) -> None:
    """Process anomalies stand above sensor faults above communication."""
    city.go_offline("air-mast-7")
    city.stick()
    city.leak()
    city.over()
    snapshot = city.snapshot()
    assert [e.id for e in open_items(snapshot)] == ["leak-1", "stuck-1", "offline-1"]
    assert [e.id for e in closed_items(snapshot)] == ["spike-1"]


def test_an_incident_stands_for_its_events(city: City) -> None:
    """They are counted and listed once; an event of no incident stands for itself."""
    city.burst()
    city.stick()
    snapshot = city.snapshot()
    opened = open_items(snapshot)
    assert [item.id for item in opened] == ["incident-1", "stuck-1"]
    assert statement(snapshot, 0).text == "2 open: 1 process anomaly, 1 sensor fault"
    (incident,) = snapshot.incidents
    assert [e.channel for e in events_of(incident, snapshot)] == ["flow", "pressure", "level"]
    city.incidents = [replace(incident, closed_ms=city.now_ms)]
    assert [item.id for item in closed_items(city.snapshot())] == ["incident-1"]


def test_an_incident_tells_its_place_its_events_and_the_cap(city: City) -> None:
    """In one line; many channels are counted."""
    city.burst()
    (incident,) = city.incidents
    markup = incident_row(incident, city.now_ms, unfolded=False).markup
    assert "show 3 events" in markup
    assert "also pressure, level" in markup
    assert "not notified" not in markup
    capped = replace(incident, notified=False)
    assert "not notified: cap" in incident_row(capped, city.now_ms, unfolded=True).markup
    many = replace(incident, channels=tuple("abcdef"))
    assert place(many) == "pump-1: a, b, c, d and 2 more"


def test_what_is_not_told_says_why(city: City) -> None:
    """Who works where, and how much is hidden."""
    assert _aside(city.snapshot()) == ""
    city.work()
    city.hidden = 2
    markup = _aside(city.snapshot())
    assert "pump-station-1/pump-2, by A. Fitter (new impeller)" in markup
    assert "2 events are hidden" in markup


def test_a_stale_value_is_told_as_past(city: City) -> None:
    """No gauge, no good mark, and the word before the number."""
    city.go_stale("mast", "no2")
    channel = city.channels[(GROUP, "air-mast-7", "mast", "no2")]
    markup = channel_row(channel, city.now_ms).markup
    assert markup.index("stale") < markup.index("last 23.80")
    assert "no present value" in markup
    assert "good" not in markup
    assert "4 min ago" in markup


@pytest.mark.parametrize(
    ("flags", "expected"),
    [((), "good"), (("anomaly",), "process_anomaly"), (("stuck", "anomaly"), "sensor_fault")],
)
def test_a_sensor_fault_outranks_an_anomaly(
    city: City, flags: tuple[str, ...], expected: str
) -> None:
    """A reading that cannot be trusted says nothing of the asset."""
    city.change("mast", "no2", flags=flags)
    assert tone(city.channels[(GROUP, "air-mast-7", "mast", "no2")]) == expected


def test_flags_are_told_in_words(city: City) -> None:
    """Known flags get their words, an unknown one is shown as it came."""
    city.change("mast", "no2", flags=("range", "novel"))
    markup = channel_row(city.channels[(GROUP, "air-mast-7", "mast", "no2")], 0).markup
    assert "out of range" in markup
    assert "novel" in markup


def test_hostile_names_stay_text(city: City) -> None:
    """A metric's name comes from the network."""
    channel = next(iter(city.channels.values()))
    bad = replace(channel, metric="<img src=x onerror=alert(1)>", unit="<b>")
    markup = channel_row(bad, city.now_ms).markup
    assert "<img" not in markup
    assert "<b>&lt;" not in markup.split("unit")[1][:40] or "&lt;b&gt;" in markup


def test_the_filter_takes_all_its_words(city: City) -> None:
    """Each word must be somewhere in the names."""
    channel = city.channels[(GROUP, "pump-station-1", "pump-2", "flow")]
    assert matches(channel, "Pump-2 fl")
    assert not matches(channel, "pump-2 level")


def test_the_gauge_marks_a_value_outside(city: City) -> None:
    """Outside the band the mark changes its class and stays on the track."""
    city.change("mast", "no2", value=9_999.0)
    markup = band_gauge(city.channels[(GROUP, "air-mast-7", "mast", "no2")])
    assert 'class="mark out" style="left:100%"' in markup
    assert "expected 23.80, band 17.30 to 30.30 µg/m³" in markup


def test_a_band_without_width_still_draws(city: City) -> None:
    """A constant channel has a band of no width."""
    city.change("mast", "no2", low=5.0, high=5.0, expected=5.0, value=5.0)
    assert "left:50%" in band_gauge(city.channels[(GROUP, "air-mast-7", "mast", "no2")])


def test_the_curve_breaks_where_nothing_came() -> None:
    """A gap is drawn as a gap, never bridged."""
    assert curve([1.0, 2.0, None, 1.5, 1.0]).count("M") == 2
    assert "svg" not in curve([1.0])


def test_autonomy_in_words(city: City) -> None:
    """Online: how long it could be away; offline: how long it still can."""
    now = city.now_ms
    assert autonomy(node(city), now) == "could stay offline 61 h"
    away = node(city, online=False, since_ms=now - 60 * MINUTE_MS)
    assert autonomy(away, now) == "its buffer lasts about 60 h more"
    gone = node(city, online=False, since_ms=now - 62 * 60 * MINUTE_MS)
    assert autonomy(gone, now) == "its buffer should be full by now"
    assert "does not tell" in autonomy(node(city, autonomy_h=None), now)


def test_a_node_tells_its_troubles(city: City) -> None:
    """Clock, driver, disk, buffer and an unacknowledged delivery show on the card."""
    markup = node_row(
        node(
            city,
            clock_offset_ms=-90_000.0,
            drivers="modbus:pump-1 ok; modbus:pump-2 unreachable: refused",
            disk_full=True,
            buffer_full=True,
            acks=False,
        ),
        city.now_ms,
    ).markup
    for part in ("90 s behind", "Disk", "Buffer", "not acknowledged"):
        assert part in markup
    assert markup.count('<li class="bad">') == 1
    assert markup.count('<li class="good">') == 1


def test_the_ledger_reads_as_its_equation(books: LedgerView) -> None:
    """Balanced, lost and off are three different verdicts."""
    assert balanced(books)
    assert "balanced" in ledger_row(books).markup
    lost = ledger_row(replace(books, taken=103, lost=3)).markup
    assert "3 lost" in lost
    assert "balanced" not in lost
    assert "off by 2" in ledger_row(replace(books, stored=92)).markup
    assert "1 duplicate dropped" in ledger_row(replace(books, duplicates=1)).markup


def test_the_chart_has_band_lines_and_marks(city: City) -> None:
    """Value, expected, the band as a difference to stack, and each flagged point."""
    city.leak()
    history = city.history(GROUP, "pump-station-1", "pump-1", "flow", 0, 60_000, 1_000)
    options = chart_options(history, "L/s", 0, 60_000)
    series = {item["name"]: item for item in options["series"]}
    time_ms, height, low, high = series["band"]["data"][0]
    assert time_ms == 0
    assert height == pytest.approx(high - low) == pytest.approx(5.0)
    assert len(series["value"]["data"]) == 60
    assert len(series["process anomaly"]["data"]) == 10
    assert series["sensor fault"]["data"] == []
    assert options["yAxis"]["name"] == "L/s"


@pytest.mark.parametrize(
    ("flags", "mark"),
    [
        ((), None),
        (("learning",), None),
        (("anomaly",), "process anomaly"),
        (("spike", "anomaly"), "sensor fault"),
        (("novel",), "other"),
    ],
)
def test_points_are_marked_by_their_worst_flag(
    flags: tuple[str, ...], mark: str | None
) -> None:
    """Learning and late are no marks; an unknown flag is one."""
    assert marked_as(flags) == mark
