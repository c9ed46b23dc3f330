"""Real parts that tests of several folders share, and how property tests judge."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from parts.influx import RunningInflux, running_influx

# Property tests judge results, never the speed of a machine that is busy with other things.
settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningInflux]:
    """A real InfluxDB 1.x for the whole session; use a database of your own."""
    with running_influx(tmp_path_factory.mktemp("influx")) as server:
        yield server
