"""The schema and those who write by it, which are distributions of their own."""

import re
from pathlib import Path

import pytest

from lamppost.wire.series import MEASUREMENTS, STATES, Measurement

ROOT = Path(__file__).parents[1]
WRITERS = ("aggregator/lamppost", "register/lamppost")


@pytest.fixture(scope="module")
def words() -> set[str]:
    """Every word in the sources of those who write rows; states are taken from their list."""
    sources = (path for room in WRITERS for path in (ROOT / room).rglob("*.py"))
    return {word for path in sources for word in re.findall(r"\w+", path.read_text())}


@pytest.mark.parametrize("measurement", MEASUREMENTS, ids=lambda one: str(one.name))
def test_somebody_writes_each_field(measurement: Measurement, words: set[str]) -> None:
    """A field that nobody writes is a promise: its type can never be taken back."""
    assert set(measurement.names()) <= words | {*STATES}
