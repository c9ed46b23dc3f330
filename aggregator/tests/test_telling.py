"""Events on the terminal."""

import io
from dataclasses import replace

from lamppost.aggregator.events import PROCESS_ANOMALY, Event
from lamppost.aggregator.telling import Teller

LEAK = Event(
    id="a", series=1, group="city", node="node-1", device="pump", channel="flow",
    event_class=PROCESS_ANOMALY, kind="deviation", onset_ms=1_800_000_000_000,
    detected_ms=1_800_000_005_000, end_ms=None, severity=0.8, value=1.0, expected=2.0, low=1.5,
    high=2.5, unit="L/s", reason="flow is 1 L/s where 2 L/s were expected",
)  # fmt: skip


class Terminal(io.StringIO):
    """Text that was written to a terminal."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def test_an_event_is_told_when_it_opens_and_when_it_ends() -> None:
    """One line each; what changes between is not told."""
    out = io.StringIO()
    teller = Teller(out)
    teller.tell(LEAK)
    teller.tell(replace(LEAK, severity=0.9))
    teller.tell(replace(LEAK, end_ms=1_800_000_065_000))
    teller.tell(replace(LEAK, end_ms=1_800_000_065_000))
    first, second = out.getvalue().splitlines()
    reason = "flow is 1 L/s where 2 L/s were expected"
    assert first == f"2027-01-15T08:00:05Z process anomaly: {reason}"
    assert second.endswith(
        "process anomaly over: city/node-1/pump/flow: deviation, it lasted 65 s"
    )


def test_names_cannot_steer_the_terminal() -> None:
    """A metric's name may hold escape codes; they are not printed as such."""
    out = io.StringIO()
    Teller(out).tell(replace(LEAK, reason="flow\033[2J\nfake line"))
    assert "\033" not in out.getvalue()
    assert len(out.getvalue().splitlines()) == 1


def test_colour_is_for_terminals_only() -> None:
    """A log file has no escape codes in it."""
    log, terminal = io.StringIO(), Terminal()
    for out in (log, terminal):
        Teller(out).tell(LEAK)
    assert "\033[" not in log.getvalue()
    assert "\033[" in terminal.getvalue()
