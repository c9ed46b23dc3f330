"""Events as the layers above the conditions get them."""

from dataclasses import replace

from lamppost.aggregator.alarms import event as e
from lamppost.aggregator.alarms.event import Event, event_id
from lamppost.aggregator.alarms.event_of import loss_of
from lamppost.aggregator.alarms.reasons import reason

T0 = 1_700_000_000_000
PUMP = ("riverside", "pump-station-1", "pump-1")


def at(second: float) -> int:
    """Seconds after the start as UTC ms."""
    return T0 + int(second * 1_000)


def deviation(
    second: float,
    channel: str = "pressure",
    *,
    value: float = 2.76,
    severity: float = 0.7,
    device: str = "pump-1",
) -> Event:
    """A process anomaly that has just opened."""
    place = (*PUMP[:2], device)
    blank = Event(
        event_id(e.DEVIATION, at(second), *place, channel), *place, channel,
        e.PROCESS_ANOMALY, e.DEVIATION, at(second), at(second), None, severity, value,
        2.995, 2.92, 3.07, "bar", "", 0, at(second),
    )  # fmt: skip
    return replace(blank, reason=reason(blank))


def stuck(second: float, channel: str = "flow", *, device: str = "pump-1") -> Event:
    """A sensor fault that has just opened."""
    one = deviation(second, channel, device=device)
    changed = replace(
        one,
        id=event_id(e.STUCK, at(second), *one.asset, channel),
        event_class=e.SENSOR_FAULT,
        kind=e.STUCK,
        severity=0.6,
    )
    return replace(changed, reason=reason(changed))


def lost(second: float, device: str = "pump-1") -> Event:
    """A device that has just been lost."""
    one = loss_of(e.DEVICE_OFFLINE, (*PUMP[:2], device), at(second))
    return replace(one, reason=reason(one))


def over(event: Event, second: float) -> Event:
    """The same event, ended."""
    ended = replace(event, end_ms=at(second))
    return replace(ended, reason=reason(ended))
