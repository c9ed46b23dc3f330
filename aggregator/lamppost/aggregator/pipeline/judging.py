"""What every reading goes through, live and in a replay: judge, events, last values.

The spool keeps all that the judge was given: a frame's flags carry, above the verdict's own
bits, whether the reading was historical and its quality code, and a note before the frame says
which time it was. A replay therefore repeats exactly what happened.
"""

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.alarms.alarms import AlarmConfig, Alarms
from lamppost.aggregator.alarms.event import Event, Place
from lamppost.aggregator.alarms.incidents import Record
from lamppost.aggregator.alarms.relation import relation_of
from lamppost.aggregator.alarms.topology import Feed, Topology
from lamppost.aggregator.columns import Verdicts
from lamppost.aggregator.judge.groups import Change, Groups
from lamppost.aggregator.judge.judge import Judge
from lamppost.aggregator.nodes.births import NUMERIC
from lamppost.aggregator.nodes.series import SeriesIndex, SeriesInfo
from lamppost.aggregator.pipeline.bindings import Bindings, Row
from lamppost.aggregator.pipeline.latest import Latest
from lamppost.aggregator.pipeline.leads import Leads
from lamppost.aggregator.pipeline.teams import Teams, place_of
from lamppost.aggregator.pipeline.vicinity import Vicinity
from lamppost.aggregator.settings.groups import GroupConfig
from lamppost.aggregator.settings.kinds import Profiles
from lamppost.aggregator.spool.frames import FrameKind, TextRow, pack_json
from lamppost.wire.datatypes import DataType

HISTORICAL_BIT = 1 << 16
QUALITY_SHIFT = 17
VERDICT_MASK = (1 << 16) - 1


class Readings(NamedTuple):
    """What the judge takes; columns of one length, in the order of arrival."""

    series: NDArray[np.int32]
    time_ms: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.int16]
    historical: NDArray[np.uint8]

    @classmethod
    def empty(cls, count: int) -> "Readings":
        """Room for `count` readings."""
        return cls(
            np.empty(count, np.int32),
            np.empty(count, np.int64),
            np.empty(count, np.float64),
            np.empty(count, np.int16),
            np.empty(count, np.uint8),
        )

    def head(self, count: int) -> "Readings":
        """Views on the first `count` readings."""
        return Readings(
            self.series[:count],
            self.time_ms[:count],
            self.value[:count],
            self.quality[:count],
            self.historical[:count],
        )


def with_inputs(
    flags: NDArray[np.uint32], quality: NDArray[np.int16], historical: NDArray[np.uint8]
) -> NDArray[np.uint32]:
    """Return the flags with the judge's inputs above them; good live readings add nothing."""
    good, shift = np.uint32(c.QUALITY_GOOD), np.uint32(QUALITY_SHIFT)
    code = (quality.astype(np.uint32) ^ good) << shift
    marked: NDArray[np.uint32] = flags | code
    marked |= historical.astype(np.uint32) * np.uint32(HISTORICAL_BIT)
    return marked


def inputs_of(
    flags: NDArray[np.uint32],
) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
    """Return quality and historical as `with_inputs` hid them."""
    quality = ((flags >> QUALITY_SHIFT) ^ c.QUALITY_GOOD).astype(np.int16)
    return quality, ((flags & HISTORICAL_BIT) != 0).astype(np.uint8)


def kind_of(datatype: DataType) -> int:
    """The judge's kind of a datatype."""
    if datatype in NUMERIC:
        return c.NUMERIC
    return c.BOOLEAN if datatype is DataType.BOOLEAN else c.TEXT


def record_frame(record: Record) -> tuple[FrameKind, bytes]:
    """An event or incident as the spool takes it; numbers that are none become null."""
    kind = FrameKind.EVENT if isinstance(record, Event) else FrameKind.INCIDENT
    return kind, pack_json(asdict(record))


