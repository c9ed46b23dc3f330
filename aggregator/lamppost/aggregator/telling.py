"""Events in plain words on the terminal: one line when one opens, one when it ends."""

from collections import OrderedDict
from datetime import UTC, datetime
from typing import TextIO

from lamppost.aggregator.events import COMMUNICATION, PROCESS_ANOMALY, SENSOR_FAULT, Event
from lamppost.aggregator.told import printable

MAX_TOLD = 10_000
RESET = "\033[0m"
COLOURS = {
    SENSOR_FAULT: "\033[33m",
    PROCESS_ANOMALY: "\033[31m",
    COMMUNICATION: "\033[36m",
}
WORDS = {
    SENSOR_FAULT: "sensor fault",
    PROCESS_ANOMALY: "process anomaly",
    COMMUNICATION: "communication",
}


class Teller:
    """Tells each event twice: when it opens and when it ends. Colour only on a terminal."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._colour = out.isatty()
        self._open: OrderedDict[str, bool] = OrderedDict()

    def tell(self, event: Event) -> None:
        """Print a line if the event has just opened or ended."""
        ended = event.end_ms is not None
        if self._open.get(event.id) is ended:
            return
        self._open[event.id] = ended
        while len(self._open) > MAX_TOLD:
            self._open.popitem(last=False)
        line = event_line(event)
        if self._colour and not ended:
            line = f"{COLOURS.get(event.event_class, '')}{line}{RESET}"
        print(line, file=self._out, flush=True)


def event_line(event: Event) -> str:
    """One line: when, what class, and the reason, which names the place."""
    return printable(_line(event))


def _line(event: Event) -> str:
    word = WORDS.get(event.event_class, event.event_class)
    if event.end_ms is None:
        return f"{_clock(event.detected_ms)} {word}: {event.reason}"
    parts = (event.group, event.node, event.device, event.channel)
    where = "/".join(part for part in parts if part)
    lasted_s = max(0, event.end_ms - event.onset_ms) / 1000
    return (
        f"{_clock(event.end_ms)} {word} over: {where}: {event.kind}, it lasted {lasted_s:.0f} s"
    )


def _clock(time_ms: int) -> str:
    try:
        moment = datetime.fromtimestamp(time_ms / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{time_ms} ms"
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
