"""Messages in words: what births, data, deaths, commands and states say, one line a metric."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from lamppost.wire.datatypes import DataType, Quality
from lamppost.wire.decode import DecodeError, decode
from lamppost.wire.delivery import LEDGER, DeliveryError, ledger_rows
from lamppost.wire.header import Header
from lamppost.wire.payload import DataSet, Metric, Payload, Template, Value
from lamppost.wire.session import REBIRTH, ack_of, bdseq_of, is_rebirth
from lamppost.wire.state import StateError, decode_state
from lamppost.wire.topic import Topic, TopicError, Verb, parse_state_topic

MAX_VALUE_CHARS = 200
MAX_NODES = 10_000
MAX_ALIASES = 100_000
QUALITY_WORDS = {int(Quality.BAD): "bad", int(Quality.STALE): "stale"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the tail.

    Attributes:
        what: "birth", "data", "death", "command", "state" or "trouble".
        time_ms: of the metric, the message or its arrival.
        quality: empty when good.
        note: anything further in words.
    """

    what: str
    time_ms: int
    group: str = ""
    node: str = ""
    device: str = ""
    metric: str = ""
    value: object = None
    unit: str = ""
    quality: str = ""
    note: str = ""

    def text(self) -> str:
        """The line as a person reads it."""
        where = "/".join(part for part in (self.group, self.node, self.device) if part)
        parts = [clock(self.time_ms), f"{self.what:<7}", where]
        if self.metric:
            value = "null" if self.value is None else shown(self.value)
            parts.append(f"{self.metric} = {value} {self.unit}".rstrip())
        if self.quality:
            parts.append(f"[{self.quality}]")
        if self.note:
            parts.append(self.note)
        return printable("  ".join(part for part in parts if part))


@dataclass(slots=True)
class _Known:
    names: dict[int, str] = field(default_factory=dict)
    types: dict[int, DataType] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)


class Listener:
    """Understands messages; remembers births.

    Args:
        group: only this one, when given.
        node: only this one, when given.
    """

    def __init__(self, group: str | None = None, node: str | None = None) -> None:
        self._group = group
        self._node = node
        self._births: dict[tuple[str, str, str], _Known] = {}
        self._unknown: set[tuple[str, str]] = set()
        self._known: set[tuple[str, str]] = set()

    def take_unknown(self) -> set[tuple[str, str]]:
        """Nodes whose births are needed, since the last call."""
        unknown, self._unknown = self._unknown, set()
        return unknown

    def take_known(self) -> set[tuple[str, str]]:
        """Nodes whose births came, since the last call."""
        known, self._known = self._known, set()
        return known

    def named(self, topic: str) -> bool:
        """Whether a message can be shown with names; notes whose birth is missing."""
        try:
            parsed = Topic.parse(topic)
        except TopicError:
            return True
        other = self._group not in (None, parsed.group) or self._node not in (None, parsed.node)
        if other or parsed.verb not in (Verb.NDATA, Verb.DDATA):
            return True
        if (parsed.group, parsed.node, parsed.device or "") in self._births:
            return True
        self._unknown.add((parsed.group, parsed.node))
        return False

    def lines(self, topic: str, payload: bytes, now_ms: int) -> list[Line]:
        """Return what a message says."""
        try:
            parsed = Topic.parse(topic)
        except TopicError:
            return [self._state(topic, payload, now_ms)]
        if self._group not in (None, parsed.group) or self._node not in (None, parsed.node):
            return []
        try:
            return self._message(parsed, payload, now_ms)
        except DecodeError as error:
            return [_line("trouble", now_ms, parsed, note=f"{parsed.verb.value}: {error}")]

    def _state(self, topic: str, payload: bytes, now_ms: int) -> Line:
        try:
            host, state = parse_state_topic(topic), decode_state(payload)
        except (TopicError, StateError) as error:
            return Line("trouble", now_ms, note=f"{topic}: {error}")
        word = "online" if state.online else "offline"
        return Line("state", state.timestamp, note=f"host {host} is {word}")

    def _message(self, topic: Topic, data: bytes, now_ms: int) -> list[Line]:
        key = (topic.group, topic.node, topic.device or "")
        known = self._births.get(key)
        types = known.types if known else {}
        payload = decode(data, lambda _name, alias: types.get(-1 if alias is None else alias))
        time_ms = now_ms if payload.timestamp is None else payload.timestamp
        match topic.verb:
            case Verb.NBIRTH | Verb.DBIRTH:
                return self._birth(topic, key, payload, time_ms)
            case Verb.NDEATH | Verb.DDEATH:
                number = bdseq_of(payload)
                note = "offline" if number is None else f"offline, bdSeq {number}"
                return [_line("death", time_ms, topic, note=note)]
            case Verb.NCMD | Verb.DCMD:
                return _command(topic, payload, time_ms)
            case _:
                return self._data(topic, known, payload, time_ms)

    def _birth(
        self, topic: Topic, key: tuple[str, str, str], payload: Payload, time_ms: int
    ) -> list[Line]:
        known = _Known()
        for metric in payload.metrics[:MAX_ALIASES]:
            name = metric.name or ""
            if metric.alias is not None:
                known.names[metric.alias] = name
                if metric.datatype is not None:
                    known.types[metric.alias] = metric.datatype
            unit = (metric.properties or {}).get("engUnit")
            if unit is not None and isinstance(unit.value, str):
                known.units[name] = unit.value
        if len(self._births) < MAX_NODES or key in self._births:
            self._births[key] = known
        self._known.add((topic.group, topic.node))
        note = f"{len(payload.metrics)} metrics"
        lines = [_line("birth", time_ms, topic, note=note)]
        return lines + [_metric("birth", topic, m, known, time_ms) for m in payload.metrics]

    def _data(
        self, topic: Topic, known: _Known | None, payload: Payload, time_ms: int
    ) -> list[Line]:
        if known is None:
            self._unknown.add((topic.group, topic.node))
            known = _Known()
        lines = [_metric("data", topic, metric, known, time_ms) for metric in payload.metrics]
        if any(m.name is None and m.alias not in known.names for m in payload.metrics):
            self._unknown.add((topic.group, topic.node))
        header = Header.unpack(payload.body)
        if header is not None:
            late = any(metric.is_historical for metric in payload.metrics)
            note = f"batch {header.batch}" + (" (sent late)" if late else "")
            lines.append(_line("data", time_ms, topic, note=note))
        return lines


