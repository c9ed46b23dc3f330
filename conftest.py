"""Real parts that tests of several folders share."""

from collections.abc import Iterator

import pytest

from parts.influx import RunningInflux, running_influx


@pytest.fixture(scope="session")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningInflux]:
    """A real InfluxDB 1.x for the whole session; use a database of your own."""
    with running_influx(tmp_path_factory.mktemp("influx")) as server:
        yield server
