"""Holds what was injected against what was told: each fault's verdict, and the books."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ONSET_TOLERANCE_MS = 3_000
"""An event may begin this much before its label: clocks are read at the two ends of a poll."""

MISSED = "missed"
CONFUSED = "confused"


@dataclass(frozen=True, slots=True)
class Fault:
    """A label of the simulator: what was wrong, where and when."""

    id: str
    kind: str
    fault_class: str
    device: str
    channels: tuple[str, ...]
    from_ms: int
    to_ms: int | None


@dataclass(frozen=True, slots=True)
class FaultOutcome:
    """What became of one injected fault; `verdict` is a class, "missed" or "confused"."""

    id: str
    kind: str
    fault_class: str
    injected_at: int
    detected_at: int | None
    verdict: str
    reason: str

    @property
    def told_apart(self) -> bool:
        """Whether it was told as what it is."""
        return self.verdict == self.fault_class


def read_labels(path: Path) -> list[Fault]:
    """All faults so far; a later line of the same id completes the earlier one."""
    faults: dict[str, Fault] = {}
    if not path.exists():
        return []
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        if not line.endswith("\n"):
            break  # the simulator is in the middle of writing it
        label = json.loads(line)
        faults[label["id"]] = Fault(
            id=label["id"],
            kind=label["kind"],
            fault_class=label["class"],
            device=label["device"],
            channels=tuple(label["channels"]),
            from_ms=label["from_ms"],
            to_ms=label["to_ms"],
        )
    return list(faults.values())


def outcome_of(fault: Fault, events: Iterable[Mapping[str, Any]]) -> FaultOutcome:
    """The verdict on one fault: the one class that its events share."""
    hits = sorted((e for e in events if _touches(fault, e)), key=lambda e: e["detected_ms"])
    classes = {event["event_class"] for event in hits}
    verdict = classes.pop() if len(classes) == 1 else CONFUSED if classes else MISSED
    return FaultOutcome(
        id=fault.id,
        kind=fault.kind,
        fault_class=fault.fault_class,
        injected_at=fault.from_ms,
        detected_at=hits[0]["detected_ms"] if hits else None,
        verdict=verdict,
        reason=hits[0]["reason"] if hits else "",
    )


def _touches(fault: Fault, event: Mapping[str, Any]) -> bool:
    if event["device"] != fault.device or event["channel"] not in fault.channels:
        return False
    began = event["onset_ms"] >= fault.from_ms - ONSET_TOLERANCE_MS
    return began and (fault.to_ms is None or event["onset_ms"] <= fault.to_ms)


def false_alarms(
    faults: Sequence[Fault], events: Iterable[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Events of a sensor or an asset that no injected fault explains.

    A device whose process is disturbed may go on alarming while it settles; only events on
    devices that nothing was done to, or from before it was done, count as false.
    """
    return [
        event
        for event in events
        if event["event_class"] != "communication"
        and not any(
            event["device"] == fault.device
            and event["onset_ms"] >= fault.from_ms - ONSET_TOLERANCE_MS
            for fault in faults
        )
    ]


@dataclass(frozen=True, slots=True)
class Books:
    """Every reading of the run: taken = stored + evicted + in_flight + lost."""

    taken: int
    stored: int
    evicted: int
    in_flight: int
    lost: int

    @property
    def balanced(self) -> bool:
        """Whether everything is accounted for."""
        return self.lost == 0 and self.taken == self.stored + self.evicted + self.in_flight


def books_of(edges: Iterable[Mapping[str, Any]], stored: int) -> Books:
    """The nodes' own counts (`lamppost edge status --json`) against what the store holds."""
    nodes = list(edges)
    taken = sum(node["taken"] for node in nodes)
    evicted = sum(node["evicted"] for node in nodes)
    held = sum(node["in_flight"] for node in nodes)
    # A node may still hold what is already stored, because the word of it is on its way.
    open_ = taken - evicted - stored
    return Books(taken, stored, evicted, max(0, min(open_, held)), open_ - min(open_, held))


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a demo run, as `--json` writes it."""

    broker: str
    books: Books
    faults: tuple[FaultOutcome, ...]
    false_alarms: int
    latency_ms: Mapping[str, float | None]
    rss_mb: Mapping[str, float | None]

    @property
    def passed(self) -> bool:
        """Whether every reading is accounted for and every fault was told apart."""
        told = bool(self.faults) and all(fault.told_apart for fault in self.faults)
        return self.books.balanced and told

    def as_json(self) -> str:
        """The file's text."""
        faults = []
        for fault in self.faults:
            row = asdict(fault)
            row["class"] = row.pop("fault_class")
            faults.append(row)
        return json.dumps(
            {
                "passed": self.passed,
                "broker": self.broker,
                "readings": asdict(self.books),
                "faults": faults,
                "false_alarms": self.false_alarms,
                "latency_ms": dict(self.latency_ms),
                "rss_mb": dict(self.rss_mb),
            },
            indent=2,
        )
