"""What the node tells of itself, and when."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lamppost.edge.board import Board
from lamppost.edge.buffer.buffer import Buffer
from lamppost.edge.buffer.ledger import MAX_REPORTED_DAYS
from lamppost.edge.buffer.rows import DAY_MS, Row
from lamppost.edge.config.file import ChannelConfig, DeviceConfig
from lamppost.edge.uplink.nodereport import NodeReport
from lamppost.wire.delivery import LEDGER, Ack, LedgerRow, ledger_rows
from lamppost.wire.payload import Metric

TODAY = 20_000
NOW = TODAY * DAY_MS + 1


@pytest.fixture
def buffer(tmp_path: Path) -> Iterator[Buffer]:
    """An empty buffer."""
    made = Buffer(tmp_path / "buffer.db", 10_000_000)
    yield made
    made.close()


@pytest.fixture
def board() -> Board:
    """One device."""
    return Board([DeviceConfig("pump", "modbus", (ChannelConfig("flow"),))])


def take(buffer: Buffer, day: int, count: int = 1) -> None:
    """Commit readings of a day, and acknowledge nothing."""
    buffer.append("pump", 1, [Row(1, day * DAY_MS + index, 1.0) for index in range(count)])
    buffer.commit()


def ledger(metrics: tuple[Metric, ...]) -> dict[str, LedgerRow]:
    """The rows of the ledger among the metrics."""
    (table,) = (one for one in metrics if one.name == LEDGER)
    return {row.day: row for row in ledger_rows(table)}


def test_changes_are_told_every_two_seconds_and_all_every_thirty(
    buffer: Buffer, board: Board
) -> None:
    """Often enough to watch, seldom enough to cost nothing."""
    report = NodeReport(buffer, board)
    assert len(report.birth(NOW, 0.0)) == 10
    take(buffer, TODAY)
    assert report.news(NOW, 1.9) == ()
    told = report.news(NOW, 2.0)
    assert {one.name for one in told} >= {LEDGER, "Delivery/Pending"}
    assert "Node Info/Version" not in {one.name for one in told}
    assert report.news(NOW, 4.0) == ()
    assert report.due_s() == 6.0
    assert len(report.news(NOW, 32.0)) == 9


def test_day_that_settles_late_is_told_once_more(buffer: Buffer, board: Board) -> None:
    """An old day leaves the report only after its last figures were told."""
    report = NodeReport(buffer, board)
    take(buffer, TODAY - 9)
    assert set(ledger(report.birth(NOW, 0.0))) == {"2024-09-25"}
    buffer.mark_sent(1)
    buffer.ack(Ack(buffer.epoch, 1))
    buffer.commit()
    assert ledger(report.news(NOW, 2.0))["2024-09-25"].pending == 0
    take(buffer, TODAY)
    assert set(ledger(report.news(NOW, 200.0))) == {"2024-10-04"}


def test_report_names_the_newest_days_only(buffer: Buffer, board: Board) -> None:
    """A long outage still fits into one message."""
    for day in range(TODAY - 80, TODAY):
        take(buffer, day)
    rows = ledger(NodeReport(buffer, board).birth(NOW, 0.0))
    assert len(rows) == MAX_REPORTED_DAYS
    assert max(rows) == "2024-10-03"


def test_refusing_disk_is_told(buffer: Buffer, board: Board) -> None:
    """The operations centre sees that a node can no longer keep what it reads."""
    report = NodeReport(buffer, board)
    report.birth(NOW, 0.0)
    buffer._file._db.execute("PRAGMA query_only = 1")
    take(buffer, TODAY)
    told = {one.name: one.value for one in report.news(NOW, 2.0)}
    assert told["Delivery/Disk Full"] is True


def test_drivers_are_told_in_words_without_the_noise_of_retries(board: Board) -> None:
    """The same fault is one state, however often it is tried again."""
    assert board.words() == "modbus:pump connecting"
    changes: list[int] = []
    board.changed = lambda: changes.append(1)
    for delay in ("0.3", "0.7"):
        board.report("pump", f"unreachable: refused; retry in {delay} s")
        assert board.words() == "modbus:pump unreachable: refused"
    assert board.is_down("pump")
    board.report("pump", "ok")
    assert len(changes) == 2
