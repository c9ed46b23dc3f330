"""The spool: what a commit returned for is there, whatever happens; nothing else ever is."""

import errno
import itertools
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamppost.aggregator.frames import FrameKind
from lamppost.aggregator.segments import HEAD, MAGIC, MAX_PAYLOAD_BYTES, Disk, segment_path
from lamppost.aggregator.spool import Spool, SpoolFull, SpoolLocked

SMALL = 200  # bytes a segment


def spool_of(directory: Path, **options: int | Disk) -> Spool:
    """A spool with small segments."""
    given: dict[str, int | Disk] = {"segment_bytes": SMALL, "max_bytes": 100_000}
    return Spool(directory, **(given | options))  # type: ignore[arg-type]


def payloads(spool: Spool, position: int = 0) -> list[bytes]:
    """All payloads from a position on."""
    return [frame.payload for frame in spool.read(position)]


def fill(spool: Spool, *groups: list[bytes]) -> list[int]:
    """Commit each group; return the positions."""
    positions = []
    for group in groups:
        for payload in group:
            spool.append(FrameKind.DATA, payload)
        positions.append(spool.commit())
    return positions


class FailingDisk(Disk):
    """A disk with room for so many bytes, and a switch for each call that may fail.

    Attributes:
        room: bytes that can still be written; half a write goes out before it fails.
        sync_error: errno of the next syncs, 0 for none.
        truncate_error: errno of the next truncations.
        create_error: errno of the next new segment.
        on_sync: called at each sync, before anything else.
    """

    def __init__(self) -> None:
        self.room = 1 << 40
        self.sync_error = self.truncate_error = self.create_error = 0
        self.on_sync: Callable[[], None] = lambda: None

    def write(self, handle: int, data: memoryview, offset: int) -> int:
        """Write what there is room for."""
        if self.room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = super().write(handle, data[: self.room], offset)
        self.room -= written
        return written

    def sync(self, handle: int) -> None:
        """Fail or sync."""
        self.on_sync()
        if self.sync_error:
            raise OSError(self.sync_error, "sync")
        super().sync(handle)

    def truncate(self, handle: int, size: int) -> None:
        """Fail or truncate."""
        if self.truncate_error:
            raise OSError(self.truncate_error, "truncate")
        super().truncate(handle, size)

    def create(self, path: Path) -> int:
        """Fail or create."""
        if self.create_error:
            raise OSError(self.create_error, "create")
        return super().create(path)


def test_frames_come_back_in_order_with_their_kinds(tmp_path: Path) -> None:
    """Every kind of frame is read back, in order, and its position leads to the next one."""
    with spool_of(tmp_path) as spool:
        for kind in FrameKind:
            spool.append(kind, kind.name.encode())
        end = spool.commit()
        read = list(spool.read(0))
        assert [(frame.kind, frame.payload) for frame in read] == [
            (kind, kind.name.encode()) for kind in FrameKind
        ]
        assert read[-1].next_position == end == spool.position
        for before, after in itertools.pairwise(read):
            assert next(spool.read(before.next_position)) == after


def test_nothing_is_read_before_its_commit(tmp_path: Path) -> None:
    """Appended frames are invisible until they are synced, also while they are written."""
    disk = FailingDisk()
    with spool_of(tmp_path, disk=disk) as spool:
        disk.on_sync = lambda: during.append(payloads(spool))
        during: list[list[bytes]] = []
        spool.append(FrameKind.DATA, b"a")
        assert payloads(spool) == []
        assert spool.buffered_bytes == HEAD.size + 1
        spool.commit()
        assert during == [[]]
        assert payloads(spool) == [b"a"]
        assert spool.buffered_bytes == 0


def test_positions_grow_over_segments_and_restarts(tmp_path: Path) -> None:
    """Positions count bytes over the life of the spool, not within a file."""
    with spool_of(tmp_path) as spool:
        first = fill(spool, *[[bytes([i]) * 90] for i in range(10)])
    with spool_of(tmp_path) as spool:
        assert spool.position == first[-1] == 10 * (HEAD.size + 90)
        spool.trim(first[-1])
        (last,) = fill(spool, [b"later"])
        assert last == first[-1] + HEAD.size + 5
        assert payloads(spool, first[-1]) == [b"later"]
        assert len(list(tmp_path.glob("*.seg"))) < 5


