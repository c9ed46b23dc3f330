"""The data folder, and what is asked of nodes after a restart or a gap."""

from dataclasses import dataclass

from lamppost.aggregator.settings.rules import number, ruled, text, whole

MB = 1_000_000


@dataclass(frozen=True, slots=True)
class DataConfig:
    """Where the aggregator keeps its own data, and how it makes them durable."""

    data_dir: str = ruled(text("a folder"), "lamppost-data")
    commit_ms: int = ruled(whole(1, 5000, "milliseconds"), 50)
    commit_mb: float = ruled(number(0.1, 256, "megabytes"), 4.0)
    held_mb: float = ruled(number(1, 4096, "megabytes"), 64.0)
    ack_ms: int = ruled(whole(10, 60_000, "milliseconds"), 100)
    segment_mb: float = ruled(number(1, 1024, "megabytes"), 16.0)
    spool_mb: float = ruled(number(2, 1_000_000, "megabytes"), 2048.0)
    checkpoint_s: float = ruled(number(1, 3600, "seconds"), 60.0)
    checkpoint_mb: float = ruled(number(1, 4096, "megabytes"), 128.0)
    quarantine_files: int = ruled(whole(1, 10_000, "files"), 200)
    quarantine_mb: float = ruled(number(0.01, 1024, "megabytes"), 4.0)


@dataclass(frozen=True, slots=True)
class RebirthConfig:
    """When births are asked for, and how often at most."""

    reorder_timeout_s: float = ruled(number(0.1, 600, "seconds"), 3.0)
    per_node_s: float = ruled(number(0.1, 3600, "seconds"), 10.0)
    per_s: float = ruled(number(0.1, 10_000, "requests a second"), 10.0)
    jitter_s: float = ruled(number(0, 600, "seconds"), 1.0)
    confirm_s: float = ruled(number(1, 3600, "seconds"), 45.0)
