"""What holds for every rendered board, read from the files in git as Grafana reads them."""

import re
from itertools import combinations
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from lamppost.dashboards.asked import Asked, asked
from lamppost.dashboards.board import MAX_PANELS, MAX_UID_CHARS, SCHEMA_VERSION, BadBoard, Board
from lamppost.dashboards.boards.every import every_board
from lamppost.dashboards.boards.uids import FOLDERS
from lamppost.dashboards.panel import Panel
from lamppost.dashboards.rendering import RENDERED, load
from lamppost.dashboards.sources import BY_UID
from lamppost.wire.series import MEASUREMENTS

Json = dict[str, Any]
BOARDS: list[Json] = load(RENDERED)
BY_BOARD = {board["uid"]: board for board in BOARDS}
PANELS = [
    pytest.param(board, panel, id=f"{board['uid']}-{panel['title']}")
    for board in BOARDS
    for panel in board["panels"]
]
QUERIES = [pytest.param(one, id=one.where) for board in BOARDS for one in asked(board)]
MAPPED = {one.name: one for one in MEASUREMENTS}
BUILT_IN = {"timeFilter", "__interval", "__url_time_range", "__data", "__field"}
BUILT_IN |= {f"__cell_{column}" for column in range(4)}
KINDS = {
    *("timeseries", "stat", "table", "bargauge", "state-timeline"),
    *("status-history", "geomap", "text", "alertlist", "annolist"),
}
UNITS = {
    *("none", "short", "s", "ms", "h", "d", "cps", "percent", "percentunit", "bytes", "volt"),
    *("celsius", "bool_yes_no", "dateTimeFromNow", "dateTimeAsIsoNoDateIfToday"),
}
PHONE_PIXELS = 320
CITY_WIDE = {"rollup_city", "rollup_district", "rollup_class", "rollup_cell", "alarm"}

every_rendered_board = pytest.mark.parametrize("board", BOARDS, ids=lambda one: str(one["uid"]))
every_panel = pytest.mark.parametrize(("board", "panel"), PANELS)
every_query = pytest.mark.parametrize("one", QUERIES)


def variables(text: str) -> set[str]:
    """The variables in a text, but for those of a legend ("$tag_node", "$col")."""
    found = re.findall(r"\$\{(\w+)|\$(\w+)", text)
    return {first or second for first, second in found} - BUILT_IN


def links(panel: Json) -> list[Json]:
    """The links of a panel, of its values and of its columns."""
    config = panel["fieldConfig"]
    found = [*panel["links"], *config["defaults"]["links"]]
    for override in config["overrides"]:
        for one in override["properties"]:
            found += one["value"] if one["id"] == "links" else []
    return found


def test_there_are_eight_boards_in_known_folders() -> None:
    """The eight boards, each with a uid, a title and a question of its own."""
    boards = every_board()
    assert len(boards) == 8
    for facts in ({one.uid for one in boards}, {one.title for one in boards}):
        assert len(facts) == 8
    assert {one.folder for one in boards} == set(FOLDERS)


@every_rendered_board
def test_a_board_is_what_every_supported_grafana_loads(board: Json) -> None:
    """Schema of 9.3, fixed uid, nothing that belongs to one database of one Grafana."""
    assert board["schemaVersion"] == SCHEMA_VERSION
    assert re.fullmatch(rf"[a-z-]{{1,{MAX_UID_CHARS}}}", board["uid"])
    assert not {"id", "version", "__inputs"} & board.keys()
    assert board["description"].endswith(("?", ")"))
    assert 0 < len(board["panels"]) <= MAX_PANELS


@every_rendered_board
def test_panels_have_ids_by_position_and_do_not_overlap(board: Json) -> None:
    """Reading order gives the ids, and no two panels share a cell of the grid."""
    places = [panel["gridPos"] for panel in board["panels"]]
    assert [panel["id"] for panel in board["panels"]] == list(range(1, len(places) + 1))
    assert places == sorted(places, key=lambda place: (place["y"], place["x"]))
    for place in places:
        assert place["w"] > 0
        assert place["h"] > 0
        assert 0 <= place["x"] <= 24 - place["w"]
    for one, other in combinations(places, 2):
        apart_x = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        apart_y = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert apart_x or apart_y, (one, other)


@every_panel
def test_a_panel_says_what_it_answers(board: Json, panel: Json) -> None:
    """Title, a question, a unit Grafana knows, a text for no data, a kind of Grafana's own."""
    assert panel["type"] in KINDS
    assert panel["title"]
    assert "?" in panel["description"], f"{board['uid']}: {panel['title']}"
    defaults = panel["fieldConfig"]["defaults"]
    assert defaults["unit"] in UNITS
    assert len(defaults["noValue"]) > 2
    for override in panel["fieldConfig"]["overrides"]:
        for one in override["properties"]:
            assert one["id"] != "unit" or one["value"] in UNITS


def test_alerts_of_machines_are_no_alerts_for_people() -> None:
    """The watchdog fires for ever: on the overview it would be an alarm that is none."""
    (listed,) = (
        one for one in BY_BOARD["lamppost-city"]["panels"] if one["type"] == "alertlist"
    )
    assert listed["options"]["alertInstanceLabelFilter"] == '{severity!="sign"}'


def test_a_canary_of_this_morning_is_none() -> None:
    """What came through hours ago does not say that an alarm would now."""
    (canary,) = (
        one for one in BY_BOARD["lamppost-pipeline"]["panels"] if one["title"] == "Canary"
    )
    assert "time > now() - 30m" in canary["targets"][0]["query"]


