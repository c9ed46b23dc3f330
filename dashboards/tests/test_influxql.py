"""Statements are made of names that exist."""

import pytest

from lamppost.dashboards.influxql import (
    Step,
    UnknownName,
    call,
    chosen,
    compared,
    equals,
    last,
    outer,
    select,
    values_of,
)
from lamppost.wire.series import EVENT, NODE_HEALTH, PIPELINE


def test_a_statement_reads_as_influxql() -> None:
    """Columns, conditions, range, groups and fill stand in the order InfluxQL wants."""
    statement = (
        select(NODE_HEALTH, call("mean", "silent_s").named("silent"))
        .where(chosen("group"))
        .by("node")
        .every(fill="none")
    )
    assert statement.text == (
        'SELECT mean("silent_s") AS "silent" FROM "node_health" '
        'WHERE "group" =~ /^${group:regex}$/ AND $timeFilter '
        'GROUP BY time($__interval), "node" fill(none)'
    )


def test_an_outer_statement_repeats_the_window() -> None:
    """Without a window of its own the answer would be dated 1970."""
    inner = select(PIPELINE, last("uptime_s").named("up")).within("5m").by("host")
    statement = outer(inner, call("count", "up").named("n"))
    assert statement.text == (
        'SELECT count("up") AS "n" FROM (SELECT last("uptime_s") AS "up" FROM "pipeline" '
        'WHERE time > now() - 5m GROUP BY "host") WHERE time > now() - 5m'
    )


def test_values_are_quoted_by_their_type() -> None:
    """Text is quoted so that no quote in it ends it; booleans and numbers stand bare."""
    statement = select(EVENT, "reason").where(
        equals("kind", "it's \\ here"),
        equals("open", value=True),
        compared("severity", ">", 0.5),
    )
    assert (
        '"kind" = \'it\\\'s \\\\ here\' AND "open" = true AND "severity" > 0.5'
        in statement.text
    )


@pytest.mark.parametrize(
    "build",
    [
        pytest.param(lambda: select(EVENT, "gone"), id="column"),
        pytest.param(lambda: select(EVENT, last("gone")), id="call"),
        pytest.param(lambda: select(EVENT, "reason").by("reason"), id="group by a field"),
        pytest.param(lambda: select(EVENT, "reason").where(chosen("district_")), id="where"),
        pytest.param(
            lambda: outer(select(EVENT, last("reason").named("why")), "reason"), id="outer"
        ),
        pytest.param(lambda: values_of("reason", EVENT), id="variable"),
    ],
)
def test_a_name_that_the_measurement_lacks_is_refused(build: object) -> None:
    """A renamed field stops the build of a board, and the error says what there is."""
    assert callable(build)
    with pytest.raises(UnknownName, match="allowed: "):
        build()


def test_a_fixed_step_says_why() -> None:
    """A step that is not Grafana's own carries its reason."""
    step = Step("1m", "rollups are written each minute")
    statement = select(PIPELINE, last("stored")).every(step)
    assert (statement.step, statement.fixed) == ("1m", "rollups are written each minute")
