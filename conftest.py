"""Real parts that tests of several folders share, and how property tests judge."""

import gc
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from parts.influx import RunningInflux, running_influx

# Property tests judge results, never the speed of a machine that is busy with other things. The
# same examples come in every run, so that what is red can be seen red again, and no change is
# refused for what it did not touch; `make test-all` looks for new ones.
settings.register_profile(
    "same",
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "search", settings.get_profile("same"), derandomize=False, max_examples=300
)
settings.load_profile("same")


def pytest_collection_finish() -> None:
    """Keep what all tests and libraries are made of out of every later garbage collection."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningInflux]:
    """A real InfluxDB 1.x for the whole session; use a database of your own."""
    with running_influx(tmp_path_factory.mktemp("influx")) as server:
        yield server
