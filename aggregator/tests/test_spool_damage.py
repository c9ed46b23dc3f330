"""Damaged spools: never a wrong frame, and no more is lost than the damage hit."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamppost.aggregator.spool.frames import FrameKind
from lamppost.aggregator.spool.segments import HEAD, MAGIC, MAX_PAYLOAD_BYTES, segment_path
from parts.spools import SMALL, fill, payloads, spool_of


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
