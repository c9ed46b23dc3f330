"""What feeds what: read from the configuration, and what follows from it."""

from pathlib import Path as FilePath

import pytest

from lamppost.aggregator.alarms.topology import Feed, Path, Topology
from lamppost.aggregator.config import check
from lamppost.aggregator.settings.rules import ConfigError

CABINETS = {"feeds": ["lights-1/cabinet-1", "lights-1/cabinet-2"], "by": "mains/meter/voltage"}


def test_relations_are_read_from_the_configuration() -> None:
    """A channel may hold slashes; the group is optional."""
    odd = {"feeds": ["air-1"], "by": "n/d/a/b", "group": "riverside"}
    config = check({"topology": [CABINETS, odd]}, "city.toml", FilePath())
    assert config.topology == (
        Feed(
            (Path("lights-1", "cabinet-1"), Path("lights-1", "cabinet-2")),
            Path("mains", "meter", "voltage"),
        ),
        Feed((Path("air-1"),), Path("n", "d", "a/b"), "riverside"),
    )


def test_parents_of_a_channel() -> None:
    """Those of its node and of its device, in its group."""
    topology = Topology(
        [
            Feed((Path("n"),), Path("up")),
            Feed((Path("n", "d"),), Path("up", "x"), "east"),
        ]
    )
    assert topology.parents("east", Path("n", "d", "c")) == [Path("up"), Path("up", "x")]
    assert topology.parents("west", Path("n", "d", "c")) == [Path("up")]
    assert topology.parents("east", Path("n")) == [Path("up")]
    assert topology.parents("east", Path("m")) == []


def test_nothing_feeds_itself() -> None:
    """A meter in the cabinet that it speaks for is not hidden by its own voltage."""
    topology = Topology([Feed((Path("n"),), Path("n", "meter", "voltage"))])
    assert topology.parents("g", Path("n", "meter", "voltage")) == []
    assert topology.parents("g", Path("n", "meter")) == []
    assert topology.parents("g", Path("n")) == []
    assert topology.parents("g", Path("n", "meter", "current")) == [
        Path("n", "meter", "voltage")
    ]


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"feeds": []}, "[[topology]] tables"),
        ([3], "number 1: came 3"),
        ([{"feeds": ["a"]}], 'number 1: by: came None, allowed: "NODE"'),
        ([{"by": "a"}], 'feeds: came None, allowed: a list of "NODE"'),
        ([{"feeds": ["a/b/c"], "by": "d"}], 'a list of "NODE" or "NODE/DEVICE"'),
        ([{"feeds": ["a//c"], "by": "d"}], "feeds: came ['a//c']"),
        ([CABINETS | {"group": 1}], "group: came 1"),
        ([CABINETS | {"unit": "V"}], "unit: came 'V', allowed: one of feeds, by, group"),
        (
            [
                {"feeds": ["a"], "by": "b/x"},
                {"feeds": ["b"], "by": "c"},
                {"feeds": ["c"], "by": "a"},
            ],
            "something that does not hang on what it feeds",
        ),
    ],
    ids=["table", "number", "no by", "no feeds", "channel", "empty", "group", "key", "ring"],
)  # fmt: skip
def test_what_is_wrong_is_told(tables: object, message: str) -> None:
    """With where it is, what came and what is allowed."""
    with pytest.raises(ConfigError) as refused:
        check({"topology": tables}, "city.toml", FilePath())
    assert message in str(refused.value)


def test_a_tree_is_no_ring() -> None:
    """Two ways to the same root are allowed."""
    tables = [
        {"feeds": ["a", "b"], "by": "root"},
        {"feeds": ["c"], "by": "a"},
        {"feeds": ["c"], "by": "b"},
    ]
    assert len(check({"topology": tables}, "city.toml", FilePath()).topology) == 3
