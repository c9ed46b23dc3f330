"""The page about the register says what the code does."""

import re
import shlex
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from lamppost.register import cli
from lamppost.register.alarms import api as alarms_api
from lamppost.register.alarms.reading import FILTERS
from lamppost.register.alarms.values import STATES
from lamppost.register.answering import PREFIX
from lamppost.register.records import assetfiles, geometry, importing, intake, reading
from lamppost.register.records.api import router
from lamppost.register.records.asked import COMMON
from lamppost.register.records.assetfields import EXTERNAL, FIELDS
from lamppost.register.records.migrating import STEPS
from lamppost.register.records.tables import RECORDS
from lamppost.register.records.values import BASES, ROLES

PAGE = (Path(__file__).parents[2] / "docs" / "register.md").read_text()


def section(title: str) -> str:
    """Return one section of the page."""
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def first_cells(title: str) -> list[str]:
    """Return what stands in the first column of a section's table."""
    return re.findall(r"^\| `([^`]+)` \|", section(title), re.MULTILINE)


@pytest.mark.parametrize(
    "line", re.findall(r"^lamppost register .*$", section("Commands"), re.MULTILINE)
)
def test_every_command_parses(line: str) -> None:
    """What is printed can be typed."""
    cli._parser().parse_args(shlex.split(line)[2:])


def test_tables_name_what_there_is() -> None:
    """Records, fields of a file and paths of the API: all of them, and no others."""
    assert first_cells("Records") == list(RECORDS)
    assert first_cells("Importing assets") == [*FIELDS, f"{EXTERNAL}SCHEME"]
    paths = {getattr(route, "path", "").removeprefix(PREFIX) for route in router.routes}
    assert set(first_cells("The API")) == {path for path in paths if "{" not in path}


def test_filters_are_those_of_the_api() -> None:
    """Each list's filters, in words."""
    rows = re.findall(r"^\| `/(\w+)` \| (.*) \|$", section("The API"), re.MULTILINE)
    told = {name: set(re.findall(r"`(\w+)`", cell)) for name, cell in rows}
    assert {name: told[name] for name in reading.KINDS} == {
        name: set(kind.filters) for name, kind in reading.KINDS.items()
    }
    assert all(f"`{name}`" in section("The API") for name in COMMON)


def test_bounds_and_words_are_those_of_the_code() -> None:
    """Numbers on a page age; these are looked at."""
    for number in (assetfiles.ROWS_MAX, importing.PROBLEMS_MAX, geometry.POSITIONS_MAX):
        assert f"{number:,}" in section("Importing assets")
    assert f"{assetfiles.FILE_BYTES_MAX // 2**20} MiB" in PAGE
    assert f"at most {importing.DEPTH_MAX} levels" in PAGE
    assert f"at most {intake.WAITING_MAX:,}" in PAGE
    assert f"({reading.PAGE_DEFAULT} unless told otherwise, up to {reading.PAGE_MAX:,})" in PAGE
    assert all(f"`{word}`" in section("Records") for word in (*ROLES, *BASES))


def test_steps_are_a_single_line() -> None:
    """Two newest steps would be a database nobody can bring up to date."""
    assert len(ScriptDirectory(STEPS).get_heads()) == 1


def test_the_page_about_alarms_names_every_state_and_path() -> None:
    """States, paths and filters of alarms: all of them, and no others."""
    page = (Path(__file__).parents[2] / "docs" / "alarms.md").read_text()
    part = page.split("\n## In the register\n")[1].split("\n## ")[0]
    states = re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)
    assert sorted(states) == sorted(STATES)
    told = set(re.findall(r"^\| `(?:GET|POST) /alarms(\S*)` \|", part, re.MULTILINE))
    paths = {getattr(route, "path", "") for route in alarms_api.router.routes}
    assert told == {
        path.removeprefix(f"{PREFIX}/alarms").replace("{alarm}", "ID") for path in paths
    }
    assert all(f"`{name}`" in part for name in FILTERS)
