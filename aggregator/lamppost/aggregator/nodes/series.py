"""The series the aggregator knows: every metric that a birth declared, under a dense number.

Kernels, spool frames and stores speak of a series by its index; the index of a series never
changes and is never given to another one, so a number that was written to the spool stays
readable for ever.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple, Self

from lamppost.wire.datatypes import DataType

MAX_SERIES = 4_000_000


class SeriesKey(NamedTuple):
    """What names a series in the field; `device` is empty for a metric of the node itself."""

    group: str
    node: str
    device: str
    metric: str


class SeriesLimitError(RuntimeError):
    """The index is full: a birth wants more series than `limit` in all."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} series were born; the limit is {limit}")
        self.limit = limit


@dataclass(frozen=True, slots=True)
class SeriesInfo:
    """One series as its latest birth declared it.

    Attributes:
        index: dense number, from 0, in order of first birth.
        group: Sparkplug group.
        node: Sparkplug edge node.
        device: Sparkplug device, "" for a metric of the node itself.
        metric: Sparkplug metric name.
        datatype: Sparkplug type of the value.
        unit: UCUM code, "" when the birth named none.
        low: lowest plausible value in `unit`, None when unknown.
        high: highest plausible value in `unit`, None when unknown.
        heartbeat_ms: longest silence by contract, None when there is no such contract.
        channel_class: what is measured, such as "pressure"; "" when unknown.
        asset: what it tells of, by its id in the register; "" when the birth did not say.
        latitude: where that is, degrees, WGS 84; None when the birth did not say.
        longitude: the same.
        rate_per_s: largest plausible change a second in `unit`, None when unknown.
    """

    index: int
    group: str
    node: str
    device: str
    metric: str
    datatype: DataType
    unit: str = ""
    low: float | None = None
    high: float | None = None
    heartbeat_ms: int | None = None
    channel_class: str = ""
    asset: str = ""
    latitude: float | None = None
    longitude: float | None = None
    rate_per_s: float | None = None

    @property
    def key(self) -> SeriesKey:
        """The name of the series in the field."""
        return SeriesKey(self.group, self.node, self.device, self.metric)

    @property
    def channel(self) -> str:
        """`device/metric`, or the metric alone when it is the node's own."""
        return f"{self.device}/{self.metric}" if self.device else self.metric

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return {f.name: getattr(self, f.name) for f in fields(self)} | {
            "datatype": int(self.datatype)
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Rebuild from `to_json`'s output."""
        return cls(**(dict(document) | {"datatype": DataType(document["datatype"])}))


class SeriesIndex:
    """Dense table of series; one thread adds, any thread reads."""

    def __init__(self, limit: int = MAX_SERIES) -> None:
        self._limit = limit
        self._infos: list[SeriesInfo] = []
        self._by_key: dict[SeriesKey, int] = {}

    def __len__(self) -> int:
        return len(self._infos)

    def __getitem__(self, index: int) -> SeriesInfo:
        return self._infos[index]

    def __iter__(self) -> Iterator[SeriesInfo]:
        return iter(self._infos[:])

    def find(self, group: str, node: str, device: str, metric: str) -> SeriesInfo | None:
        """Return the series of that name, or None."""
        index = self._by_key.get(SeriesKey(group, node, device, metric))
        return None if index is None else self._infos[index]

    def add(
        self,
        key: SeriesKey,
        datatype: DataType,
        *,
        unit: str = "",
        low: float | None = None,
        high: float | None = None,
        rate_per_s: float | None = None,
        heartbeat_ms: int | None = None,
        channel_class: str = "",
        asset: str = "",
        position: tuple[float | None, float | None] = (None, None),
    ) -> SeriesInfo:
        """Enter what a birth declared and return the series.

        A name that is known keeps its index and takes the new facts; when nothing changed the
        very same object comes back, so `is` tells whether the birth brought news.

        Raises:
            SeriesLimitError: the name is new and the index is full.
        """
        index = self._by_key.get(key)
        if index is None and len(self._infos) >= self._limit:
            raise SeriesLimitError(self._limit)
        number = len(self._infos) if index is None else index
        info = SeriesInfo(
            number,
            *key,
            datatype,
            unit,
            low,
            high,
            heartbeat_ms,
            channel_class,
            asset,
            *position,
            rate_per_s,
        )
        return self.put(info)

    def put(self, info: SeriesInfo) -> SeriesInfo:
        """Enter a series under the index it already has, as a replay or a checkpoint does.

        Raises:
            ValueError: the index would leave a hole, or belongs to another name.
        """
        if info.index > len(self._infos):
            raise ValueError(f"series {info.index} came, {len(self._infos)} is the next index")
        if info.index == len(self._infos):
            if info.key in self._by_key:
                raise ValueError(f"{'/'.join(info.key)} already has another index")
            self._infos.append(info)
            self._by_key[info.key] = info.index
            return info
        known = self._infos[info.index]
        if known.key != info.key:
            raise ValueError(f"series {info.index} is {known.key}, not {info.key}")
        if known == info:
            return known
        self._infos[info.index] = replace(info)
        return self._infos[info.index]

    def state(self) -> list[dict[str, Any]]:
        """Return all series as JSON values, in order of index."""
        return [info.to_json() for info in self._infos]

    @classmethod
    def from_state(cls, state: list[dict[str, Any]], limit: int = MAX_SERIES) -> Self:
        """Rebuild from `state`'s output."""
        index = cls(limit)
        for document in state:
            index.put(SeriesInfo.from_json(document))
        return index
