import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.wire.delivery import MAX_RANGES, Ack, DeliveryError, Header

UINT64 = st.integers(0, 2**64 - 1)


@st.composite
def headers(draw: st.DrawFn) -> Header:
    """Draw a header that keeps the rules."""
    batch = draw(st.integers(1, 2**64 - 1))
    return Header(draw(UINT64), batch, draw(st.integers(1, batch)))


@st.composite
def acks(draw: st.DrawFn) -> Ack:
    """Draw an acknowledgement with any allowed number of ranges."""
    bounds = draw(st.lists(st.integers(1, 10**6), max_size=2 * MAX_RANGES, unique=True))
    bounds = sorted(bounds)[: len(bounds) // 2 * 2]
    return Ack(draw(UINT64), 0, tuple(zip(bounds[::2], bounds[1::2], strict=True)))


@given(headers())
def test_every_header_comes_back(header: Header) -> None:
    """A packed header is 28 bytes and unpacks to itself."""
    body = header.pack()
    assert len(body) == 28
    assert Header.unpack(body) == header


@given(
    st.none()
    | st.binary(max_size=40)
    | st.binary(min_size=24, max_size=24).map(b"LPD1".__add__)
)
def test_any_body_is_a_header_or_none(body: bytes | None) -> None:
    """A body that is not ours, or breaks the rules, is simply no header."""
    header = Header.unpack(body)
    assert header is None or header.pack() == body


def test_a_header_looks_as_the_document_says() -> None:
    """Magic, epoch, batch and oldest, little-endian."""
    assert Header(1, 3, 2).pack() == b"LPD1" + bytes.fromhex(
        "0100000000000000 0300000000000000 0200000000000000"
    )


@pytest.mark.parametrize(
    ("epoch", "batch", "oldest"),
    [(-1, 1, 1), (0, 0, 0), (0, 1, 0), (0, 1, 2), (2**64, 1, 1), (0, 2**64, 1)],
)
def test_a_header_keeps_its_rules(epoch: int, batch: int, oldest: int) -> None:
    """Batches count from 1 and the oldest held is never younger than the batch itself."""
    with pytest.raises(DeliveryError, match=r"came .*, allowed: 1 <= oldest <= batch"):
        Header(epoch, batch, oldest)


@given(acks())
def test_every_acknowledgement_comes_back(ack: Ack) -> None:
    """The text of an acknowledgement parses to itself."""
    assert Ack.parse(ack.text) == ack


@given(st.text(max_size=40) | st.text("0123456789:-,", max_size=40))
def test_any_text_is_an_acknowledgement_or_a_delivery_error(text: str) -> None:
    """Arbitrary text never raises anything but DeliveryError."""
    try:
        ack = Ack.parse(text)
    except DeliveryError:
        return
    assert Ack.parse(ack.text) == ack


def test_an_acknowledgement_looks_as_the_document_says() -> None:
    """Epoch and number, then the ranges beyond."""
    assert Ack(5, 10).text == "5:10"
    assert Ack(5, 10, ((12, 14), (20, 20))).text == "5:10:12-14,20-20"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "5:",
        "5:1:",
        "5:-1",
        "5:10:9-12",
        "5:10:12-11",
        "5:10:12-14,14-15",
        "5:10:12-14,",
        "5:10:12",
        " 5:10",
        "5:10\n",
        "\uff15:1",
        "99999999999999999999:1",
        "5:1:3-18446744073709551616",
        "5:1:" + ",".join(f"{n}-{n}" for n in range(3, 3 + 2 * (MAX_RANGES + 1), 2)),
    ],
    ids=lambda text: ascii(text)[:30],
)
def test_what_is_no_acknowledgement_is_refused_with_what_came(text: str) -> None:
    """Other forms, unordered ranges and too many ranges are a DeliveryError."""
    with pytest.raises(DeliveryError, match=r"came .*, allowed: "):
        Ack.parse(text)


@given(acks())
def test_an_acknowledgement_covers_its_ranges_and_no_more(ack: Ack) -> None:
    """`covers` agrees with the plain set at every border."""
    for first, last in ack.ranges:
        assert ack.covers(first)
        assert ack.covers(last)
    ends = {last + 1 for _, last in ack.ranges} - {first for first, _ in ack.ranges}
    assert not any(ack.covers(batch) for batch in ends)
    assert ack.covers(ack.upto)


def test_an_error_shows_a_long_text_short() -> None:
    """The error stays readable when the text is not."""
    with pytest.raises(DeliveryError) as caught:
        Ack.parse("x" * 60_000)
    assert len(re.sub(r"\s", "", str(caught.value))) < 300
