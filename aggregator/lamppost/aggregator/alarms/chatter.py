"""Chatter: what opens and closes again and again becomes one event that says so.

The first few times a condition is told as it is. From the `chatter_count`th opening within
`chatter_s` on there is one chattering event instead; it counts, and ends when the condition has
been quiet, or has stayed, for as long.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from lamppost.aggregator.alarms import event as e
from lamppost.aggregator.alarms.event import Event, Key, event_id
from lamppost.aggregator.alarms.reasons import reason

MAX_KEYS = 20_000
"""Conditions whose last openings are remembered; beyond it the least recent is forgotten."""


@dataclass(slots=True)
class _Chat:
    told: Event
    inner: Event | None  # what is open under it
    moved_ms: int  # when it last opened or closed, by the aggregator's clock
    ended_ms: int | None = None


class Chatter:
    """Stands between the conditions and the incidents; one thread calls it.

    Args:
        count: so many openings ...
        span_ms: ... within so long are chatter; quiet for so long, it is over.
    """

    def __init__(self, count: int, span_ms: int) -> None:
        self._count = count
        self._span_ms = span_ms
        self._open: dict[Key, str] = {}
        self._openings: dict[Key, deque[tuple[int, int]]] = {}  # now, onset
        self._chats: dict[Key, _Chat] = {}

    def __len__(self) -> int:
        return len(self._chats)

    def take(self, event: Event, now_ms: int) -> list[Event]:
        """Return what is told instead of an event that opened, changed or closed."""
        key = event.key
        ended = event.end_ms is not None
        opened = not ended and self._open.get(key) != event.id
        if ended:
            self._open.pop(key, None)
        else:
            self._open[key] = event.id
        chat = self._chats.get(key)
        if chat is not None:
            return self._follow(chat, event, now_ms, opened=opened)
        if not opened or not self._is_chatter(event, now_ms):
            return [event]
        onset_ms = self._openings.pop(key)[0][1]
        told = replace(
            event,
            id=event_id(e.CHATTERING, onset_ms, *key),
            kind=e.CHATTERING,
            of=event.kind,
            onset_ms=onset_ms,
            count=self._count,
        )
        self._chats[key] = _Chat(_worded(told), event, now_ms)
        return [self._chats[key].told]

    def tick(self, now_ms: int) -> list[Event]:
        """End what has been quiet, or has stayed, for long enough."""
        told: list[Event] = []
        for key in sorted(self._chats):
            chat = self._chats[key]
            if now_ms - chat.moved_ms < self._span_ms:
                continue
            del self._chats[key]
            end_ms = chat.inner.onset_ms if chat.inner is not None else chat.ended_ms
            told.append(_worded(replace(chat.told, end_ms=end_ms)))
            if chat.inner is not None:  # it stays: now it is told as what it is
                told.append(chat.inner)
        return told

    def state(self) -> dict[str, Any]:
        """JSON-ready state for a checkpoint."""
        return {
            "open": [[*key, name] for key, name in self._open.items()],
            "openings": [[list(key), list(times)] for key, times in self._openings.items()],
            "chats": [
                [
                    asdict(chat.told),
                    None if chat.inner is None else asdict(chat.inner),
                    chat.moved_ms,
                    chat.ended_ms,
                ]
                for chat in self._chats.values()
            ],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` returned."""
        self._open = {_key(key): name for *key, name in state["open"]}
        self._openings = {
            _key(key): deque(((now, onset) for now, onset in times), self._count)
            for key, times in state["openings"]
        }
        self._chats = {}
        for fields, inner, *rest in state["chats"]:
            last = None if inner is None else Event.from_json(inner)
            chat = _Chat(Event.from_json(fields), last, *rest)
            self._chats[(chat.told.of, *chat.told.key[1:])] = chat

    def _is_chatter(self, event: Event, now_ms: int) -> bool:
        times = self._openings.pop(event.key, None) or deque(maxlen=self._count)
        times.append((now_ms, event.onset_ms))
        self._openings[event.key] = times  # the most recent one stands last
        while len(self._openings) > MAX_KEYS:
            del self._openings[next(iter(self._openings))]
        return len(times) == self._count and now_ms - times[0][0] <= self._span_ms

    def _follow(self, chat: _Chat, event: Event, now_ms: int, *, opened: bool) -> list[Event]:
        """Keep count; told is only what makes it worse, or doubles it."""
        before = chat.told
        if event.end_ms is not None:
            chat.inner, chat.ended_ms, chat.moved_ms = None, event.end_ms, now_ms
            return []
        chat.inner = event
        told = replace(before, count=before.count + opened)
        if opened:
            chat.moved_ms = now_ms
        if event.severity > before.severity:
            told = replace(
                told,
                severity=event.severity,
                value=event.value,
                expected=event.expected,
                low=event.low,
                high=event.high,
                peak_ms=event.peak_ms,
            )
        chat.told = _worded(told)
        doubled = opened and told.count & (told.count - 1) == 0
        return [chat.told] if doubled or told.severity > before.severity else []


def _worded(event: Event) -> Event:
    return replace(event, reason=reason(event))


def _key(parts: list[str]) -> Key:
    kind, group, node, device, channel = parts
    return kind, group, node, device, channel
