"""Has the work helped? The readings after it say so.

An order that is done is looked at when an hour of readings has followed. It has helped when
each channel told enough, nearly all of it was good, and no alarm of the source is active.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

WINDOW_MS = 3_600_000
STEP_MS = 60_000
POINTS_MIN = 10
BAD_SHARE_MAX = 0.05
GIVE_UP_MS = 24 * WINDOW_MS
"""Without readings for so long, a person has to say whether it helped."""

BAD_FLAGS = frozenset(
    {"range", "rate", "stuck", "spike", "gap", "bad", "anomaly", "noise", "drift"}
)

Outcome = Literal["passed", "failed", "waiting", "unproven"]


@dataclass(frozen=True, slots=True)
class Verification:
    """What the readings after the work show.

    Attributes:
        outcome: "passed", "failed", "waiting" (for the hour, or for readings) or "unproven".
        from_ms: From when readings were looked at: when the work was done.
        to_ms: Until when.
        points: Minutes with readings, by channel.
        bad: Those of them with a flag that tells of a fault or an anomaly, by channel.
        told: Why, in a sentence.
    """

    outcome: Outcome
    from_ms: int
    to_ms: int
    points: Mapping[str, int]
    bad: Mapping[str, int]
    told: str


def verify(
    flags: Mapping[str, Sequence[Sequence[str]]],
    done_ms: int,
    now_ms: int,
    *,
    is_active: bool,
) -> Verification:
    """Return whether the work has helped.

    Args:
        flags: The flags of each minute with readings since `done_ms`, by channel.
        done_ms: When the work was done.
        now_ms: The time now; at most an hour after the work is looked at.
        is_active: An alarm of the source is active now.
    """
    points = {channel: len(told) for channel, told in flags.items()}
    bad = {
        channel: sum(1 for words in told if BAD_FLAGS.intersection(words))
        for channel, told in flags.items()
    }
    outcome, told = _outcome(points, bad, now_ms - done_ms, is_active=is_active)
    return Verification(outcome, done_ms, min(now_ms, done_ms + WINDOW_MS), points, bad, told)


def _outcome(
    points: Mapping[str, int], bad: Mapping[str, int], passed_ms: int, *, is_active: bool
) -> tuple[Outcome, str]:
    if passed_ms < WINDOW_MS:
        return "waiting", f"an hour must follow the work; {passed_ms // 60_000} min have"
    if is_active:
        return "failed", "an alarm of the source is active"
    few = [channel for channel, count in points.items() if count < POINTS_MIN]
    if few or not points:
        named = few[0] if few else "no channel"
        told = f"{named} told less than {POINTS_MIN} minutes of the hour after the work"
        return ("unproven" if passed_ms >= GIVE_UP_MS else "waiting"), told
    for channel, count in bad.items():
        share = count / points[channel]
        if share > BAD_SHARE_MAX:
            return "failed", (
                f"{channel}: {count} of {points[channel]} minutes were flagged, "
                f"{share:.0%}, allowed: {BAD_SHARE_MAX:.0%}"
            )
    total = sum(points.values())
    return "passed", f"{sum(bad.values())} of {total} minutes were flagged, no alarm is active"
