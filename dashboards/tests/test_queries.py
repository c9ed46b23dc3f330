"""Every query of every board on a real InfluxDB: a seeded city, an empty one, hostile names."""

import re
import time
from pathlib import Path
from typing import Any

import pytest

from lamppost.aggregator.store.lineprotocol import clean
from lamppost.bench.boards_city import City
from lamppost.dashboards.asked import ANNOTATION, PANEL, VARIABLE
from lamppost.dashboards.boards import uids
from lamppost.dashboards.checking import Outcome, check, check_board, opened, summary
from lamppost.dashboards.cli import OK, main
from lamppost.dashboards.influx import Influx
from lamppost.dashboards.rendering import RENDERED, load
from lamppost.dashboards.substitute import Scene, Value
from parts.influx import RunningInflux
from parts.seeded import EMPTY, SEEDED, create, named_influx, small_city, write

BOARDS = {board["uid"]: board for board in load(RENDERED)}
MAY_BE_EMPTY = {(uids.ASSET, ANNOTATION, "Incidents")}
"""The first asset in the list has no serious incident; the others do."""


@pytest.fixture(scope="module")
def city() -> City:
    """The city that is seeded."""
    return small_city()


@pytest.fixture(scope="module")
def database(influx: RunningInflux, city: City) -> Influx:
    """An InfluxDB with the city: the one the environment names, or Debian's."""
    asked = named_influx() or Influx(influx.url)
    write(asked, SEEDED, city)
    create(asked, EMPTY)
    return asked


@pytest.fixture(scope="module")
def seeded(database: Influx) -> list[Outcome]:
    """What became of every query on the seeded city."""
    return check(database, SEEDED, BOARDS.values())


def test_every_query_is_answered_on_a_seeded_city(seeded: list[Outcome]) -> None:
    """No error, and rows wherever there must be rows."""
    assert summary(seeded)["failures"] == []
    empty = {
        (one.asked.board, one.asked.kind, one.asked.place) for one in seeded if not one.rows
    }
    assert empty == MAY_BE_EMPTY


def test_every_kind_of_query_was_asked(seeded: list[Outcome]) -> None:
    """Panels, variables and annotations of all boards."""
    assert {one.asked.kind for one in seeded} == {PANEL, VARIABLE, ANNOTATION}
    assert {one.asked.board for one in seeded} == BOARDS.keys()


def test_no_answer_is_dated_1970(seeded: list[Outcome]) -> None:
    """An outer SELECT without a window would be, and stand outside of every range."""
    for one in seeded:
        for series in one.series:
            if series["columns"][0] == "time":
                assert all(row[0] > 0 for row in series["values"]), one.sent


def test_an_empty_city_is_no_error(database: Influx) -> None:
    """A city on its first day: every query answers with nothing."""
    outcomes = check(database, EMPTY, BOARDS.values())
    assert summary(outcomes)["failures"] == []
    assert {one.rows for one in outcomes} == {0}


def open_board(
    database: Influx, uid: str, values: dict[str, Value]
) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """The answers of a board that is opened with these variables, by kind and place."""
    board = BOARDS[uid]
    now = opened(board, time.time_ns() // 1_000_000)
    scene = Scene(now.from_ms, now.to_ms, now.step, values)
    outcomes = check_board(database, SEEDED, board, scene)
    assert summary(outcomes)["failures"] == []
    return {(one.asked.kind, one.asked.place): list(map(dict, one.series)) for one in outcomes}


def test_hostile_names_are_drilled_down_to(database: Influx, city: City) -> None:
    """District to asset to sensor, by names of commas, quotes and metacharacters."""
    hostile = [asset for asset in city.assets if "<b>" in asset.name]
    asset = next(one for one in hostile if "<b>" in one.district)
    values: dict[str, Value] = {
        name: clean(asset.tags[name])
        for name in ("district", "asset", "group", "node", "device")
    }
    found = open_board(database, uids.ASSET, values)
    (devices,) = found[VARIABLE, "device"]
    assert [row[1] for row in devices["values"]] == [values["device"]]
    assert {row[1] for row in found[VARIABLE, "metric"][0]["values"]} == set(city.metrics)
    for place in ("State", "Value, expected value and band", "All its sensors", "Its node"):
        assert found[PANEL, place], place


def test_choosing_several_districts_counts_exactly_those(database: Influx, city: City) -> None:
    """Two of four districts, one of them hostile: the counts are of these two."""
    chosen = (
        "north",
        clean(next(one.district for one in city.assets if "<b>" in one.district)),
    )
    found = open_board(database, uids.CITY, {"district": chosen})
    listed = found[PANEL, "Districts"]
    assert {series["tags"]["district"] for series in listed} == set(chosen)
    (well,) = found[PANEL, "Assets that are well"]
    assert well["values"][0][1] == sum(row["values"][0][4] for row in listed)


def test_the_command_checks_a_city(
    database: Influx, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`lamppost dashboards check` says how many queries it asked and that none failed."""
    words = ["check", "--influx", database.url, "--city", SEEDED]
    if database.token:
        (tmp_path / "token").write_text(database.token)
        words += ["--token-file", str(tmp_path / "token")]
    assert main(words) == OK
    assert "8 boards, " in capsys.readouterr().out


def test_a_broken_query_is_told_with_its_place(database: Influx) -> None:
    """The report names board, panel, query and the database's words."""
    board = {**BOARDS[uids.PIPELINE]}
    panel = {**board["panels"][0], "targets": [{**board["panels"][0]["targets"][0]}]}
    panel["targets"][0]["query"] = 'SELECT nothing( FROM "pipeline"'
    board["panels"] = [panel]
    (failure,) = summary(check(database, SEEDED, [board]))["failures"]
    assert failure["where"] == "lamppost-pipeline: panel 'Aggregators that report' A"
    assert re.search("error parsing query|failed to parse query", failure["answer"])
    assert failure["query"] == 'SELECT nothing( FROM "pipeline"'
