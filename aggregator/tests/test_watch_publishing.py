"""What the register publishes, on its way to the store."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from lamppost.aggregator.rollup.watch import Watch
from lamppost.register.live import HealthView, Snapshot
from lamppost.register.publish.publisher import Publisher
from lamppost.register.records.store import Register

NOW_MS = 1_760_000_000_000


def test_rows_of_the_register_become_samples(tmp_path: Path) -> None:
    """The alarm system of a city without alarms is told once a minute, with its names."""
    register = Register("sqlite:register.db", tmp_path, lambda: NOW_MS)
    register.migrate()
    health = HealthView(NOW_MS, "ok", "ok", "ok", 0, 0, 0, 0, 0, 0, 0, None, None, ())
    times = iter((NOW_MS, NOW_MS + 1, NOW_MS + 60_000))
    live: Any = SimpleNamespace(snapshot=lambda: Snapshot(next(times), (), (), (), (), health))
    watch = Watch(live, register.database, tmp_path, "host", dict, dict, Publisher(register))
    told = [
        [sample for sample in watch.samples() if sample.measurement.name == "alarm_system"]
        for _ in range(3)
    ]
    register.close()
    assert [len(samples) for samples in told] == [1, 0, 1]
    assert told[0][0].fields["standing"] == 0
    assert told[0][0].time_ms == NOW_MS // 60_000 * 60_000
