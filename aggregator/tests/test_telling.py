"""Incidents on the terminal."""

import io
from dataclasses import replace

from lamppost.aggregator.alarms.event import PROCESS_ANOMALY, SENSOR_FAULT
from lamppost.aggregator.alarms.incident import Incident
from lamppost.aggregator.view.telling import Teller

REASON = "pressure fell to 2.76 bar (expected 2.92 to 3.07); also flow, level"
LEAK = Incident(
    id="a", group="city", node="node-1", device="pump", incident_class=PROCESS_ANOMALY,
    kind="deviation", opened_ms=1_800_000_000_000, detected_ms=1_800_000_005_000,
    closed_ms=None, severity=0.8,
    channels=("pressure", "flow", "level"), events=3, open_events=3, notified=True,
    reason=REASON,
)  # fmt: skip


class Terminal(io.StringIO):
    """Text that was written to a terminal."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def told(*incidents: Incident) -> list[str]:
    """The lines of incidents in this order."""
    out = io.StringIO()
    teller = Teller(out)
    for incident in incidents:
        teller.tell(incident)
    return out.getvalue().splitlines()


def test_an_incident_is_told_when_it_has_gathered_and_when_it_ends() -> None:
    """One line each; what changes between is not told."""
    first, second = told(
        replace(LEAK, notified=None),
        LEAK,
        replace(LEAK, severity=0.9),
        replace(LEAK, closed_ms=1_800_000_065_000),
    )
    assert first == f"2027-01-15T08:00:05Z PROCESS ANOMALY at city/node-1/pump: {REASON}"
    assert second == (
        "2027-01-15T08:01:05Z over: PROCESS ANOMALY at city/node-1/pump after 1 min 5 s: "
        "pressure, flow, level"
    )


def test_a_higher_class_is_told_again() -> None:
    """What began as a sensor's fault and is the asset's trouble after all."""
    fault = replace(LEAK, incident_class=SENSOR_FAULT)
    lines = told(fault, LEAK, LEAK)
    assert ["SENSOR FAULT" in lines[0], "PROCESS ANOMALY" in lines[1]] == [True, True]
    assert len(lines) == 2


def test_what_is_capped_is_counted_and_told() -> None:
    """One line when it begins, and how many it were before the next notification."""
    capped = [replace(LEAK, id=f"c{n}", notified=False) for n in range(3)]
    lines = told(LEAK, *capped, replace(capped[0], closed_ms=1), replace(LEAK, id="b"))
    assert len(lines) == 4
    assert "enough notifications for this hour" in lines[1]
    assert "3 incidents went without a notification meanwhile" in lines[2]


def test_names_cannot_steer_the_terminal() -> None:
    """A metric's name may hold escape codes; they are not printed as such."""
    (line,) = told(replace(LEAK, reason="flow\033[2J\nfake line"))
    assert "\033" not in line


def test_colour_is_for_terminals_only() -> None:
    """A log file has no escape codes in it."""
    log, terminal = io.StringIO(), Terminal()
    for out in (log, terminal):
        Teller(out).tell(LEAK)
    assert "\033[" not in log.getvalue()
    assert "\033[" in terminal.getvalue()
