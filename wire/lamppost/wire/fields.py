"""The fields of one protobuf message, one after the other, each checked before it is read."""

from collections.abc import Iterator

from lamppost.wire.scalars import FIXED32, FIXED64, LEN, VARINT

MAX_VARINT_BYTES = 10
MAX_TAG_BYTES = 5
MAX_LENGTH_BYTES = 5


class DecodeError(ValueError):
    """Bytes that are not a payload.

    Attributes:
        problem: What is wrong.
        offset: The byte of the message at which it was noticed.
    """

    def __init__(self, problem: str, offset: int) -> None:
        super().__init__(problem, offset)
        self.problem = problem
        self.offset = offset

    def __str__(self) -> str:
        return f"{self.problem}, at byte {self.offset}"


def fields(data: bytes, pos: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield (tag, a, b) for every field between `pos` and `end`.

    `a` is the number itself for a varint; otherwise `data[a:b]` is the content. The tag holds
    number and wire type together, so a known field of a wrong wire type is an unknown one.

    Raises:
        DecodeError: The bytes end too early, a number is too long, or a group begins.
    """
    while pos < end:
        start = pos
        tag = data[pos]
        pos += 1
        if tag > 0x7F:
            tag, pos = read_varint(data, start, end, MAX_TAG_BYTES)
        wire = tag & 7
        if not 0 < tag >> 3 < 2**29:
            raise DecodeError(f"field number {tag >> 3} is not allowed", start)
        if wire == VARINT:
            value, pos = read_varint(data, pos, end, MAX_VARINT_BYTES)
            yield tag, value, pos
            continue
        if wire == LEN:
            length, pos = read_varint(data, pos, end, MAX_LENGTH_BYTES)
        elif wire == FIXED64:
            length = 8
        elif wire == FIXED32:
            length = 4
        else:
            raise DecodeError(f"wire type {wire} is not allowed (groups are not read)", start)
        if length > end - pos:
            raise DecodeError(f"{length} bytes announced where {end - pos} are left", start)
        yield tag, pos, pos + length
        pos += length


def read_varint(data: bytes, pos: int, end: int, most: int) -> tuple[int, int]:
    """Return the number at `pos`, at most `most` bytes and 64 bits long, and where it ends."""
    if pos < end and data[pos] < 0x80:
        return data[pos], pos + 1
    number = shift = 0
    for at in range(pos, min(end, pos + most)):
        byte = data[at]
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            if number >> 64:
                raise DecodeError("a number of more than 64 bits", pos)
            return number, at + 1
        shift += 7
    if end - pos < most:
        raise DecodeError("the bytes end inside a number", pos)
    raise DecodeError(f"a number of more than {most} bytes", pos)
