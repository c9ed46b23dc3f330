"""Registers to test with: real files, a clock that tests move, PostgreSQL when there is one."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import pytest
from sqlalchemy import create_engine, make_url, text

from lamppost.register.live import EventClass, IncidentView
from lamppost.register.records.births import BirthSeen, ChannelSeen
from lamppost.register.records.store import Register

T0 = 1_760_000_000_000
FILE = "register.db"
VARIABLE = "LAMPPOST_POSTGRES_URL"
FLOW = ChannelSeen("flow", "double", "L/s", 0.0, 80.0, 10_000, "flow")
LEVEL = ChannelSeen("level", "double", "m", 0.0, 6.0, 10_000, "level")
CHANNEL = "riverside/station/pump-1/flow"


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now_ms = T0

    def __call__(self) -> int:
        """Return the time."""
        return self.now_ms


def opened(folder: Path, clock: Clock | None = None) -> Register:
    """Return a migrated register in a file of its own; the steps are taken once a process."""
    (folder / FILE).write_bytes(_migrated())
    return Register(f"sqlite:{FILE}", folder, clock or Clock())


@cache
def _migrated() -> bytes:
    with TemporaryDirectory() as name:
        register = Register(f"sqlite:{FILE}", Path(name), Clock())
        register.migrate()
        register.close()
        return (Path(name) / FILE).read_bytes()


@contextmanager
def on_postgres(folder: Path, clock: Clock) -> Iterator[Register]:
    """Give a register in a schema of its own, on the server that the environment names."""
    url = os.environ.get(VARIABLE)
    if not url:
        pytest.skip(f"{VARIABLE} names no PostgreSQL to test with")
    schema = f"lamppost_test_{uuid.uuid4().hex[:12]}"
    admin = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with admin.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    search = f"-csearch_path={schema}"
    mark = "&" if "?" in url else "?"
    register = Register(f"{url}{mark}options={quote(search)}", folder, clock)
    try:
        register.migrate()
        yield register
    finally:
        register.close()
        with admin.begin() as connection:
            connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
        admin.dispose()


def incident(
    one: str = "i-1",
    *,
    closed_ms: int | None = None,
    opened_ms: int = T0,
    severity: float = 0.8,
    incident_class: EventClass = "process_anomaly",
    kind: str = "deviation",
    device: str = "pump-1",
    notified: bool | None = True,
) -> IncidentView:
    """Return an incident of a device of the station."""
    return IncidentView(
        id=one,
        incident_class=incident_class,
        kind=kind,
        group="riverside",
        node="station",
        device=device,
        opened_ms=opened_ms,
        detected_ms=opened_ms,
        closed_ms=closed_ms,
        severity=severity,
        channels=("flow",),
        events=1,
        open_events=int(closed_ms is None),
        notified=notified,
        reason="flow rose to 47 L/s (expected 38 to 42)",
    )


def birth(
    *channels: ChannelSeen, at_ms: int = T0, node: str = "station", device: str = "pump-1"
) -> BirthSeen:
    """Return a birth of a device with these channels."""
    return BirthSeen("riverside", node, device, at_ms, channels)
