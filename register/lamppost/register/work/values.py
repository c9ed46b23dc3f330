"""A work order as a value, and the states it goes through."""

from dataclasses import dataclass
from typing import Any, Final, Literal

from lamppost.register.records.values import Kept

OPEN: Final = "open"
IN_PROGRESS: Final = "in_progress"
DONE: Final = "done"
VERIFIED: Final = "verified"
CANCELLED: Final = "cancelled"

State = Literal["open", "in_progress", "done", "verified", "cancelled"]
Deed = Literal["start", "finish", "verify", "reopen", "cancel"]

STATES = (OPEN, IN_PROGRESS, DONE, VERIFIED, CANCELLED)
ENDED = (VERIFIED, CANCELLED)

TABLE: dict[State, dict[Deed, State]] = {
    OPEN: {"start": IN_PROGRESS, "finish": DONE, "cancel": CANCELLED},
    IN_PROGRESS: {"start": IN_PROGRESS, "finish": DONE, "cancel": CANCELLED},
    DONE: {"verify": VERIFIED, "reopen": OPEN},
    VERIFIED: {"reopen": OPEN},
    CANCELLED: {"cancel": CANCELLED},
}
"""State and deed to the next state; a deed that is not there is refused."""

DUE_MS = {1: 4 * 3_600_000, 2: 24 * 3_600_000, 3: 7 * 86_400_000, 4: 30 * 86_400_000}
"""How long an order of each priority may take, unless somebody says otherwise."""


@dataclass(frozen=True, slots=True)
class WorkOrder(Kept):
    """What is to be done about an alarm or an asset.

    It holds from when it was opened until it is verified or cancelled.

    Attributes:
        version: Goes up by one with each change.
        title: What is to be done, in one line.
        asset: Id of the asset, or None.
        alarm: Id of the alarm, or None.
        district: District of the asset.
        state: One of `STATES`.
        severity: Of the alarm when the order was opened, 0 to 1.
        criticality: Of the asset, 1 to 5, or None.
        confidence: That there is something to do, 0 to 1.
        score: severity x criticality / 5 x confidence.
        priority: 1 (critical), 2 (high), 3 (medium) or 4 (low), from the score.
        arithmetic: The multiplication, for a person.
        opened_by: Who opened it.
        assignee: Who does it, or None.
        due_ms: Until when.
        started_ms: When somebody began.
        done_ms: When the work was done.
        cause: What was found.
        action: What was done.
        closure: What remains to be said; or why it was cancelled.
        verified_ms: When later readings, or a person, showed that it helped.
        verification: What they showed; see `verifying.Verification`.
        reopened: How often the work had not helped.
    """

    version: int
    title: str
    asset: str | None
    alarm: str | None
    district: str | None
    state: State
    severity: float
    criticality: int | None
    confidence: float
    score: float
    priority: int
    arithmetic: str
    opened_by: str
    assignee: str | None
    due_ms: int | None
    started_ms: int | None
    done_ms: int | None
    cause: str | None
    action: str | None
    closure: str | None
    verified_ms: int | None
    verification: dict[str, Any] | None
    reopened: int
