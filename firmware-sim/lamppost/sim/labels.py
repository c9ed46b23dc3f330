"""The truth about injected faults, one JSON line when a fault starts and one when it ends."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self, TextIO

from lamppost.sim.city import City
from lamppost.sim.faults import Fault


@dataclass(frozen=True, slots=True)
class Label:
    """What was wrong, where, and from when to when (UTC milliseconds); `to_ms` None is open."""

    id: str
    kind: str
    fault_class: str
    node: str
    device: str
    channels: tuple[str, ...]
    from_ms: int
    to_ms: int | None = None

    def as_json(self) -> str:
        """Return the line of the label file, without its end."""
        return json.dumps(
            {
                "id": self.id,
                "kind": self.kind,
                "class": self.fault_class,
                "node": self.node,
                "device": self.device,
                "channels": list(self.channels),
                "from_ms": self.from_ms,
                "to_ms": self.to_ms,
            }
        )


@dataclass(frozen=True, slots=True)
class Timeline:
    """How simulated time lies on the clock: `start_ms` UTC is elapsed 0."""

    start_ms: int
    speed: float = 1.0

    def elapsed_ms(self, now_ms: int) -> int:
        """Return the simulated time at the UTC time `now_ms`."""
        return int((now_ms - self.start_ms) * self.speed)

    def utc_ms(self, elapsed_ms: int) -> int:
        """Return the UTC time at which the simulation is at `elapsed_ms`."""
        return self.start_ms + round(elapsed_ms / self.speed)


class Schedule:
    """Watches the faults pass: who calls `advance` gets each label as it opens and closes."""

    def __init__(self, faults: Iterable[Fault], city: City, timeline: Timeline) -> None:
        self._timeline = timeline
        ordered = sorted(faults, key=lambda fault: (fault.from_ms, fault.to_ms))
        self._coming = [
            (fault, _label(fault, number, city, timeline))
            for number, fault in enumerate(ordered, 1)
        ]
        self._open: list[tuple[Fault, Label]] = []

    def advance(self, elapsed_ms: int) -> Iterator[tuple[Fault, Label]]:
        """Yield the labels that opened or closed up to `elapsed_ms`, each when it is due."""
        while self._coming and self._coming[0][0].from_ms <= elapsed_ms:
            begun = self._coming.pop(0)
            self._open.append(begun)
            yield begun
        for fault, label in list(self._open):
            if fault.to_ms <= elapsed_ms:
                self._open.remove((fault, label))
                yield fault, replace(label, to_ms=self._timeline.utc_ms(fault.to_ms))

    def end(self, now_ms: int) -> Iterator[tuple[Fault, Label]]:
        """Close what is still open, at the UTC time `now_ms`."""
        while self._open:
            fault, label = self._open.pop(0)
            yield fault, replace(label, to_ms=max(now_ms, label.from_ms))


class LabelFile:
    """Writes labels to a file, or nowhere; each line is flushed before `write` returns."""

    def __init__(self, path: Path | None) -> None:
        self._stream: TextIO | None = None
        if path is not None:
            self._stream = path.open("w", encoding="utf-8")

    def write(self, label: Label) -> None:
        """Append one line."""
        if self._stream is not None:
            self._stream.write(label.as_json() + "\n")
            self._stream.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.close()


def _label(fault: Fault, number: int, city: City, timeline: Timeline) -> Label:
    target = fault.target.replace("/", "-")
    return Label(
        id=f"{fault.kind.name}-{target}-{number}",
        kind=fault.kind.name,
        fault_class=fault.kind.fault_class,
        node=city.node_of(fault.device).name,
        device=fault.device,
        channels=fault.channels,
        from_ms=timeline.utc_ms(fault.from_ms),
    )
