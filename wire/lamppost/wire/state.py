"""A host's STATE message: the one Sparkplug message that is JSON."""

import json
from dataclasses import dataclass

from lamppost.wire.payload import MAX_UINT64

MAX_STATE_BYTES = 256
"""Enough for both keys many times over; it also bounds how deep the JSON can nest."""


class StateError(ValueError):
    """Bytes that are not a STATE message."""


@dataclass(frozen=True, slots=True)
class HostState:
    """Whether a host is online, and since when, in UTC milliseconds.

    The birth and the will of one connection carry the same timestamp, so that a late will of an
    earlier connection is recognised by its older one.
    """

    online: bool
    timestamp: int


def encode_state(state: HostState) -> bytes:
    """Return the message's bytes."""
    return json.dumps({"online": state.online, "timestamp": state.timestamp}).encode()


def decode_state(data: bytes) -> HostState:
    """Return the state that the bytes hold; further keys are passed over.

    Raises:
        StateError: It is no JSON object with a boolean `online` and a `timestamp` >= 0.
    """
    if len(data) > MAX_STATE_BYTES:
        raise StateError(f"STATE: came {len(data)} bytes, allowed: {MAX_STATE_BYTES}")
    try:
        came = json.loads(data)
    except ValueError:
        raise StateError(f"STATE: came {data!r}, allowed: a JSON object") from None
    if not isinstance(came, dict):
        raise StateError(f"STATE: came {data!r}, allowed: a JSON object")
    online, timestamp = came.get("online"), came.get("timestamp")
    if not isinstance(online, bool):
        raise StateError(f"STATE online: came {online!r}, allowed: true or false")
    if type(timestamp) is not int or not 0 <= timestamp <= MAX_UINT64:
        raise StateError(f"STATE timestamp: came {timestamp!r}, allowed: UTC milliseconds")
    return HostState(online, timestamp)
