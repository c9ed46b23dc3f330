"""Tells the demo's course on the terminal, in plain words and in colour where that helps."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from lamppost.sim.demo.outcome import Fault, Report

COLOURS = {
    "process_anomaly": "\x1b[1;31m",
    "sensor_fault": "\x1b[1;33m",
    "communication": "\x1b[1;35m",
    "injected": "\x1b[36m",
    "good": "\x1b[32m",
    "bad": "\x1b[31m",
}
WORDS = {
    "process_anomaly": "PROCESS ANOMALY",
    "sensor_fault": "SENSOR FAULT",
    "communication": "COMMUNICATION",
}


class Narrator:
    """Writes one line for each thing that happens, once."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = sys.stdout if out is None else out
        self._colour = self._out.isatty()
        self._told: set[tuple[str, bool]] = set()

    def say(self, text: str, colour: str = "") -> None:
        """One line, with the time."""
        self._line(f"{datetime.now(UTC):%H:%M:%S}  {text}", colour)

    def fault(self, fault: Fault) -> None:
        """A fault that the simulator has just injected, or ended."""
        ended = fault.to_ms is not None
        if not self._once(f"fault {fault.id}", ended):
            return
        what = f"{fault.kind} at {fault.device} ({', '.join(fault.channels)})"
        word = "ended" if ended else "injected"
        self.say(f"{word}: {what}, a {fault.fault_class.replace('_', ' ')}", "injected")

    def incident(self, incident: Mapping[str, Any]) -> None:
        """An incident that the aggregator tells of, once its first events have gathered."""
        ended = incident["closed_ms"] is not None
        if incident["notified"] is None or not self._once(f"incident {incident['id']}", ended):
            return
        name = WORDS.get(incident["incident_class"], incident["incident_class"])
        parts = (incident["group"], incident["node"], incident["device"])
        where = "/".join(filter(None, parts))
        if ended:
            self.say(f"over: {name} at {where}: {', '.join(incident['channels'])}")
        else:
            kind = incident["kind"].replace("_", " ")
            line = f"{name} ({kind}) at {where}: {incident['reason']}"
            self.say(line, incident["incident_class"])

    def report(self, report: Report) -> None:
        """The books and the verdicts."""
        books = report.books
        self._line("")
        self._line(
            f"readings: {books.taken} taken = {books.stored} stored + {books.evicted} evicted "
            f"+ {books.in_flight} in flight; {books.lost} lost",
            "good" if books.balanced else "bad",
        )
        for fault in report.faults:
            took = (
                ""
                if fault.detected_at is None
                else f" after {(fault.detected_at - fault.injected_at) / 1000:.1f} s"
            )
            self._line(
                f"{fault.kind}: told as {fault.verdict.replace('_', ' ')}{took}",
                "good" if fault.told_apart else "bad",
            )
        self._line(f"false alarms: {report.false_alarms}")
        p50, p99 = report.latency_ms["p50"], report.latency_ms["p99"]
        if p50 is not None and p99 is not None:
            self._line(f"reading taken to stored and judged: {p50:.0f} ms (99 %: {p99:.0f} ms)")

    def _once(self, what: str, ended: bool) -> bool:
        # Something that is over when it is first seen has still begun: both are told.
        if (what, ended) in self._told:
            return False
        self._told.add((what, ended))
        return True

    def _line(self, text: str, colour: str = "") -> None:
        if self._colour and colour in COLOURS:
            text = f"{COLOURS[colour]}{text}\x1b[0m"
        print(text, file=self._out, flush=True)
