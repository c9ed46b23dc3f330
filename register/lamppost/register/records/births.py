"""What births tell of the field, and the seam through which they are handed over."""

from dataclasses import dataclass
from typing import Protocol

WHO = "births"
"""Who it is in the audit trail, and in links."""


@dataclass(frozen=True, slots=True)
class ChannelSeen:
    """One channel, as a birth declares it.

    Attributes:
        metric: Sparkplug metric name.
        datatype: Sparkplug type, in small letters.
        unit: UCUM unit, "" when there is none.
        low: Lower end of the range, or None.
        high: Upper end of the range, or None.
        heartbeat_ms: The longest silence by contract, or None.
        channel_class: What is measured, "" when unknown.
        rate_per_s: The fastest change that can be true, in its unit a second, or None.
        asset: Id of the asset that it tells of, "" when it does not say.
    """

    metric: str
    datatype: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    heartbeat_ms: int | None = None
    channel_class: str = ""
    rate_per_s: float | None = None
    asset: str = ""


@dataclass(frozen=True, slots=True)
class BirthSeen:
    """A birth of a node or a device, as it arrived.

    Attributes:
        group: Sparkplug group.
        node: Sparkplug edge node id.
        device: Sparkplug device id, "" for the node's own birth.
        time_ms: When it arrived.
        channels: All channels of that device.
        version: Version of the agent; None when this birth does not tell.
        acks: Whether the node takes part in the acknowledged delivery; None as above.
    """

    group: str
    node: str
    device: str
    time_ms: int
    channels: tuple[ChannelSeen, ...]
    version: str | None = None
    acks: bool | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """Who was born."""
        return self.group, self.node, self.device


class BirthObserver(Protocol):
    """Whoever wants to know of births. The aggregator calls it for each that it takes."""

    def observe(self, birth: BirthSeen) -> None:
        """Take note of a birth. Called on the ingest thread: it never waits, never raises."""
        ...


def node_id(group: str, node: str) -> str:
    """Return the id of a node; Sparkplug allows no "/" in either name."""
    return f"{group}/{node}"


def device_id(group: str, node: str, device: str) -> str:
    """Return the id of a device; the node's own metrics are under the device ""."""
    return f"{group}/{node}/{device}"


def channel_id(group: str, node: str, device: str, metric: str) -> str:
    """Return the id of a channel; a metric may hold "/"."""
    return f"{group}/{node}/{device}/{metric}"


def stream_id(channel: str, since_ms: int) -> str:
    """Return the id of the stream that a channel began at a time."""
    return f"{channel}@{since_ms}"