@every_panel
def test_a_strip_of_cells_asks_for_no_more_than_a_phone_can_draw(
    board: Json, panel: Json
) -> None:
    """Grafana draws nothing of a status history with more cells than half its pixels."""
    if panel["type"] == "status-history":
        assert panel["maxDataPoints"] <= PHONE_PIXELS / 2, board["uid"]


@every_panel
def test_a_panel_asks_known_data_sources(board: Json, panel: Json) -> None:
    """Data sources stand there by fixed uid, and each target has a letter of its own."""
    uids = {one["datasource"]["uid"] for one in panel["targets"]}
    own = panel["datasource"]["uid"]
    assert uids | ({own} if len(uids) < 2 else set()) <= BY_UID.keys(), board["uid"]
    assert (own == "-- Mixed --") == (len(uids) > 1)
    assert not uids or own == "-- Mixed --" or uids == {own}
    letters = [one["refId"] for one in panel["targets"]]
    assert letters == sorted(set(letters))


@every_rendered_board
def test_variables_that_are_used_are_defined(board: Json) -> None:
    """No query, link or text has a variable that the board lacks; choices are really used."""
    defined = [one["name"] for one in board["templating"]["list"]]
    assert len(defined) == len(set(defined))
    texts = [one.text for one in asked(board)]
    for panel in board["panels"]:
        texts += [link["url"] for link in links(panel)]
        texts.append(panel["options"].get("content", ""))
    used = set().union(*map(variables, texts))
    assert used <= set(defined)
    assert set(defined) <= used


@every_rendered_board
def test_variables_depend_only_on_those_before_them(board: Json) -> None:
    """A browser fills variables in from the first to the last."""
    before: set[str] = set()
    for one in board["templating"]["list"]:
        assert variables(one["query"]) <= before
        before.add(one["name"])


@every_panel
def test_links_lead_somewhere_with_time_and_variables(board: Json, panel: Json) -> None:
    """A board of ours that has the variables, or the console by its variable; names encoded."""
    columns = {name for one in panel["targets"] for name in headings(one["query"])}
    for link in links(panel):
        url = link["url"]
        for name in re.findall(r"\$\{__data\.fields\.(\w+)", url):
            assert name in columns, url
        assert not re.search(r"\$\{__(data|field)[^}:]*\}", url), f"not encoded: {url}"
        if url.startswith("${console:raw}/"):
            assert link["targetBlank"]
            continue
        target = BY_BOARD[urlsplit(url).path.removeprefix("/d/")]
        assert "${__url_time_range}" in url
        known = {one["name"] for one in target["templating"]["list"]}
        passed = {key.removeprefix("var-") for key, _ in parse_qsl(urlsplit(url).query)}
        passed |= set(re.findall(r"\$\{(\w+):queryparam\}", url))
        assert passed <= known, board["uid"]
        assert passed


def headings(query: str) -> set[str]:
    """What the columns of an answer are called: aliases of the outer SELECT, tags, fields."""
    found = re.findall(r'AS "([^"]+)"|"(\w+)"', query)
    return {first or second for first, second in found}


@every_query
def test_a_query_is_understood_by_every_influxdb(one: Asked) -> None:
    """No retention policy in FROM, no SLIMIT, only measurements of the source's database."""
    for source in re.findall(r"\bFROM (?!\()(\S+)", one.text):
        name = source.strip('"')
        assert source == f'"{name}"'
        assert MAPPED[name].database is BY_UID[one.source].database
    assert not re.search(r"\b(SLIMIT|SOFFSET|INTO)\b|sample\(", one.text)


@every_query
def test_a_query_has_a_window_and_takes_choices_safely(one: Asked) -> None:
    """Each SELECT is bounded in time, and choices stand in anchored regular expressions."""
    selects = one.text.count("SELECT ")
    windows = one.text.count("$timeFilter") + one.text.count("time > now() - ")
    assert windows == selects
    rest = re.sub(r"=~ /\^\$\{\w+:regex\}\$/", "", one.text)
    assert variables(rest) == set()


def test_steps_are_grafanas_or_say_why() -> None:
    """Every GROUP BY time follows the width of the panel, or is fixed for a stated reason."""
    for board in every_board():
        for panel in board.panels:
            for target in panel.targets:
                for one in target.statement.statements:
                    assert one.step in ("", "$__interval") or len(one.fixed) > 20


def test_the_city_board_reads_only_what_is_counted_already() -> None:
    """Panels over the whole city touch rollups and alarms, never readings or asset states."""
    board = BY_BOARD["lamppost-city"]
    for panel in board["panels"]:
        for target in panel["targets"]:
            assert set(re.findall(r'FROM "(\w+)"', target["query"])) <= CITY_WIDE


def test_annotations_name_the_range_once() -> None:
    """Grafana 9.3 fills in only the first $timeFilter of an annotation."""
    for board in BOARDS:
        for notes in board["annotations"]["list"]:
            assert notes.get("query", "$timeFilter").count("$timeFilter") == 1


def test_a_board_that_does_not_fit_is_refused() -> None:
    """Too many panels, or a row wider than the grid, stop the build and say what is allowed."""
    panel = Panel("stat", "t", "q?")
    with pytest.raises(BadBoard, match="13 panels, allowed: up to 12"):
        Board("u", "t", "q?", "f", tuple((panel,) for _ in range(13)))
    with pytest.raises(BadBoard, match="30 wide, allowed: 24"):
        Board("u", "t", "q?", "f", ((panel,) * 5,))
