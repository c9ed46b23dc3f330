"""Incidents on the terminal: one line when an operator is told, one at the end."""

from collections import OrderedDict
from datetime import UTC, datetime
from typing import TextIO

from lamppost.aggregator.alarms.event import COMMUNICATION, PROCESS_ANOMALY, SENSOR_FAULT
from lamppost.aggregator.alarms.incident import Incident
from lamppost.aggregator.alarms.reasons import duration
from lamppost.aggregator.tail.told import printable

MAX_TOLD = 10_000
MAX_NAMED = 8
RESET = "\033[0m"
COLOURS = {
    SENSOR_FAULT: "\033[33m",
    PROCESS_ANOMALY: "\033[31m",
    COMMUNICATION: "\033[36m",
}
WORDS = {
    SENSOR_FAULT: "SENSOR FAULT",
    PROCESS_ANOMALY: "PROCESS ANOMALY",
    COMMUNICATION: "COMMUNICATION",
}


class Teller:
    """Tells each incident when it is notified, when its class rises, and when it ends.

    What the budget of notifications left out is counted, and told with the next line.
    Colour only on a terminal.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._colour = out.isatty()
        self._told: OrderedDict[str, str] = OrderedDict()
        self._capped: OrderedDict[tuple[str, str], None] = OrderedDict()

    def tell(self, incident: Incident) -> None:
        """Print a line if this is news."""
        told = self._told.get(incident.id)
        if incident.closed_ms is not None:
            self._told.pop(incident.id, None)
            if told is not None:
                self._print(end_line(incident), "")
        elif incident.notified is False:
            self._cap(incident)
        elif incident.notified and told != incident.incident_class:
            self._remember(incident)
            self._print(opening_line(incident), COLOURS.get(incident.incident_class, ""))

    def _remember(self, incident: Incident) -> None:
        self._told[incident.id] = incident.incident_class
        while len(self._told) > MAX_TOLD:
            self._told.popitem(last=False)
        if self._capped:
            self._print(f"{_clock(incident.detected_ms)} {_capped(len(self._capped))}", "")
            self._capped.clear()

    def _cap(self, incident: Incident) -> None:
        """One line when it begins; how many it were comes with the next notification."""
        if not self._capped:
            self._print(
                f"{_clock(incident.detected_ms)} enough notifications for this hour, the last "
                f"for {place(incident)}: further incidents are counted and in the console",
                "",
            )
        self._capped[incident.id, incident.incident_class] = None
        while len(self._capped) > MAX_TOLD:
            self._capped.popitem(last=False)

    def _print(self, line: str, colour: str) -> None:
        line = printable(line)
        if self._colour and colour:
            line = f"{colour}{line}{RESET}"
        print(line, file=self._out, flush=True)


def place(incident: Incident) -> str:
    """GROUP/NODE or GROUP/NODE/DEVICE."""
    return "/".join(part for part in incident.asset if part)


def opening_line(incident: Incident) -> str:
    """When, what class, where, and the sentence."""
    word = WORDS.get(incident.incident_class, incident.incident_class)
    when = _clock(incident.detected_ms)
    return f"{when} {word} at {place(incident)}: {incident.reason}"


def end_line(incident: Incident) -> str:
    """When it was over, what it was, how long it took and what took part."""
    word = WORDS.get(incident.incident_class, incident.incident_class)
    end_ms = incident.closed_ms or 0
    lasted = duration(end_ms - incident.opened_ms)
    named = ", ".join(incident.channels[:MAX_NAMED])
    more = len(incident.channels) - MAX_NAMED
    what = f": {named}" + (f" and {more} more" if more > 0 else "") if named else ""
    return f"{_clock(end_ms)} over: {word} at {place(incident)} after {lasted}{what}"


def _capped(count: int) -> str:
    return f"{count} incident{'' if count == 1 else 's'} went without a notification meanwhile"


def _clock(time_ms: int) -> str:
    try:
        moment = datetime.fromtimestamp(time_ms / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{time_ms} ms"
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
