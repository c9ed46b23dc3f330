"""The states of an alarm and what may happen in each, as ISA-18.2 has them.

Pure: what an alarm is goes in, with the time; what it becomes comes out. What the condition
does (`raise`, `return`) is always taken. What a person does is refused where it has no meaning,
and is a success without effect where it is so already: of two who acknowledge, both have.
"""

from dataclasses import dataclass, replace
from typing import Literal

from lamppost.register.alarms.values import (
    ACKNOWLEDGED,
    NORMAL,
    OUT_OF_SERVICE,
    RETURNED,
    SHELVED,
    SUPPRESSED,
    UNACKNOWLEDGED,
    State,
)

SHELF_MAX_MS = 7 * 86_400_000
"""A shelf is for a shift or a weekend; what lasts longer is out of service."""

Deed = Literal[
    "raise", "return", "acknowledge", "shelve", "unshelve", "expire",
    "suppress", "unsuppress", "remove", "restore",
]  # fmt: skip

BACK = None
"""To where the alarm rests by its condition and its acknowledgement."""

TABLE: dict[State, dict[Deed, State | None]] = {
    UNACKNOWLEDGED: {
        "raise": UNACKNOWLEDGED,
        "return": RETURNED,
        "acknowledge": ACKNOWLEDGED,
        "shelve": SHELVED,
        "suppress": SUPPRESSED,
        "remove": OUT_OF_SERVICE,
    },
    ACKNOWLEDGED: {
        "raise": ACKNOWLEDGED,
        "return": NORMAL,
        "acknowledge": ACKNOWLEDGED,
        "shelve": SHELVED,
        "suppress": SUPPRESSED,
        "remove": OUT_OF_SERVICE,
    },
    RETURNED: {
        "raise": UNACKNOWLEDGED,
        "return": RETURNED,
        "acknowledge": NORMAL,
        "shelve": SHELVED,
        "suppress": SUPPRESSED,
        "remove": OUT_OF_SERVICE,
    },
    NORMAL: {
        "raise": UNACKNOWLEDGED,
        "return": NORMAL,
        "acknowledge": NORMAL,
    },
    SHELVED: {
        "raise": SHELVED,
        "return": SHELVED,
        "acknowledge": SHELVED,
        "shelve": SHELVED,
        "unshelve": BACK,
        "expire": BACK,
        "remove": OUT_OF_SERVICE,
    },
    SUPPRESSED: {
        "raise": SUPPRESSED,
        "return": SUPPRESSED,
        "acknowledge": SUPPRESSED,
        "suppress": SUPPRESSED,
        "unsuppress": BACK,
        "remove": OUT_OF_SERVICE,
    },
    OUT_OF_SERVICE: {
        "raise": OUT_OF_SERVICE,
        "return": OUT_OF_SERVICE,
        "acknowledge": OUT_OF_SERVICE,
        "remove": OUT_OF_SERVICE,
        "restore": BACK,
    },
}
"""State and deed to the next state; a deed that is not there is refused."""

HOLDING: dict[Deed, State] = {
    "shelve": SHELVED,
    "suppress": SUPPRESSED,
    "remove": OUT_OF_SERVICE,
}


class NotNowError(ValueError):
    """A deed that has no meaning in the alarm's state; the text says what is allowed."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The part of an alarm that the deeds change.

    Attributes:
        state: One of `values.STATES`.
        active: The condition lasts.
        acked: Somebody has acknowledged it.
        hold: The state that holds it back, or None.
        hold_until_ms: When a shelf ends, UTC; None for other holds.
        hold_reason: Why.
        hold_by: Who.
        acknowledged_ms: When it was acknowledged.
        acknowledged_by: Who did.
        returned_ms: When the condition was over.
    """

    state: State = UNACKNOWLEDGED
    active: bool = True
    acked: bool = False
    hold: str | None = None
    hold_until_ms: int | None = None
    hold_reason: str | None = None
    hold_by: str | None = None
    acknowledged_ms: int | None = None
    acknowledged_by: str | None = None
    returned_ms: int | None = None


def after(
    standing: Standing,
    deed: Deed,
    now_ms: int,
    who: str,
    *,
    reason: str | None = None,
    until_ms: int | None = None,
) -> Standing:
    """Return the alarm after a deed; the same value when it is so already.

    Args:
        standing: The alarm before.
        deed: What happens.
        now_ms: When, UTC.
        who: Who does it; for `raise`, `return` and `expire`, what.
        reason: Needed to shelve, suppress and remove.
        until_ms: Needed to shelve: after now, within `SHELF_MAX_MS`.

    Raises:
        NotNowError: the deed has no meaning in this state.
        ValueError: reason or end is missing or out of bounds.
    """
    allowed = TABLE[standing.state]
    if deed not in allowed:
        told = ", ".join(sorted(allowed))
        raise NotNowError(f"{deed}: the alarm is {standing.state}, allowed: {told}")
    changed = _facts(standing, deed, now_ms, who)
    if deed in HOLDING:
        changed = _held(changed, deed, now_ms, who, reason, until_ms)
    elif allowed[deed] is None:
        changed = _released(changed)
    return replace(changed, state=allowed[deed] or resting(changed))


def resting(standing: Standing) -> State:
    """Return the state of an alarm that nothing holds back."""
    if standing.active:
        return ACKNOWLEDGED if standing.acked else UNACKNOWLEDGED
    return NORMAL if standing.acked else RETURNED


def expired(standing: Standing, now_ms: int) -> bool:
    """Return True when a shelf has ended."""
    until_ms = standing.hold_until_ms
    return standing.state == SHELVED and until_ms is not None and until_ms <= now_ms


def _facts(standing: Standing, deed: Deed, now_ms: int, who: str) -> Standing:
    if (
        deed == "raise" and not standing.active
    ):  # again: what was acknowledged was the last time
        return replace(
            standing,
            active=True,
            acked=False,
            acknowledged_ms=None,
            acknowledged_by=None,
            returned_ms=None,
        )
    if deed == "return" and standing.active:
        return replace(standing, active=False, returned_ms=now_ms)
    if deed == "acknowledge" and not standing.acked:
        return replace(standing, acked=True, acknowledged_ms=now_ms, acknowledged_by=who)
    return standing


def _held(
    standing: Standing,
    deed: Deed,
    now_ms: int,
    who: str,
    reason: str | None,
    until_ms: int | None,
) -> Standing:
    if not reason:
        raise ValueError(f"reason: came nothing, allowed: why it is meant to {deed}")
    if deed == "shelve" and (until_ms is None or not 0 < until_ms - now_ms <= SHELF_MAX_MS):
        raise ValueError(
            f"until_ms: came {until_ms}, allowed: after {now_ms} and within 7 days of it"
        )
    end_ms = until_ms if deed == "shelve" else None
    hold = HOLDING[deed]
    if standing.hold == hold and (standing.hold_until_ms, standing.hold_reason) == (
        end_ms,
        reason,
    ):
        return standing
    return replace(standing, hold=hold, hold_until_ms=end_ms, hold_reason=reason, hold_by=who)


def _released(standing: Standing) -> Standing:
    return replace(standing, hold=None, hold_until_ms=None, hold_reason=None, hold_by=None)