class Judging:
    """Judge, alarms and last values of all series; one thread calls it.

    Args:
        index: of all series.
        config: how much an operator is told.
        topology: what feeds what, as it is configured.
        profiles: what is asked of which kind of sensor.
        groups: which sensors are judged together, beside those of one device.
    """

    def __init__(
        self,
        index: SeriesIndex,
        config: AlarmConfig | None = None,
        topology: Topology | None = None,
        profiles: Profiles | None = None,
        groups: Iterable[GroupConfig] = (),
    ) -> None:
        self.index = index
        self.feeders: tuple[Feed, ...] = ()
        self._configured = topology or Topology()
        self._profiles = profiles or Profiles()
        self.judge = Judge()
        self.bindings = Bindings()
        self._leads = Leads()
        self._vicinity = Vicinity()
        self.groups = Groups()
        self._teams = Teams(self.groups, index, groups)
        self._hours = self._teams.kin.hours
        self.alarms = Alarms(index.__getitem__, config, topology, self._teams.asset_of)
        self.latest = Latest()
        self._out = Verdicts.empty(0)

    def admit(self, info: SeriesInfo) -> None:
        """Make room for a series, or take its new limits."""
        self.latest.grow(info.index + 1)
        self.judge.add_series(
            info.index,
            info.low,
            info.high,
            info.heartbeat_ms,
            kind_of(info.datatype),
            rate_per_s=info.rate_per_s,
        )
        self._leads.admit(self.judge, info)
        self._tune(info)
        self._place(info)
        if self.alarms.maintenance:
            self._pause([info])

    def bind(self, rows: Iterable[Row]) -> None:
        """Take over what the register says of channels; see `Bindings.put`."""
        for key in self.bindings.put(rows):
            info = self.index.find(*key)
            if info is not None:
                self._place(info)

    def _place(self, info: SeriesInfo) -> None:
        """Where it is and what it tells of say whom it is compared and grouped with."""
        placed = self.bindings.placed(info)
        self._vicinity.admit(placed, self.bindings.district(info))
        self._teams.admit(placed)

    def _tune(self, info: SeriesInfo) -> None:
        name = "/".join(part for part in info.key if part)
        profile = self._profiles.of(name, info.channel_class, info.unit)
        self.judge.tune(info.index, **asdict(profile))

    def settle(self) -> None:
        """Let what births have changed count; before readings are judged it always does."""
        self._teams.settle()

    def readings(self, readings: Readings, texts: list[TextRow], now_ms: int) -> Verdicts:
        """Judge readings in the order given; the verdicts are valid until the next call."""
        series, time_ms, value, quality, historical = readings
        count = len(series)
        if count > len(self._out.flags):
            self._out = Verdicts.empty(max(count, 2 * len(self._out.flags)))
        out = self._out.head(count)
        if count:
            self.settle()
            self._vicinity.settle(self.judge, int(time_ms[-1]))
            self.judge.update(series, time_ms, value, quality, historical, now_ms, out)
            self.groups.update(series, time_ms, value, out.flags)
            self._hours.update(series, time_ms, value, out.flags)
            self.latest.take(series, time_ms, value, out)
        if texts:
            spoken = np.fromiter((row.series for row in texts), np.int32, len(texts))
            self.judge.seen(spoken, now_ms)
            self.latest.take_texts(texts)
        return out

    def events_in(self, readings: Readings, verdicts: Verdicts, now_ms: int) -> list[Record]:
        """What opened, changed or closed in readings that were just judged."""
        series, time_ms, value, _, _ = readings
        return self.alarms.update(series, time_ms, value, verdicts, now_ms)

    def sweep(self, now_ms: int, *, silence: bool) -> tuple[bool, list[Record]]:
        """Let the clock alone find silence, and close and tell what only time does.

        Args:
            now_ms: the time.
            silence: look for it; while our own connection is away, silence means nothing.

        Returns:
            Whether anything changed, and what is told.
        """
        records: list[Record] = []
        found = 0
        if silence:
            silent, since_ms = self.judge.sweep(now_ms)
            found = len(silent)
            if found:
                records = self.alarms.silent(silent, since_ms, now_ms)
        moved = 0
        for index, since, ahead_ms in zip(
            *(a.tolist() for a in self.judge.clocks()), strict=True
        ):
            info = self.index[index]
            records += self.alarms.clock(info.group, info.node, since, ahead_ms, now_ms)
            moved += 1
        moved += self._teams.look()
        self.settle()
        if self._teams.parted:
            records += self.alarms.relations(self._teams.told_as(), now_ms)
            self._teams.parted = False
            moved += 1
        for change in self.groups.changes(now_ms):
            records += self._told_of(change, now_ms)
            moved += 1
        changed, told = self.alarms.tick(now_ms)
        return bool(found or moved) or changed, records + told

    def _told_of(self, change: Change, now_ms: int) -> list[Record]:
        infos = {member.series: self.index[member.series] for member in change.members}
        first = self.index[self.groups.members(change.group)[0]]
        event = relation_of(
            self._teams.name(change.group), place_of(first), infos, change, now_ms
        )
        return self.alarms.relation(event, now_ms, over=not change.open)

    def maintain(self, places: Iterable[Place], now_ms: int) -> list[Record]:
        """Say on what somebody works now: it is not learned from, and its events are hidden."""
        records = self.alarms.maintain(places, now_ms)
        self._pause(self.index)
        return records

    def feed(self, feeders: tuple[Feed, ...], now_ms: int) -> list[Record]:
        """Take over what the register says of feeders; the configuration counts more."""
        self.feeders = feeders
        return self.alarms.feed(self._configured.with_feeders(feeders), now_ms)

    def _pause(self, infos: Iterable[SeriesInfo]) -> None:
        masks = self.alarms.conditions.masks
        by_state: dict[bool, list[int]] = {False: [], True: []}
        for info in infos:
            place = info.group, info.node, info.device
            by_state[masks.in_maintenance(place)].append(info.index)
        for paused, series in by_state.items():
            self.judge.pause(np.array(series, np.int32), paused=paused)

    def awaken(self, now_ms: int) -> None:
        """Start all timers of silence anew: nobody listened for a while."""
        series = np.arange(len(self.index), dtype=np.int32)
        if len(series):
            self.judge.seen(series, now_ms)

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """JSON values and arrays for a checkpoint."""
        arrays: dict[str, NDArray[Any]] = {
            f"judge/{name}": array for name, array in self.judge.state().items()
        }
        arrays |= {f"groups/{name}": array for name, array in self.groups.state().items()}
        arrays |= {f"hours/{name}": array for name, array in self._hours.state().items()}
        arrays |= {f"latest/{name}": array for name, array in self.latest.state().items()}
        document = {
            "events": self.alarms.state(),
            "texts": self.latest.text_state(),
            "kin": self._teams.kin.state(),
            "vicinity": self._vicinity.slot,
            "plan": self.bindings.state(),
            "feeders": [feeder.row() for feeder in self.feeders],
        }
        return document, arrays

    def restore(self, document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bool:
        """Take over what `state` returned; the series are admitted already.

        Returns:
            False when the judge's part is of another release: it begins to learn anew.
        """
        fits = True
        self.bind(document.get("plan", ()))
        self._vicinity.slot = int(document.get("vicinity", -1))
        try:
            self.judge.restore(_under(arrays, "judge/"))
        except (ValueError, KeyError):
            fits = False
        with contextlib.suppress(ValueError, KeyError):
            self._teams.restore(document["kin"])
            self._hours.restore(_under(arrays, "hours/"))
        self.settle()
        self._teams.parted = True  # the configuration may be another one than it was
        with contextlib.suppress(ValueError, KeyError):  # another release's: learn them anew
            self.groups.restore(_under(arrays, "groups/"))
        for info in self.index:
            self._tune(info)  # the configuration may be another one than it was
        self.latest.restore(_under(arrays, "latest/"), document["texts"])
        self.alarms.restore(document["events"])
        self.feeders = tuple(map(Feed.from_row, document.get("feeders", ())))
        masks = self.alarms.conditions.masks
        masks.topology = self._configured.with_feeders(self.feeders)
        self._pause(self.index)
        return fits


def _under(arrays: Mapping[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
