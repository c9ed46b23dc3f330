"""The map as a graph: what is lost, what goes on with less, what is too much to show."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lamppost.register.records.deciding import UnknownError
from lamppost.register.records.links import RefusedError
from lamppost.register.resources.graph import (
    Edge,
    Graph,
    Thing,
    graph,
    impact,
    lost,
    resolved,
    shown,
)

EDGES = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4), st.sampled_from(("feeds", "hosts"))),
    max_size=30,
)


def of(*edges: tuple[str, str, str]) -> Graph:
    """Return a graph of these edges."""
    keys = {key for edge in edges for key in edge[:2]}
    things = [Thing(key, key.partition(":")[0], key) for key in sorted(keys)]
    return graph(things, [Edge(*edge) for edge in edges])


def lost_slowly(whole: Graph, start: str) -> set[str]:
    """Look at everything again until nothing more is lost."""
    gone, before = {start}, -1
    while before != len(gone):
        before = len(gone)
        for key in whole.things:
            coming = [edge for edge in whole.edges if edge.target == key]
            needed = any(e.source in gone for e in coming if e.how == "hosts")
            feeding = [e.source in gone for e in coming if e.how == "feeds"]
            if needed or (feeding and all(feeding)):
                gone.add(key)
    return gone


def test_a_host_takes_all_and_a_feeder_only_the_last() -> None:
    """A dataset goes on with one of two streams, not without its system."""
    whole = of(
        ("stream:a", "dataset:d", "feeds"),
        ("stream:b", "dataset:d", "feeds"),
        ("system:s", "dataset:d", "hosts"),
        ("dataset:d", "consumer:c", "is used by"),
    )
    assert [(hit.key, hit.lost, hit.steps) for hit in impact(whole, "stream:a").items] == [
        ("dataset:d", False, 1),
        ("consumer:c", False, 2),
    ]
    gone = impact(whole, "system:s")
    assert (gone.lost, gone.thinned, gone.total) == ({"consumer": 1, "dataset": 1}, {}, 2)
    assert impact(whole, "system:s", 1).items[0].key == "dataset:d"


@given(EDGES)
@example([(0, 3, "hosts"), (1, 3, "feeds"), (2, 3, "feeds")])
@example([(0, 3, "feeds"), (0, 2, "feeds"), (2, 3, "feeds"), (1, 3, "hosts")])
def test_lost_is_what_the_slow_way_finds(edges: list[tuple[int, int, str]]) -> None:
    """On any graph without circles, whatever the order of its edges."""
    whole = of(*((f"x:{a}", f"x:{b}", how) for a, b, how in edges if a < b))
    for start in whole.things:
        assert lost(whole, start) == lost_slowly(whole, start)


def test_a_map_that_is_too_large_asks_for_a_focus() -> None:
    """Without one it is refused, and so is a focus that everything hangs on."""
    whole = of(*((f"stream:{n}", "dataset:d", "feeds") for n in range(20)))
    assert shown(whole, things_max=21) == whole
    with pytest.raises(RefusedError, match=r"21 things without focus, allowed: at most 20"):
        shown(whole, things_max=20)
    with pytest.raises(RefusedError, match="around 'dataset:d'"):
        shown(whole, "dataset:d", 20)
    assert len(shown(whole, "stream:3", 20).things) == 2


def test_an_id_alone_will_do_where_it_is_clear() -> None:
    """Two things of one id are told; nothing is guessed."""
    whole = of(("dataset:a", "service:a", "is served by"), ("service:a", "consumer:c", "uses"))
    assert resolved(whole, "c") == "consumer:c"
    with pytest.raises(RefusedError, match="dataset:a, service:a"):
        resolved(whole, "a")
    with pytest.raises(UnknownError, match="KIND:ID"):
        resolved(whole, "zz")


def test_edges_in_the_air_are_not_on_the_map() -> None:
    """A flow whose stream has ended leads nowhere; the same edge counts once."""
    edge = Edge("dataset:a", "dataset:b", "derives")
    things = [Thing("dataset:a", "dataset", "a"), Thing("dataset:b", "dataset", "b")]
    whole = graph(things, [edge, edge, Edge("stream:gone", "dataset:a", "feeds")])
    assert whole.edges == (edge,)


def test_a_long_chain_is_no_burden() -> None:
    """100,000 steps: neither recursion nor squares, which would not end here."""
    whole = of(*((f"dataset:{n}", f"dataset:{n + 1}", "derives") for n in range(100_000)))
    assert impact(whole, "dataset:0", 10).lost == {"dataset": 100_000}
