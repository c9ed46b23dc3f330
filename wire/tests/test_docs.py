import doctest
import re
from pathlib import Path

import pytest

from lamppost.wire import ledger, payload, session
from lamppost.wire.delivery import Header
from lamppost.wire.encode import encode
from lamppost.wire.payload import Metric
from lamppost.wire.topic import Verb

ROOT = Path(__file__).parents[2]
FORMAT = ROOT / "docs" / "wire-format.md"


@pytest.mark.parametrize(
    "page", [FORMAT, ROOT / "wire" / "README.md"], ids=lambda page: page.name
)
def test_the_examples_run_as_printed(page: Path) -> None:
    """Every example on the page gives what the page prints."""
    # Only the last line of a traceback is compared; the pages leave the lines between out.
    result = doctest.testfile(str(page), module_relative=False)
    assert result.attempted > 5
    assert result.failed == 0


def test_the_bytes_of_the_worked_example_are_the_messages() -> None:
    """The bytes in the table, one after the other, are what the encoder writes."""
    section = FORMAT.read_text().split("\n## Data\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| `([0-9a-f ]+)` \|", section, re.MULTILINE)
    reading = Metric(alias=12, value=21.5, timestamp=1_763_692_799_750)
    header = Header(epoch=1_763_690_000_000, batch=42, oldest=40)
    message = encode(session.data(1, 1_763_692_800_000, [reading], header.pack()))
    assert bytes.fromhex("".join(cells)) == message


def test_the_bounds_are_those_of_the_code() -> None:
    """The table of bounds names every bound of a payload with its value."""
    listed = re.findall(r"^\| `(MAX_\w+)` \| (\d+) \|", FORMAT.read_text(), re.MULTILINE)
    bounds = {name: value for name, value in vars(payload).items() if name.startswith("MAX_")}
    del bounds["MAX_UINT64"]
    assert {name: int(value) for name, value in listed} == bounds


def test_the_names_are_those_of_the_code() -> None:
    """Every verb, every metric that the code knows by name and every ledger column is told."""
    text = FORMAT.read_text()
    for verb in Verb:
        assert f"/{verb}/<node>" in text
    for name in (session.BDSEQ, session.REBIRTH, session.ACK, ledger.LEDGER):
        assert f"| `{name}` |" in text
    columns = re.findall(r"^\| `(Day|Taken|Evicted|Pending)` \|", text, re.MULTILINE)
    assert ledger_columns() == tuple(columns)
    assert f"at most {ledger.MAX_LEDGER_ROWS} rows" in text


def ledger_columns() -> tuple[str, ...]:
    """Return the columns of a ledger as it is sent."""
    table = ledger.ledger_metric([], 0).value
    assert isinstance(table, payload.DataSet)
    return table.columns
