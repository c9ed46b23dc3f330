import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.wire.state import (
    MAX_STATE_BYTES,
    HostState,
    StateError,
    decode_state,
    encode_state,
)


@given(st.booleans(), st.integers(0, 2**64 - 1))
def test_every_state_comes_back(online: bool, timestamp: int) -> None:
    """What was encoded is what is decoded."""
    state = HostState(online, timestamp)
    assert decode_state(encode_state(state)) == state


@given(st.binary(max_size=2 * MAX_STATE_BYTES))
def test_any_bytes_are_a_state_or_a_state_error(data: bytes) -> None:
    """Arbitrary bytes never raise anything but StateError."""
    try:
        state = decode_state(data)
    except StateError:
        return
    assert isinstance(state, HostState)


def test_the_message_has_the_two_keys_of_the_standard() -> None:
    """The JSON holds a boolean `online` and an integer `timestamp`, and nothing else."""
    assert json.loads(encode_state(HostState(online=True, timestamp=5))) == {
        "online": True,
        "timestamp": 5,
    }


def test_further_keys_are_passed_over() -> None:
    """A host that says more is still understood."""
    data = b'{"timestamp":5,"online":false,"more":[1]}'
    assert decode_state(data) == HostState(online=False, timestamp=5)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"ONLINE",
        b"[true, 5]",
        b'{"online":true}',
        b'{"timestamp":5}',
        b'{"online":1,"timestamp":5}',
        b'{"online":true,"timestamp":5.0}',
        b'{"online":true,"timestamp":true}',
        b'{"online":true,"timestamp":-1}',
        b'{"online":true,"timestamp":18446744073709551616}',
        b'{"online":true,"timestamp":NaN}',
        b"\xff\xfe",
        b"[" * MAX_STATE_BYTES,
        b'{"online":true,"timestamp":5}' + b" " * MAX_STATE_BYTES,
    ],
    ids=lambda data: ascii(data)[:40],
)
def test_what_is_no_state_is_refused_with_what_came(data: bytes) -> None:
    """Other JSON, other types, other sizes are a StateError that shows what is allowed."""
    with pytest.raises(StateError, match=r"STATE.*: came .*, allowed: "):
        decode_state(data)