def test_reading_stops_at_its_limit_but_gives_at_least_one_frame(tmp_path: Path) -> None:
    """A frame larger than the limit still comes, so a reader never stands still."""
    with spool_of(tmp_path) as spool:
        fill(spool, [b"x" * 50] * 6)
        assert len(list(spool.read(0, 1))) == 1
        assert len(list(spool.read(0, 120))) == 3


def test_a_closed_spool_is_read_again_whole(tmp_path: Path) -> None:
    """Opening finds all committed frames and nothing to repair."""
    groups = [[b"a", b"b"], [b"c" * 300], [b"", b"d"]]
    with spool_of(tmp_path) as spool:
        fill(spool, *groups)
        spool.append(FrameKind.DATA, b"never committed")
    with spool_of(tmp_path) as spool:
        assert payloads(spool) == [b"a", b"b", b"c" * 300, b"", b"d"]
        assert spool.recovery.cut_bytes == 0
        assert spool.recovery.damage == spool.damage == ()


def test_an_empty_commit_costs_nothing(tmp_path: Path) -> None:
    """A commit without frames makes no file and stays where it is."""
    with spool_of(tmp_path) as spool:
        assert spool.commit() == 0
        assert list(tmp_path.glob("*.seg")) == []


def test_a_second_process_is_kept_out(tmp_path: Path) -> None:
    """Two writers would tear each other's frames, so the second is told no."""
    with spool_of(tmp_path), pytest.raises(SpoolLocked, match="in use"):
        spool_of(tmp_path)
    spool_of(tmp_path).close()


def test_a_forgotten_spool_lets_go_of_its_lock(tmp_path: Path) -> None:
    """A spool that nobody holds any more does not keep its directory locked."""
    spool_of(tmp_path)
    spool_of(tmp_path).close()


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EFBIG])
def test_a_failed_sync_keeps_the_frames_for_the_next_commit(tmp_path: Path, error: int) -> None:
    """After an error the file ends at the last good position and a retry writes everything."""
    disk = FailingDisk()
    with spool_of(tmp_path, disk=disk) as spool:
        (good,) = fill(spool, [b"safe"])
        disk.sync_error = error
        spool.append(FrameKind.DATA, b"kept")
        with pytest.raises(OSError, match="sync") as caught:
            spool.commit()
        assert caught.value.errno == error
        assert spool.position == good
        assert segment_path(tmp_path, 0).stat().st_size == good
        assert payloads(spool) == [b"safe"]
        spool.append(FrameKind.DATA, b"more")
        disk.sync_error = 0
        spool.commit()
        assert payloads(spool) == [b"safe", b"kept", b"more"]


def test_a_full_disk_leaves_no_half_frame(tmp_path: Path) -> None:
    """A write that stops in the middle is cut off; when there is room again all is written."""
    disk = FailingDisk()
    with spool_of(tmp_path, disk=disk) as spool:
        (good,) = fill(spool, [b"safe"])
        disk.room = 30
        spool.append(FrameKind.DATA, b"k" * 100)
        with pytest.raises(OSError, match="No space"):
            spool.commit()
        assert segment_path(tmp_path, 0).stat().st_size == good
        disk.room = 1 << 40
        spool.commit()
    with spool_of(tmp_path) as spool:
        assert payloads(spool) == [b"safe", b"k" * 100]


def test_a_tail_that_cannot_be_cut_is_overwritten(tmp_path: Path) -> None:
    """Where even truncation fails, the leftovers stay invisible and the retry covers them."""
    disk = FailingDisk()
    with spool_of(tmp_path, disk=disk) as spool:
        fill(spool, [b"safe"])
        disk.sync_error = disk.truncate_error = errno.EIO
        spool.append(FrameKind.DATA, b"kept")
        with pytest.raises(OSError, match="sync"):
            spool.commit()
        assert payloads(spool) == [b"safe"]
        disk.sync_error = disk.truncate_error = 0
        spool.append(FrameKind.DATA, b"more")
        spool.commit()
        assert payloads(spool) == [b"safe", b"kept", b"more"]


def test_a_segment_that_cannot_be_made_is_tried_again(tmp_path: Path) -> None:
    """Running out of room just at a new segment loses nothing either."""
    disk = FailingDisk()
    with spool_of(tmp_path, disk=disk) as spool:
        fill(spool, [b"x" * SMALL])
        disk.create_error = errno.ENOSPC
        spool.append(FrameKind.DATA, b"kept")
        with pytest.raises(OSError, match="create"):
            spool.commit()
        disk.create_error = 0
        spool.commit()
        assert payloads(spool)[1:] == [b"kept"]


