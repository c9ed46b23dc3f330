"""Free ports."""

import random
import socket

import pytest

from lamppost.sim.ports import FIRST_PORT, LAST_PORT, LOOPBACK, free_port


def test_a_port_in_use_is_not_drawn() -> None:
    """With the same draws, a port that is bound meanwhile is passed over."""
    first = free_port(random.Random(7))
    with socket.socket() as taken:
        taken.bind((LOOPBACK, first))
        taken.listen()
        assert free_port(random.Random(7)) != first


def test_ports_lie_below_those_of_outgoing_connections() -> None:
    """No client can be given a port of ours while its server is down."""
    assert all(FIRST_PORT <= free_port() <= LAST_PORT for _ in range(50))


def test_running_out_of_ports_says_where_it_looked() -> None:
    """When nothing is free the error names the range."""
    with socket.socket() as taken:
        port = free_port()
        taken.bind((LOOPBACK, port))
        taken.listen()
        with pytest.raises(OSError, match=f"{port}..{port}"):
            free_port(first=port, last=port)
