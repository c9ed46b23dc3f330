"""The City overview is quick on a large city."""

import argparse

import pytest

from lamppost.bench import boards


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_city_board_answers_at_once_over_100_000_series() -> None:
    """Every query of it takes at most 100 ms on Debian's InfluxDB with a day of data."""
    result = boards.run(argparse.Namespace(assets=20_000, influx=""))
    assert result["reading_series"] == 100_000
    assert result["failed"] == []
    assert result["met"], result["queries_ms"]