def _command(topic: Topic, payload: Payload, time_ms: int) -> list[Line]:
    ack = ack_of(payload)
    if ack is not None:
        beyond = "".join(f", {first}-{last}" for first, last in ack.ranges)
        return [_line("command", time_ms, topic, note=f"ack up to batch {ack.upto}{beyond}")]
    if is_rebirth(payload):
        return [_line("command", time_ms, topic, note=f"asked for its birth ({REBIRTH})")]
    return [_metric("command", topic, metric, _Known(), time_ms) for metric in payload.metrics]


def _metric(what: str, topic: Topic, metric: Metric, known: _Known, time_ms: int) -> Line:
    alias = -1 if metric.alias is None else metric.alias
    name = metric.name or known.names.get(alias) or f"alias {metric.alias}"
    if name == LEDGER and isinstance(metric.value, DataSet):
        value: object = _ledger(metric)
    else:
        value = plain(metric.value)
    return _line(
        what,
        time_ms if metric.timestamp is None else metric.timestamp,
        topic,
        metric=name,
        value=value,
        unit=known.units.get(name, ""),
        quality=_quality(metric),
    )


def _quality(metric: Metric) -> str:
    code = (metric.properties or {}).get("Quality")
    if code is None or code.value == Quality.GOOD:
        return ""
    number = code.value if isinstance(code.value, int) else -1
    return QUALITY_WORDS.get(number, f"quality {number}")


def _ledger(metric: Metric) -> str:
    try:
        rows = ledger_rows(metric)
    except DeliveryError as error:
        return str(error)
    return "; ".join(
        f"{row.day}: {row.taken} taken, {row.evicted} evicted, {row.pending} pending"
        for row in rows
    )


def _line(what: str, time_ms: int, topic: Topic, **more: Any) -> Line:  # noqa: ANN401 - fields of Line
    return Line(what, time_ms, topic.group, topic.node, topic.device or "", **more)


def plain(value: Value) -> object:
    """A value as JSON can carry it."""
    if isinstance(value, bytes):
        return value[:MAX_VALUE_CHARS].hex()
    if isinstance(value, DataSet):
        return {"columns": list(value.columns), "rows": [list(row) for row in value.rows]}
    if isinstance(value, Template):
        return f"template of {len(value.metrics)} metrics"
    if isinstance(value, float) and value != value:
        return None
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def shown(value: object) -> str:
    """A value on a terminal: short."""
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= MAX_VALUE_CHARS else text[:MAX_VALUE_CHARS] + "..."


def printable(text: str) -> str:
    """The text without control characters: names come from the field and may hold anything."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def clock(time_ms: int) -> str:
    """A time of day, or the number where there is none."""
    try:
        moment = datetime.fromtimestamp(time_ms / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{time_ms} ms"
    return moment.strftime("%H:%M:%S.") + f"{time_ms % 1000:03d}"
