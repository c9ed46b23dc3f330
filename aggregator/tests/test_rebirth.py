"""When births are asked for."""

import random

from lamppost.aggregator.nodes.rebirth import MAX_PAUSE_MS, Rebirths


def asked(rebirths: Rebirths[str], nodes: list[str], until_ms: int) -> list[tuple[int, str]]:
    """Want all nodes all the time and note when which is asked."""
    found = []
    for now_ms in range(0, until_ms, 100):
        for node in nodes:
            rebirths.want(node, now_ms)
        found += [(now_ms, node) for node in rebirths.due(now_ms)]
    return found


def test_a_node_is_asked_with_growing_pauses() -> None:
    """A node that never answers is asked at 0, 1, 3, 7 ... seconds, not every time."""
    times = [now_ms for now_ms, _ in asked(Rebirths(1000, 100.0, 0), ["a"], 16_000)]
    assert times == [0, 1000, 3000, 7000, 15_000]


def test_pauses_are_capped() -> None:
    """However long a node is silent, it is asked every few minutes."""
    rebirths = Rebirths[str](1000, 100.0, 0)
    now_ms = 0
    for _ in range(30):
        rebirths.want("a", now_ms)
        now_ms += MAX_PAUSE_MS
        assert rebirths.due(now_ms) == ["a"]


def test_all_nodes_together_are_bounded() -> None:
    """Five hundred nodes that lost their births are asked ten a second."""
    nodes = [f"n{number}" for number in range(500)]
    found = asked(Rebirths(1_000_000, 10.0, 0), nodes, 10_000)
    assert 90 <= len(found) <= 110
    assert len({node for _, node in found}) == len(found)


def test_a_birth_cancels_the_wish() -> None:
    """A node whose birth came meanwhile is left alone."""
    rebirths = Rebirths[str](1000, 10.0, 0)
    rebirths.want("a", 0)
    rebirths.born("a")
    assert rebirths.due(5000) == []


def test_requests_are_spread() -> None:
    """Nodes that become unknown at one moment are asked at different ones."""
    rebirths = Rebirths[str](1000, 1000.0, 2000, random.Random(1))
    for number in range(50):
        rebirths.want(f"n{number}", 0)
    assert len(rebirths.due(0)) < 5
    assert rebirths.due(2000)
    assert rebirths.asked == 50
