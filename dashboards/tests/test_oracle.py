"""Boards are read back with Grafana's own types: what they lose is a word Grafana lacks."""

import json
import warnings
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins

with warnings.catch_warnings():  # the types of classic boards warn when they are read
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.models.dashboard import Dashboard

from lamppost.dashboards.rendering import RENDERED, load

register_default_plugins()
BOARDS = load(RENDERED)
OLDER_WORDS = {"displayMode", "style"}
"""Words of schema 37 that Grafana migrates and the newest types no longer have."""
OF_INFLUX = {"query", "tagsColumn", "textColumn", "timeEndColumn", "titleColumn"}
"""Words that the InfluxDB data source has in annotations, which the types do not know."""


def lost(before: Any, after: Any, path: str = "") -> list[str]:
    """The keys of a document that another one lacks, with their way."""
    if isinstance(before, dict):
        if not isinstance(after, dict):
            return [path]
        return [
            way
            for key, value in before.items()
            if key not in (OLDER_WORDS | OF_INFLUX if ".annotations" in path else OLDER_WORDS)
            for way in (
                lost(value, after[key], f"{path}.{key}")
                if key in after
                else ([] if value in (None, {}, [], "") else [f"{path}.{key}"])
            )
        ]
    if isinstance(before, list):
        if not isinstance(after, list) or len(before) != len(after):
            return [path]
        pairs = zip(before, after, strict=True)
        return [
            way
            for at, (one, other) in enumerate(pairs)
            for way in lost(one, other, f"{path}[{at}]")
        ]
    return []


def there_and_back(board: dict[str, Any]) -> dict[str, Any]:
    """What Grafana's types keep of a board.

    They read queries by the data source of the panel, and cannot where it has several.
    """
    for panel in board["panels"]:
        if panel["datasource"]["uid"] == "-- Mixed --":
            panel["datasource"] = panel["targets"][0]["datasource"]
    back: dict[str, Any] = json.loads(JSONEncoder().encode(Dashboard.from_json(board)))
    return back


@pytest.mark.parametrize("board", BOARDS, ids=lambda one: str(one["uid"]))
def test_nothing_is_lost_in_grafanas_types(board: dict[str, Any]) -> None:
    """Every key of a board is one that Grafana has."""
    assert lost(board, there_and_back(board)) == []


def test_a_misspelt_key_would_be_found() -> None:
    """The oracle sees a key that Grafana does not have, in a board and in a panel's options."""
    panel = {**BOARDS[0]["panels"][0]}
    panel["options"] = {**panel["options"], "colorMood": "value"}
    board = {**BOARDS[0], "panels": [panel], "refreshes": "1m"}
    assert lost(board, there_and_back(board)) == [".panels[0].options.colorMood", ".refreshes"]
