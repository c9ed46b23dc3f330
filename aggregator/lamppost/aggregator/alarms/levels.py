"""How loud a condition is on a board: a level of `lamppost.wire.series.LEVELS`."""

from lamppost.aggregator.alarms import event as e

OK, ADVISORY, WARNING, CRITICAL = range(4)
WARNS_AT = 0.5
CRITICAL_AT = 0.8


def level_of(event_class: str, severity: float) -> int:
    """Return the level of an open event or incident.

    Only what happens to an asset is ever critical: a sensor that lies and a node that is silent
    leave the asset as it is.

    Args:
        event_class: sensor_fault, process_anomaly or communication.
        severity: 0 to 1.
    """
    if event_class == e.COMMUNICATION:
        return WARNING
    if severity < WARNS_AT:
        return ADVISORY
    critical = event_class == e.PROCESS_ANOMALY and severity >= CRITICAL_AT
    return CRITICAL if critical else WARNING
