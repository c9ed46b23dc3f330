"""Boards on a real Grafana, where the environment names one with no boards of ours on it."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from lamppost.dashboards.asked import PANEL, asked
from lamppost.dashboards.checking import check_board, opened
from lamppost.dashboards.influx import Influx
from lamppost.dashboards.rendering import RENDERED, load
from parts.grafana import Grafana, named_grafana
from parts.influx import RunningInflux
from parts.seeded import SEEDED, named_influx, small_city, write

BOARDS = load(RENDERED)


@pytest.fixture(scope="module")
def grafana() -> Grafana:
    """The Grafana that the environment names."""
    return named_grafana()


@pytest.fixture(scope="module")
def database(grafana: Grafana, influx: RunningInflux) -> Iterator[Influx]:
    """A seeded city that this Grafana has as data sources."""
    found = named_influx() or Influx(influx.url)
    write(found, SEEDED, small_city())
    with grafana.sources(found, SEEDED):
        yield found


@pytest.mark.parametrize("board", BOARDS, ids=lambda one: str(one["uid"]))
def test_a_board_loads_and_each_target_answers(
    grafana: Grafana, database: Influx, board: dict[str, Any]
) -> None:
    """Grafana keeps what it was given, and answers each target through /api/ds/query."""
    scene = opened(board, time.time_ns() // 1_000_000)
    sent = [one for one in check_board(database, SEEDED, board, scene) if one.rows]
    with grafana.board(board) as kept:
        assert len(kept["panels"]) == len(board["panels"])
        known = {one.asked.source for one in sent}
        assert {one.source for one in asked(kept)} <= known
        for one in sent:
            if one.asked.kind != PANEL:
                continue
            query = {
                "refId": one.asked.ref,
                "datasource": {"type": "influxdb", "uid": one.asked.source},
                "query": one.sent,
                "rawQuery": True,
                "resultFormat": "table",
                "intervalMs": 60_000,
                "maxDataPoints": 500,
            }
            span = {"from": str(scene.from_ms), "to": str(scene.to_ms)}
            status, answer = grafana.call("POST", "/api/ds/query", {"queries": [query], **span})
            assert status == 200, f"{one.asked.where}: {status} {answer}"
            result = answer["results"][one.asked.ref]
            assert "error" not in result, one.asked.where
            assert result["frames"], one.asked.where