def test_the_buffer_is_bounded(tmp_path: Path) -> None:
    """Beyond its bound append refuses the frame, and the ones before it are not touched."""
    with spool_of(tmp_path, max_buffered_bytes=100) as spool:
        spool.append(FrameKind.DATA, b"a" * 70)
        with pytest.raises(SpoolFull, match="allowed: 100"):
            spool.append(FrameKind.DATA, b"b" * 70)
        spool.commit()
        assert payloads(spool) == [b"a" * 70]


def test_a_payload_is_bounded(tmp_path: Path) -> None:
    """A frame beyond the bound would be unreadable, so it is refused."""
    with spool_of(tmp_path) as spool, pytest.raises(ValueError, match=str(MAX_PAYLOAD_BYTES)):
        spool.append(FrameKind.DATA, bytes(MAX_PAYLOAD_BYTES + 1))


def test_a_full_spool_holds_until_all_readers_moved_on(tmp_path: Path) -> None:
    """At max_bytes commit raises, drops nothing that is needed, and goes on when it may."""
    with spool_of(tmp_path, max_bytes=4 * SMALL) as spool:
        for i in range(7):
            fill(spool, [bytes([i]) * 80])
        spool.append(FrameKind.DATA, b"\x07" * 80)
        spool.commit()
        spool.append(FrameKind.DATA, b"kept" * 20)
        with pytest.raises(SpoolFull, match=r"allowed: 800"):
            spool.commit()
        spool.passed("store", spool.position)
        with pytest.raises(SpoolFull):
            spool.commit()
        assert payloads(spool)[0] == b"\x00" * 80
        spool.passed("checkpoint", spool.position)
        spool.commit()
        assert payloads(spool)[-1] == b"kept" * 20
        assert spool.size_bytes <= 4 * SMALL


def test_an_unknown_reader_is_named(tmp_path: Path) -> None:
    """A reader nobody waits for must not think that it is waited for."""
    with spool_of(tmp_path) as spool, pytest.raises(ValueError, match="checkpoint, store"):
        spool.passed("tape", 1)


def test_trim_drops_whole_segments_only(tmp_path: Path) -> None:
    """A segment goes when all of it was passed, and the newest one stays."""
    with spool_of(tmp_path) as spool:
        positions = fill(spool, *[[b"x" * SMALL]] * 3)
        spool.trim(positions[0] - 1)
        assert spool.first_position == 0
        spool.trim(positions[0])
        assert spool.first_position == positions[0]
        spool.trim(positions[2] + 1000)
        assert spool.first_position == positions[1]
        assert payloads(spool) == [b"x" * SMALL]


def test_the_spool_needs_room_for_two_segments(tmp_path: Path) -> None:
    """A bound that could never trim is refused at once."""
    with pytest.raises(ValueError, match="400 or more"):
        spool_of(tmp_path, max_bytes=SMALL)


def test_wait_returns_when_a_commit_does(tmp_path: Path) -> None:
    """A reader that waits is woken by the commit, not by its timeout."""
    with spool_of(tmp_path) as spool:
        assert not spool.wait(0, 0.0)
        woken: list[bool] = []
        reader = threading.Thread(target=lambda: woken.append(spool.wait(0, 30.0)))
        reader.start()
        fill(spool, [b"a"])
        reader.join(10.0)
        assert woken == [True]
        assert spool.wait(0, 0.0)


