"""Variables become what Grafana would send."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.dashboards.substitute import Scene, UnknownVariable, escaped
from lamppost.dashboards.variables import EVERY


def test_range_and_step_are_filled_in() -> None:
    """The two variables that every query has come from the scene."""
    scene = Scene(1_000, 2_000, "30s")
    assert scene.filled("WHERE $timeFilter GROUP BY time($__interval)") == (
        "WHERE time >= 1000ms and time <= 2000ms GROUP BY time(30s)"
    )


@pytest.mark.parametrize(
    ("value", "filled"),
    [
        pytest.param("a.b", r"/^a\.b$/", id="one"),
        pytest.param(("a", "b/c"), r"/^(a|b\/c)$/", id="several"),
        pytest.param(("a",), "/^a$/", id="one of several"),
        pytest.param(EVERY, "/^.*$/", id="all"),
        pytest.param('it\'s "x", 北', '/^it\'s "x", 北$/', id="quotes"),
    ],
)
def test_choices_become_regular_expressions(value: str | tuple[str, ...], filled: str) -> None:
    """One, several and all values fit between the anchors."""
    scene = Scene(0, 1, values={"node": value})
    assert scene.filled("/^${node:regex}$/") == filled


def test_an_unknown_variable_is_refused() -> None:
    """A query that uses what the board does not define fails with both names."""
    with pytest.raises(UnknownVariable, match=r"came \$gone, allowed: __interval, node"):
        Scene(0, 1, values={"node": "a"}).filled("${gone:regex}")


@given(st.text(min_size=1))
def test_an_escaped_name_means_itself(name: str) -> None:
    """No character of a name is a command to the regular expression or ends it."""
    assert re.fullmatch(escaped(name), name)
    assert not re.search(r"(?<!\\)(\\\\)*/", escaped(name))
