"""Frames: what goes in comes out, and anything else is a FrameError."""

import contextlib
import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.aggregator.spool import frames
from lamppost.aggregator.spool.frames import (
    COLUMNS,
    HEAD,
    MAX_ROWS,
    WITHOUT_P,
    DataFrame,
    Delivery,
    FrameError,
    TextRow,
    row_bytes,
)


def frame_of(
    rows: int, deliveries: tuple[Delivery, ...] = (), texts: tuple[TextRow, ...] = ()
) -> DataFrame:
    """A frame of random columns."""
    rng = np.random.default_rng(rows)
    columns = {
        name: rng.integers(0, 2**31, rows).astype(kind)
        if "f" not in kind
        else rng.normal(size=rows).astype(kind)
        for name, kind in COLUMNS
    }
    return DataFrame(deliveries=deliveries, texts=texts, **columns)


def assert_same(left: DataFrame, right: DataFrame) -> None:
    """Both frames hold the same."""
    for name, _ in COLUMNS:
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name))
    assert left.deliveries == right.deliveries
    assert left.texts == right.texts


DELIVERIES = st.builds(
    Delivery, st.text(), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1)
)
TEXTS = st.builds(
    TextRow, st.integers(0, 2**31 - 1), st.integers(-(2**63), 2**63 - 1), st.text()
)


@given(
    st.integers(0, 50),
    st.lists(DELIVERIES, max_size=5).map(tuple),
    st.lists(TEXTS, max_size=5).map(tuple),
)
def test_data_frames_round_trip(
    rows: int, deliveries: tuple[Delivery, ...], texts: tuple[TextRow, ...]
) -> None:
    """Columns, deliveries and texts of any content come back as they were packed."""
    frame = frame_of(rows, deliveries, texts)
    assert_same(DataFrame.unpack(frame.pack()), frame)


def test_frames_of_the_release_before_are_read() -> None:
    """They lack `p`, which is then no number; all else is there."""
    frame = frame_of(5, (Delivery("n", 1, 2),))
    payload = frame.pack()
    (head, rows, meta), end = HEAD.unpack_from(payload)[:3], HEAD.size + 5 * row_bytes(COLUMNS)
    old = HEAD.pack(WITHOUT_P, rows, meta, 0) + payload[HEAD.size : end - 5 * 4] + payload[end:]
    read = DataFrame.unpack(old)
    assert head == 2
    assert np.isnan(read.p).all()
    assert_same(dataclasses.replace(read, p=frame.p), frame)


def test_nan_and_infinity_survive() -> None:
    """A value that is not a number is kept bit for bit; it is the stores that leave it out."""
    frame = frame_of(3)
    frame.value[:] = [np.nan, np.inf, -np.inf]
    np.testing.assert_array_equal(DataFrame.unpack(frame.pack()).value, frame.value)


def test_unpacked_columns_are_views_of_the_payload() -> None:
    """Unpacking copies no column, so its cost does not grow with the rows."""
    payload = frame_of(1000).pack()
    frame = DataFrame.unpack(payload)
    for name, _ in COLUMNS:
        column = getattr(frame, name)
        assert not column.flags.owndata
        assert not column.flags.writeable
        assert column.flags.aligned


@given(st.data())
def test_a_cut_or_longer_frame_is_an_error(data: st.DataObject) -> None:
    """A payload that lacks bytes, or has some too many, is never taken for a frame."""
    payload = frame_of(7, (Delivery("n", 1, 2),)).pack()
    size = data.draw(st.integers(0, len(payload) + 20).filter(lambda n: n != len(payload)))
    with pytest.raises(FrameError):
        DataFrame.unpack((payload + bytes(20))[:size])


@given(st.data())
def test_any_bytes_give_a_frame_or_a_frame_error(data: st.DataObject) -> None:
    """Flipped and invented bytes raise nothing but FrameError."""
    payload = bytearray(frame_of(3, (Delivery("n", 1, 2),), (TextRow(1, 2, "x"),)).pack())
    for _ in range(data.draw(st.integers(1, 4))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    for candidate in (bytes(payload), data.draw(st.binary(max_size=80))):
        with contextlib.suppress(FrameError):
            DataFrame.unpack(candidate)
        with contextlib.suppress(FrameError):
            frames.unpack_json(candidate)
        with contextlib.suppress(FrameError):
            frames.unpack_birth(candidate)


def test_a_huge_row_count_allocates_nothing() -> None:
    """A head that promises four thousand million rows is refused by its length alone."""
    with pytest.raises(FrameError, match="wanted"):
        DataFrame.unpack(HEAD.pack(1, 2**32 - 1, 0, 0))


def test_another_version_says_so() -> None:
    """A frame of a later version tells which version came and which is known."""
    with pytest.raises(FrameError, match="version 9 came, 1 and 2 are known"):
        DataFrame.unpack(HEAD.pack(9, 0, 0, 0))


@pytest.mark.parametrize(
    "meta", ["[]", '{"deliveries": [[1]], "texts": []}', "{", '{"texts": []}']
)
def test_bad_deliveries_are_an_error(meta: str) -> None:
    """The JSON part of a data frame is checked like the rest."""
    data = meta.encode()
    with pytest.raises(FrameError):
        DataFrame.unpack(HEAD.pack(1, 0, len(data), 0) + data)


def test_columns_must_have_one_length() -> None:
    """Packing names the column that differs."""
    frame = frame_of(3)
    columns = {name: getattr(frame, name) for name, _ in COLUMNS}
    columns["score"] = columns["score"][:2]
    with pytest.raises(FrameError, match="column score"):
        DataFrame(deliveries=(), **columns).pack()


def test_too_many_rows_are_refused() -> None:
    """A frame is bounded, and the message tells the bound."""
    with pytest.raises(FrameError, match=str(MAX_ROWS)):
        frame_of(MAX_ROWS + 1).pack()


@given(st.text(max_size=50), st.binary(max_size=50))
def test_births_round_trip(topic: str, payload: bytes) -> None:
    """Topic and raw message of a birth come back as they were."""
    assert frames.unpack_birth(frames.pack_birth(topic, payload)) == (topic, payload)


def test_json_has_no_nan() -> None:
    """A field that is not a finite number becomes null, because JSON knows no other."""
    payload = frames.pack_json({"a": float("nan"), "b": float("inf"), "c": 1.5, "d": None})
    assert json.loads(payload) == {"a": None, "b": None, "c": 1.5, "d": None}


def test_half_a_surrogate_pair_ends_here() -> None:
    """Text that is no Unicode is mended on the way in, so that no store trips over it."""
    assert frames.unpack_json(frames.pack_json({"text": "a\ud800b"})) == {"text": "a?b"}


@pytest.mark.parametrize("payload", [b"[1]", b"nul", b"\xff", b"[" * 100_000])
def test_not_a_json_object(payload: bytes) -> None:
    """Anything but one JSON object is a FrameError, also when it is nested without end."""
    with pytest.raises(FrameError):
        frames.unpack_json(payload)


def test_an_overlong_topic_is_refused() -> None:
    """A topic beyond the bound is refused when packed and when unpacked."""
    with pytest.raises(FrameError, match="5000"):
        frames.pack_birth("x" * 5000, b"")
    raw: Any = frames.TOPIC_HEAD.pack(5000) + b"x" * 5000
    with pytest.raises(FrameError, match="5000"):
        frames.unpack_birth(raw)
