from lamppost.wire.decode import decode
from lamppost.wire.encode import encode

from .oracle import parse, read, serialize
from .sample import Sample

PAYLOADS = 30_000


def test_random_payloads_encode_and_decode_as_protobuf_does() -> None:
    """30,000 random payloads encode byte for byte alike, and decode to the same values."""
    sample = Sample(seed=20_237)
    for number in range(PAYLOADS):
        payload = sample.payload()
        theirs = serialize(payload)
        assert encode(payload) == theirs, f"payload {number}: {payload}"
        # repr tells NaN, -0.0 and 1 from 1.0, which == does not.
        assert repr(decode(theirs)) == repr(read(parse(theirs))), f"payload {number}: {payload}"


def test_payloads_without_datatypes_encode_as_protobuf_does() -> None:
    """With types left off the wire the values still stand in the fields of their types."""
    sample = Sample(seed=3)
    for number in range(2_000):
        payload = sample.payload()
        theirs = serialize(payload, with_datatypes=False)
        assert encode(payload, with_datatypes=False) == theirs, f"payload {number}: {payload}"