def test_readers_beside_the_writer_see_only_committed_frames(tmp_path: Path) -> None:
    """A reader that runs all the while gets each frame once, whole and in order."""
    total = 400
    with spool_of(tmp_path, segment_bytes=2000) as spool:
        seen: list[int] = []

        def read() -> None:
            position = 0
            while len(seen) < total and spool.wait(position, 10.0):
                for frame in spool.read(position, 500):
                    seen.append(int(frame.payload[:8]))
                    position = frame.next_position

        reader = threading.Thread(target=read)
        reader.start()
        for start in range(0, total, 5):
            for number in range(start, start + 5):
                spool.append(FrameKind.DATA, b"%08d" % number + b"x" * (number % 97))
            spool.commit()
        reader.join(20.0)
        assert seen == list(range(total))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_torn_last_group_leaves_a_prefix(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever happens to the bytes of the last commit, a prefix of the frames comes back."""
    directory = tmp_path_factory.mktemp("spool")
    frames = data.draw(st.lists(st.binary(max_size=60), min_size=1, max_size=6))
    before = data.draw(st.lists(st.binary(max_size=60), max_size=3))
    with spool_of(directory, segment_bytes=10_000, max_bytes=20_000) as spool:
        (start,) = fill(spool, before)
        fill(spool, frames)
    path = segment_path(directory, 0)
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(start, len(content))) :]
    for _ in range(data.draw(st.integers(0, 3))):
        if len(content) > start:
            at = data.draw(st.integers(start, len(content) - 1))
            content[at] ^= data.draw(st.integers(1, 255))
    content += data.draw(st.binary(max_size=30))
    path.write_bytes(content)
    with spool_of(directory, segment_bytes=10_000, max_bytes=20_000) as spool:
        found = payloads(spool)
        assert found == (before + frames)[: len(found)]
        assert len(found) >= len(before)
        fill(spool, [b"goes on"])
        assert payloads(spool) == [*found, b"goes on"]
        assert spool.damage == ()
    with spool_of(directory, segment_bytes=10_000, max_bytes=20_000) as spool:
        assert payloads(spool) == [*found, b"goes on"]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_bit_rot_costs_only_the_frames_it_hit(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """A flipped byte before the last commit loses that frame, which is told; the rest stays."""
    directory = tmp_path_factory.mktemp("spool")
    frames = [bytes([i]) * data.draw(st.integers(0, 60)) for i in range(12)]
    with spool_of(directory) as spool:
        ends = fill(spool, *([frame] for frame in frames))
    starts = [0, *ends[:-1]]
    hit = data.draw(st.integers(0, 10))
    at = data.draw(st.integers(starts[hit], ends[hit] - 1))
    segment = max(int(p.stem) for p in directory.glob("*.seg") if int(p.stem) <= at)
    path = segment_path(directory, segment)
    content = bytearray(path.read_bytes())
    content[at - segment] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    with spool_of(directory) as spool:
        assert payloads(spool) == frames[:hit] + frames[hit + 1 :]
        assert [(d.start, d.end) for d in spool.damage] == [(starts[hit], ends[hit])]
        assert spool.position == ends[-1]
        assert payloads(spool, starts[hit]) == frames[hit + 1 :]


def test_a_lost_segment_is_told_and_stepped_over(tmp_path: Path) -> None:
    """A segment that ends early or is empty is damage up to the next one, not an end."""
    with spool_of(tmp_path) as spool:
        ends = fill(spool, *[[bytes([i]) * SMALL] for i in range(4)])
    segment_path(tmp_path, ends[0]).write_bytes(b"")
    with spool_of(tmp_path) as spool:
        assert [p[0] for p in payloads(spool)] == [0, 2, 3]
        assert [(d.start, d.end) for d in spool.damage] == [(ends[0], ends[1])]


def test_frames_inside_a_payload_are_no_frames(tmp_path: Path) -> None:
    """A payload that quotes another segment's bytes cannot come alive through damage."""
    with spool_of(tmp_path / "other") as other:
        fill(other, [b"forged"])
    quoted = segment_path(tmp_path / "other", 0).read_bytes()
    with spool_of(tmp_path / "own", segment_bytes=10_000) as spool:
        (end, *_) = fill(spool, [quoted * 3], [b"b"], [b"c"])
    path = segment_path(tmp_path / "own", 0)
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.write_bytes(content)
    with spool_of(tmp_path / "own", segment_bytes=10_000) as spool:
        assert payloads(spool) == [b"b", b"c"]
        assert spool.damage[0].size == end


@pytest.mark.timeout(30)
def test_a_search_through_damage_is_bounded(tmp_path: Path) -> None:
    """A damaged payload full of false heads costs a bounded search, and what follows waits."""
    head = HEAD.pack(MAGIC, FrameKind.DATA, MAX_PAYLOAD_BYTES // 2, 0, 0)
    hostile = head * (MAX_PAYLOAD_BYTES // len(head) // 8)
    with spool_of(tmp_path, segment_bytes=1 << 24, max_bytes=1 << 26) as spool:
        (end, *_) = fill(spool, [hostile], [b"x" * (MAX_PAYLOAD_BYTES - 10)], [b"y"])
        content = bytearray(segment_path(tmp_path, 0).read_bytes())
        content[0] ^= 1
        segment_path(tmp_path, 0).write_bytes(content)
        assert payloads(spool) == [b"y"]
        assert spool.damage[0].size > end
