"""Work as rows: told when it begins, when its end changes, and when it is over before that."""

from dataclasses import replace

from lamppost.aggregator.rollup.working import Working
from lamppost.register.live import MaintenanceView
from parts.batches import T0

HOUR_MS = 3_600_000
WORK = MaintenanceView("riverside", "pumps", "pump-1", T0, T0 + HOUR_MS, "ann", "new impeller")


def ends(working: Working, *now: MaintenanceView, after_ms: int) -> list[object]:
    """The ends that are told of work, some time after its beginning."""
    rows = working.rows(now, T0 + after_ms)
    assert {row.time_ms for row in rows} <= {T0}
    return [row.fields["until_ms"] for row in rows]


def test_work_is_told_once() -> None:
    """A row at its beginning, with the reason; nothing of who works there."""
    working = Working()
    (row,) = working.rows([WORK], T0 + 5)
    assert (row.time_ms, row.tags["device"]) == (T0, "pump-1")
    assert row.fields == {"until_ms": T0 + HOUR_MS, "reason": "new impeller"}
    assert ends(working, WORK, after_ms=60_000) == []
    assert ends(working, after_ms=HOUR_MS) == []


def test_another_end_is_told() -> None:
    """Work that goes on for longer, and work that is over before its time."""
    working = Working()
    assert ends(working, WORK, after_ms=0) == [T0 + HOUR_MS]
    longer = replace(WORK, until_ms=T0 + 2 * HOUR_MS)
    assert ends(working, longer, after_ms=60_000) == [T0 + 2 * HOUR_MS]
    assert ends(working, after_ms=120_000) == [T0 + 120_000]
    assert ends(working, after_ms=180_000) == []
