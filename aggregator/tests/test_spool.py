"""The spool: what a commit returned for is there, whatever happens; nothing else ever is."""

import errno
import itertools
import threading
from pathlib import Path

import pytest

from lamppost.aggregator.spool.frames import FrameKind
from lamppost.aggregator.spool.segments import HEAD, MAX_PAYLOAD_BYTES, segment_path
from lamppost.aggregator.spool.spool import SpoolFull, SpoolLocked
from parts.spools import SMALL, FailingDisk, fill, payloads, spool_of


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
        reader = threading.Thread(target=lambda: woken.append(spool.wait(0, 600.0)))
        reader.start()
        fill(spool, [b"a"])
        reader.join(60.0)
        assert woken == [True]
        assert spool.wait(0, 0.0)


def test_readers_beside_the_writer_see_only_committed_frames(tmp_path: Path) -> None:
    """A reader that runs all the while gets each frame once, whole and in order."""
    total = 400
    with spool_of(tmp_path, segment_bytes=2000) as spool:
        seen: list[int] = []

        def read() -> None:
            position = 0
            while len(seen) < total and spool.wait(position, 60.0):
                for frame in spool.read(position, 500):
                    seen.append(int(frame.payload[:8]))
                    position = frame.next_position

        reader = threading.Thread(target=read)
        reader.start()
        for start in range(0, total, 5):
            for number in range(start, start + 5):
                spool.append(FrameKind.DATA, b"%08d" % number + b"x" * (number % 97))
            spool.commit()
        reader.join(60.0)
        assert seen == list(range(total))
