"""The buffer keeps its books: taken = acked + evicted + pending, whatever happens."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from lamppost.edge.buffer.buffer import Buffer
from lamppost.edge.buffer.ledger import Account, day_text
from lamppost.edge.buffer.rows import DAY_MS, MAX_ROWS, Draft, Row, pack, unpack
from lamppost.wire.datatypes import DataType, Quality
from lamppost.wire.delivery import Ack

NOON = 20_000 * DAY_MS + DAY_MS // 2
SMALL = 420_000

MakeBuffer = Callable[..., Buffer]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[MakeBuffer]:
    """Opens buffers on one file, with a wall clock that stands still."""
    opened: list[Buffer] = []

    def open_one(max_bytes: int = 10_000_000, **options: Any) -> Buffer:
        opened.append(Buffer(tmp_path / "buffer.db", max_bytes, now_ms=lambda: NOON, **options))
        return opened[-1]

    yield open_one
    for buffer in opened:
        buffer.close()


def rows(count: int, start: int = NOON, channel: int = 1) -> list[Row]:
    """Readings a millisecond apart."""
    return [Row(channel, start + index, index / 7) for index in range(count)]


def fill(buffer: Buffer, commits: int, device: str = "pump", priority: int = 1) -> None:
    """Commit batches of 100 readings."""
    for index in range(commits):
        buffer.append(device, priority, rows(100, NOON + 100 * index))
        buffer.commit()


def fill_disk(buffer: Buffer) -> None:
    """Commit until the disk takes no more."""
    while trouble(buffer) is None:
        fill(buffer, 1)
    assert buffer.trouble is not None
    assert buffer.trouble.disk_full


def trouble(buffer: Buffer) -> object:
    """Why the last commit failed."""
    return buffer.trouble


def numbers(buffer: Buffer) -> list[int]:
    """The numbers of all batches held."""
    return [batch.number for batch in buffer.read_after(0, 100_000)]


def test_commit_makes_one_batch_per_device_priority_and_day(make: MakeBuffer) -> None:
    """Each message is of one device, and each day keeps its own account."""
    buffer = make()
    buffer.append("pump", 1, rows(2))
    buffer.append("mast", 1, rows(3))
    buffer.append("pump", 1, [*rows(1, NOON + DAY_MS), *rows(1)])
    outcome = buffer.commit()
    told = [
        (batch.draft.device, batch.draft.day, batch.draft.count) for batch in outcome.batches
    ]
    assert told == [("pump", 20_000, 3), ("mast", 20_000, 3), ("pump", 20_001, 1)]
    assert buffer.accounts == {20_000: Account(6, 0, 6), 20_001: Account(1, 0, 1)}


def test_batch_of_many_rows_is_split(make: MakeBuffer) -> None:
    """No message grows beyond its bound, and none of the rows is lost on the way."""
    buffer = make()
    buffer.append("pump", 1, rows(2 * MAX_ROWS + 1))
    outcome = buffer.commit()
    assert [batch.draft.count for batch in outcome.batches] == [MAX_ROWS, MAX_ROWS, 1]
    assert [row for batch in outcome.batches for row in batch.rows()] == rows(2 * MAX_ROWS + 1)


def test_ack_deletes_what_was_sent_and_nothing_else(make: MakeBuffer) -> None:
    """An ack that names more than was ever sent must not delete unsent readings."""
    buffer = make()
    fill(buffer, 5)
    buffer.mark_sent(4)
    assert buffer.ack(Ack(buffer.epoch, 1, ((3, 2**60),)))
    buffer.commit()
    assert numbers(buffer) == [2, 5]
    assert buffer.total == Account(500, 0, 200)
    assert buffer.total.acked == 300


def test_ack_of_another_epoch_is_ignored(make: MakeBuffer) -> None:
    """Numbers of an earlier buffer file say nothing about this one."""
    buffer = make()
    fill(buffer, 1)
    buffer.mark_sent(1)
    assert not buffer.ack(Ack(buffer.epoch + 1, 1))
    buffer.commit()
    assert buffer.total.pending == 100


def test_numbers_are_never_used_again(make: MakeBuffer) -> None:
    """A receiver drops repeats by number, so an emptied buffer must not start over."""
    buffer = make()
    fill(buffer, 3)
    buffer.mark_sent(3)
    buffer.ack(Ack(buffer.epoch, 3))
    buffer.commit()
    buffer.close()
    again = make()
    assert again.epoch == buffer.epoch
    assert again.extent.oldest == 4
    fill(again, 1)
    assert numbers(again) == [4]


def test_full_buffer_evicts_oldest_of_lowest_priority_and_stays_within_its_bytes(
    make: MakeBuffer, tmp_path: Path
) -> None:
    """What matters most stays; what goes is counted on its day; the file keeps its bound."""
    buffer = make(SMALL)
    fill(buffer, 20, "alarm", priority=9)
    fill(buffer, 300, "chatter", priority=0)
    assert buffer.full
    assert sum(path.stat().st_size for path in tmp_path.glob("buffer.db*")) <= SMALL + 32_768
    held = buffer.read_after(0, 100_000)
    assert [batch.number for batch in held if batch.draft.device == "alarm"] == list(
        range(1, 21)
    )
    chatter = [batch.number for batch in held if batch.draft.device == "chatter"]
    assert chatter == list(range(chatter[0], 321))
    total = buffer.total
    assert total.taken == 32_000
    assert total.evicted == total.taken - sum(batch.draft.count for batch in held) > 0


def test_batches_in_flight_are_not_evicted(make: MakeBuffer) -> None:
    """The receiver may be storing them right now; to call them evicted would be wrong."""
    buffer = make(SMALL)
    fill(buffer, 5)
    buffer.protected = frozenset({1, 3})
    fill(buffer, 300)
    assert {1, 3} <= set(numbers(buffer))
    assert 2 not in numbers(buffer)


def test_everything_survives_reopening(make: MakeBuffer) -> None:
    """Aliases, epoch, sent mark, session number and books are the same after a restart."""
    buffer = make()
    book = buffer.aliases([("pump", "flow", DataType.DOUBLE), ("pump", "on", DataType.BOOLEAN)])
    fill(buffer, 2)
    buffer.mark_sent(2)
    buffer.ack(Ack(buffer.epoch, 1))
    first = buffer.next_bdseq()
    buffer.commit()
    buffer.close()
    again = make()
    entries = again.aliases([("pump", "new", DataType.INT64), ("pump", "on", DataType.BOOLEAN)])
    assert entries.entries[:2] == book.entries
    assert entries.number("pump", "new") == 3
    assert (again.epoch, again.sent, again.acked_once) == (buffer.epoch, 2, True)
    assert again.accounts == buffer.accounts
    assert again.next_bdseq() == first + 1


def test_bdseq_wraps_at_256(make: MakeBuffer) -> None:
    """Sparkplug counts sessions from 0 to 255 and round again."""
    buffer = make()
    assert [buffer.next_bdseq() for _ in range(258)] == [*range(256), 0, 1]


def test_broken_file_is_moved_aside_and_a_new_epoch_begins(
    make: MakeBuffer, tmp_path: Path
) -> None:
    """A torn file must not keep a node from sampling."""
    path = tmp_path / "buffer.db"
    buffer = make()
    fill(buffer, 50)
    buffer.close()
    data = bytearray(path.read_bytes())
    data[4096:16_384] = b"\xa5" * 12_288
    path.write_bytes(data)
    again = Buffer(path, 10_000_000, now_ms=lambda: NOON + 1)
    try:
        assert again.moved == tmp_path / f"buffer.db.broken-{NOON + 1}"
        assert again.moved.read_bytes() == bytes(data)
        assert again.epoch == NOON + 1
        assert again.total == Account()
        fill(again, 1)
        assert numbers(again) == [1]
    finally:
        again.close()


@pytest.mark.parametrize("data", [b"not a database at all" * 500, b"SQLite format 3\0" * 3])
def test_file_that_is_no_database_is_moved_aside(tmp_path: Path, data: bytes) -> None:
    """Whatever lies there under our name, the node starts."""
    path = tmp_path / "buffer.db"
    path.write_bytes(data)
    buffer = Buffer(path, 10_000_000, now_ms=lambda: NOON)
    assert buffer.moved is not None
    fill(buffer, 1)
    assert buffer.total == Account(100, 0, 100)
    buffer.close()


def test_file_that_breaks_while_in_use_is_replaced(make: MakeBuffer, tmp_path: Path) -> None:
    """Readings in memory and aliases go on into the new file, under a new epoch."""
    buffer = make()
    entries = buffer.aliases([("pump", "flow", DataType.DOUBLE)]).entries
    fill(buffer, 50)
    connection = buffer._file._db
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with (tmp_path / "buffer.db").open("r+b") as file:
        file.seek(0)
        file.write(b"\xa5" * 60_000)
    connection.execute("PRAGMA shrink_memory")
    buffer.append("pump", 1, rows(7))
    for _ in range(3):
        buffer.commit()
    assert buffer.moved is not None
    assert buffer.trouble is None
    assert buffer.total == Account(7, 0, 7)
    assert buffer.aliases([]).entries == entries


@pytest.mark.parametrize("count", [1, 10, 200], ids=["tiny", "small", "large"])
def test_autonomy_is_what_a_node_really_has(make: MakeBuffer, count: int) -> None:
    """The hours told at the start are the hours until the first eviction, give or take."""
    seconds = [0.0]
    buffer = make(1_500_000, clock=lambda: seconds[0])
    told = 0.0
    while not buffer.full:
        for _ in range(max(1, 2000 // count)):
            buffer.append("pump", 1, rows(count, NOON))
            buffer._staging._seal(("pump", 1, 20_000))
        seconds[0] += 60
        buffer.commit()
        if seconds[0] == 300:
            told = seconds[0] / 3600 + (buffer.autonomy_h or 0)
    assert told == pytest.approx(seconds[0] / 3600, rel=0.2)


def test_damaged_rows_are_noticed_and_declared(make: MakeBuffer) -> None:
    """A flipped byte inside a batch is not sent as a measurement but counted as evicted."""
    buffer = make()
    fill(buffer, 2)
    buffer._file._db.execute("UPDATE batch SET blob = zeroblob(length(blob)) WHERE number = 1")
    damaged = buffer.read(1)
    assert damaged is not None
    assert damaged.draft.blob == b""
    buffer.mark_broken(1)
    buffer.commit()
    assert buffer.total == Account(200, 100, 100)


def test_what_is_being_written_is_not_durable_yet(make: MakeBuffer) -> None:
    """Readings wait until their write is over, and with them what must be said after them."""
    buffer = make()
    buffer.append("pump", 1, rows(3))
    change = buffer.prepare()
    assert buffer.waiting == 3
    outcome = buffer.write(change)
    buffer.append("pump", 1, rows(2))
    assert buffer.waiting == 5
    buffer.settle(change, outcome)
    assert buffer.waiting == 2


def test_full_disk_keeps_readings_in_memory_and_recovers(make: MakeBuffer) -> None:
    """While the disk refuses nothing already committed is lost, and nothing goes uncounted."""
    buffer = make()
    fill(buffer, 3)
    pages = buffer._file._db.execute("PRAGMA page_count").fetchone()[0]
    buffer._file._db.execute(f"PRAGMA max_page_count = {pages}")
    fill_disk(buffer)
    committed = buffer.total.taken
    fill(buffer, 10)
    assert buffer.total.taken == committed
    assert buffer.waiting == 1100
    buffer._file._db.execute("PRAGMA max_page_count = 1000000")
    buffer.commit()
    assert trouble(buffer) is None
    assert buffer.total == Account(committed + 1100, 0, committed + 1100)


def test_acks_free_a_full_disk(make: MakeBuffer) -> None:
    """Acknowledged batches give their pages back although no new one can be written."""
    buffer = make()
    fill(buffer, 40)
    buffer.mark_sent(40)
    pages = buffer._file._db.execute("PRAGMA page_count").fetchone()[0]
    buffer._file._db.execute(f"PRAGMA max_page_count = {pages}")
    fill_disk(buffer)
    buffer.ack(Ack(buffer.epoch, 40))
    buffer.commit()
    buffer.commit()
    assert buffer.trouble is None
    assert buffer.total.acked == 4000


def test_ring_overflow_is_declared_lowest_priority_first(make: MakeBuffer) -> None:
    """What memory cannot hold while the disk refuses is taken and evicted, both counted."""
    buffer = make(ring_bytes=30_000)
    buffer._file._db.execute("PRAGMA query_only = 1")
    fill(buffer, 5, "alarm", priority=9)
    fill(buffer, 40, "chatter", priority=0)
    assert buffer.trouble is not None
    waiting = buffer.waiting
    buffer._file._db.execute("PRAGMA query_only = 0")
    buffer.commit()
    held = buffer.read_after(0, 1000)
    assert sum(batch.draft.count for batch in held if batch.draft.device == "alarm") == 500
    assert buffer.total == Account(4500, 4500 - waiting, waiting)


def test_file_of_unknown_format_is_left_alone(make: MakeBuffer, tmp_path: Path) -> None:
    """A file of a later release is neither read wrongly nor thrown away."""
    from lamppost.edge.buffer.schema import FormatError

    buffer = make()
    buffer._file._db.execute("UPDATE meta SET value = 99 WHERE key = 'format'")
    buffer.close()
    with pytest.raises(FormatError, match="99"):
        make()
    assert list(tmp_path.glob("*broken*")) == []


values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=50),
)


@given(
    st.lists(
        st.builds(
            Row,
            st.integers(0, 2**32 - 1),
            st.integers(0, DAY_MS - 1).map(lambda offset: 20_000 * DAY_MS + offset),
            values,
            st.sampled_from(Quality),
        )
    )
)
def test_rows_come_back_as_they_were_put(given_rows: list[Row]) -> None:
    """Packing is lossless, to the last bit of a double and the type of a value."""
    blob = b"".join(pack(row) for row in given_rows)
    back = list(unpack(blob, 20_000))
    assert back == given_rows
    assert [type(row.value) for row in back] == [type(row.value) for row in given_rows]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**63])
def test_numbers_that_cannot_travel_become_bad(value: float) -> None:
    """What is no number must not look like one downstream."""
    assert next(unpack(pack(Row(1, NOON, value)), 20_000)) == Row(1, NOON, None, Quality.BAD)


def test_long_text_is_cut_between_characters() -> None:
    """A bound in bytes must not leave half a character behind."""
    back = next(unpack(pack(Row(1, NOON, "é" * 5000)), 20_000))
    assert back.value == "é" * 2048


def test_days_beyond_the_calendar_have_a_name() -> None:
    """A clock gone wild must not stop the report."""
    assert day_text(0) == "1970-01-01"
    assert day_text(10**9) == "9999-12-31"


def test_draft_is_a_value() -> None:
    """Drafts are compared and kept, never changed."""
    assert Draft("a", 1, 2, 3, 4, 5, b"") == Draft("a", 1, 2, 3, 4, 5, b"")


class Books(RuleBasedStateMachine):
    """Any sequence of appends, commits, acks, refusals and restarts keeps the books."""

    @initialize(folder=st.just(0))
    def begin(self, folder: int) -> None:
        """Start with a new file."""
        import tempfile

        self.folder = tempfile.TemporaryDirectory(prefix=f"books{folder}")
        self.taken: dict[int, int] = {}
        self.open()

    def open(self) -> None:
        """Open the file."""
        self.buffer = Buffer(
            Path(self.folder.name) / "buffer.db", SMALL, ring_bytes=20_000, now_ms=lambda: NOON
        )

    @rule(
        count=st.integers(1, 900),
        day=st.integers(0, 3),
        priority=st.integers(0, 2),
        device=st.sampled_from("ab"),
    )
    def append(self, count: int, day: int, priority: int, device: str) -> None:
        """Take readings of one day."""
        self.buffer.append(device, priority, rows(count, NOON + day * DAY_MS))
        self.taken[20_000 + day] = self.taken.get(20_000 + day, 0) + count

    @rule()
    def commit(self) -> None:
        """Commit what waits."""
        self.buffer.commit()

    @rule(share=st.floats(0, 1), gap=st.integers(0, 5), width=st.integers(0, 5))
    def ack(self, share: float, gap: int, width: int) -> None:
        """Acknowledge a part of what is held."""
        extent = self.buffer.extent
        upto = int(share * extent.last)
        self.buffer.mark_sent(upto + gap)
        beyond = upto + 1 + gap
        self.buffer.ack(Ack(self.buffer.epoch, upto, ((beyond, beyond + width),)))

    @rule(number=st.integers(1, 50))
    def damage(self, number: int) -> None:
        """Give up a batch, if it is there."""
        self.buffer.mark_broken(number)

    @rule(refuse=st.booleans())
    def disk(self, refuse: bool) -> None:
        """Let the disk refuse, or take, writes."""
        self.buffer._file._db.execute(f"PRAGMA query_only = {int(refuse)}")

    @rule()
    def reopen(self) -> None:
        """Stop in order and start again."""
        self.buffer._file._db.execute("PRAGMA query_only = 0")
        self.buffer.commit()
        before = self.buffer.accounts
        self.buffer.close()
        self.open()
        assert self.buffer.moved is None
        assert {day: one for day, one in before.items() if one != Account()} == {
            day: one for day, one in self.buffer.accounts.items() if one != Account()
        }

    @invariant()
    def balanced(self) -> None:
        """The books agree with what lies in the file."""
        if not hasattr(self, "buffer"):
            return
        held: dict[int, int] = {}
        for batch in self.buffer.read_after(0, 100_000):
            draft = batch.draft
            assert len(list(batch.rows())) == draft.count
            held[draft.day] = held.get(draft.day, 0) + draft.count
        for day, one in self.buffer.accounts.items():
            assert one.pending == held.get(day, 0)
            assert one.taken >= one.evicted + one.pending >= 0
            assert one.acked >= 0
        if not self.buffer.dirty:
            assert {day: one.taken for day, one in self.buffer.accounts.items()} == self.taken

    def teardown(self) -> None:
        """Close and clean up."""
        if hasattr(self, "buffer"):
            self.buffer.close()
            self.folder.cleanup()


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
