"""The live view of a console that no aggregator feeds: nothing is seen now, and it says so."""

from collections.abc import Callable

from lamppost.register.live import HealthView, History, Snapshot

AWAY = "not here"
WARNING = (
    "No aggregator feeds this console: it serves the register alone. "
    "To have both, start: lamppost aggregator run"
)


class Resting:
    """Implements `LiveView`.

    Args:
        now_ms: UTC milliseconds.
    """

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._health = HealthView(
            started_ms=now_ms(),
            broker=AWAY,
            store=AWAY,
            spool=AWAY,
            received=0,
            judged=0,
            stored=0,
            quarantined=0,
            dropped=0,
            rebirths_asked=0,
            seq_gaps=0,
            latency_p50_ms=None,
            latency_p99_ms=None,
            warnings=(WARNING,),
        )

    def snapshot(self) -> Snapshot:
        """Return that nothing is seen."""
        return Snapshot(self._now_ms(), (), (), (), (), self._health)

    def history(
        self,
        group: str,
        node: str,
        device: str,
        metric: str,
        from_ms: int,
        to_ms: int,
        step_ms: int,
    ) -> History:
        """Refuse: there is no channel.

        Raises:
            LookupError: always.
        """
        del from_ms, to_ms, step_ms
        raise LookupError(f"{group}/{node}/{device}/{metric}")
