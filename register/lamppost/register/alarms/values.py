"""An alarm as a value: what the API and the command line show, field by field."""

from dataclasses import dataclass
from typing import Final, Literal

from lamppost.register.records.values import Kept

UNACKNOWLEDGED: Final = "unacknowledged"
ACKNOWLEDGED: Final = "acknowledged"
RETURNED: Final = "returned_unacknowledged"
NORMAL: Final = "normal"
SHELVED: Final = "shelved"
SUPPRESSED: Final = "suppressed_by_design"
OUT_OF_SERVICE: Final = "out_of_service"

STATES = (
    UNACKNOWLEDGED, ACKNOWLEDGED, RETURNED, NORMAL, SHELVED, SUPPRESSED, OUT_OF_SERVICE,
)  # fmt: skip
HOLDS = (SHELVED, SUPPRESSED, OUT_OF_SERVICE)
"""States that keep an alarm from being annunciated, whatever its condition does."""

State = Literal[
    "unacknowledged",
    "acknowledged",
    "returned_unacknowledged",
    "normal",
    "shelved",
    "suppressed_by_design",
    "out_of_service",
]

VERDICTS = ("true", "false")


@dataclass(frozen=True, slots=True)
class Alarm(Kept):
    """An incident as an operator meets it (states of ISA-18.2).

    It holds from when it was raised until it is normal: its condition is over, and
    somebody has acknowledged it.

    Attributes:
        version: Goes up by one with each change that somebody decided.
        source: Where it comes from, GROUP/NODE or GROUP/NODE/DEVICE.
        asset: Id of the asset behind the source, or None when no link says so.
        asset_class: Class of the asset.
        district: District of the asset.
        alarm_class: "process_anomaly", "communication" or "sensor_fault".
        kind: What it is within its class.
        state: One of `STATES`.
        active: True while the condition lasts.
        acked: True once somebody has acknowledged it.
        hold: One of `HOLDS` while it is held back, else None.
        hold_until_ms: When a shelf ends by itself.
        hold_reason: Why it is held back.
        hold_by: Who holds it back.
        acknowledged_ms: When it was acknowledged.
        acknowledged_by: Who did.
        returned_ms: When its condition was over.
        assignee: Who has it, or None.
        escalation: How often it was passed on because nobody acknowledged it.
        escalated_ms: When it last was.
        verdict: "true" or "false" alarm, as a person found; None before.
        verdict_by: Who found so.
        verdict_note: What they saw.
        severity: Peak of the incident, 0 to 1.
        criticality: Of the asset, 1 to 5, or None.
        confidence: How often alarms of this kind were true, 0 to 1.
        score: severity x criticality / 5 x confidence.
        priority: 1 (critical), 2 (high), 3 (medium) or 4 (low), from the score.
        reason: One sentence with numbers and units.
        channels: Contributing channels, the most telling first.
    """

    version: int
    source: str
    asset: str | None
    asset_class: str | None
    district: str | None
    alarm_class: str
    kind: str
    state: State
    active: bool
    acked: bool
    hold: str | None
    hold_until_ms: int | None
    hold_reason: str | None
    hold_by: str | None
    acknowledged_ms: int | None
    acknowledged_by: str | None
    returned_ms: int | None
    assignee: str | None
    escalation: int
    escalated_ms: int | None
    verdict: str | None
    verdict_by: str | None
    verdict_note: str | None
    severity: float
    criticality: int | None
    confidence: float
    score: float
    priority: int
    reason: str
    channels: list[str]
