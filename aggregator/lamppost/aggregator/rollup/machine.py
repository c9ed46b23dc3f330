"""What the aggregator uses of its machine, and what its thread is busy with."""

import os
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from lamppost.aggregator.store.seam import Sample
from lamppost.wire.series import CAPACITY, STAGE

STATM = Path("/proc/self/statm")


class Machine:
    """Looks at processor, memory and disk; one thread calls it.

    Args:
        data_dir: on the disk that matters.
        host: the aggregator's Sparkplug host id.
    """

    def __init__(
        self,
        data_dir: Path,
        host: str,
        clock_s: Callable[[], float] = time.monotonic,
        busy_s: Callable[[], float] = time.process_time,
    ) -> None:
        self._data_dir = data_dir
        self._host = host
        self._clock_s = clock_s
        self._busy_s = busy_s
        self._since_s, self._used_s = clock_s(), busy_s()
        self._stages: dict[str, int] = {}

    def figures(self) -> dict[str, float]:
        """Return fields of the aggregator's row; `cpu_pct` is of one core, since last time."""
        now_s, used_s = self._clock_s(), self._busy_s()
        share = (used_s - self._used_s) / max(1e-3, now_s - self._since_s)
        self._since_s, self._used_s = now_s, used_s
        disk = shutil.disk_usage(self._data_dir)
        found: dict[str, float] = {
            "cpu_pct": 100.0 * share,
            "disk_free_bytes": disk.free,
            "disk_bytes": disk.total,
        }
        if STATM.exists():  # Linux
            pages = int(STATM.read_text(encoding="ascii").split()[1])
            found["memory_bytes"] = pages * os.sysconf("SC_PAGE_SIZE")
        return found

    def stages(self, stage_ns: Mapping[str, int], time_ms: int, span_s: float) -> list[Sample]:
        """Return what the pipeline's thread was busy with.

        Args:
            stage_ns: by stage, since the start.
            time_ms: now.
            span_s: since this was last asked.
        """
        rows = []
        for stage, busy_ns in stage_ns.items():
            late_ns = busy_ns - self._stages.get(stage, busy_ns)
            fields: dict[str, float | str | None] = {
                "busy_s": busy_ns / 1e9,
                "share_pct": late_ns / 1e7 / span_s if span_s > 0 else None,
            }
            rows.append(Sample(STAGE, time_ms, {"host": self._host, "stage": stage}, fields))
        self._stages = dict(stage_ns)
        return rows

    def capacity(self, used: Mapping[str, tuple[float, float]], time_ms: int) -> list[Sample]:
        """Return how much of each bounded thing is used: (used, bound) by its name."""
        return [
            Sample(
                CAPACITY,
                time_ms,
                {"host": self._host, "resource": resource},
                {
                    "used": amount,
                    "capacity": bound,
                    "utilisation_pct": 100.0 * amount / bound,
                    "headroom_pct": 100.0 * (bound - amount) / bound,
                    "unit": "By",
                    "basis": "configured",
                },
            )
            for resource, (amount, bound) in used.items()
            if bound > 0
        ]
