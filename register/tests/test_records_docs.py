"""The page about the register says what the code does."""

import re
import shlex
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from fastapi.routing import APIRoute

from lamppost.register import cli
from lamppost.register.alarms import api as alarms_api
from lamppost.register.alarms.reading import FILTERS
from lamppost.register.alarms.values import STATES
from lamppost.register.answering import PREFIX
from lamppost.register.condition import api as condition_api
from lamppost.register.records import assetfiles, geometry, importing, intake, reading
from lamppost.register.records.api import router
from lamppost.register.records.asked import COMMON
from lamppost.register.records.assetfields import EXTERNAL, FIELDS
from lamppost.register.records.migrating import STEPS
from lamppost.register.records.tables import RECORDS
from lamppost.register.records.values import BASES, PAGE_DEFAULT, PAGE_MAX, ROLES
from lamppost.register.work import api as work_api
from lamppost.register.work import values as work

PAGE = (Path(__file__).parents[2] / "docs" / "register.md").read_text()


def section(title: str) -> str:
    """Return one section of the page."""
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def first_cells(title: str) -> list[str]:
    """Return what stands in the first column of a section's table."""
    return re.findall(r"^\| `([^`]+)` \|", section(title), re.MULTILINE)


@pytest.mark.parametrize("line", re.findall(r"^lamppost register .*$", PAGE, re.MULTILINE))
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
    assert f"({PAGE_DEFAULT} unless told otherwise, up to {PAGE_MAX:,})" in PAGE
    assert all(f"`{word}`" in section("Records") for word in (*ROLES, *BASES))


def test_steps_are_a_single_line() -> None:
    """Two newest steps would be a database nobody can bring up to date."""
    assert len(ScriptDirectory(STEPS).get_heads()) == 1


ROOMS = {
    "alarms.md": (alarms_api.router, f"{PREFIX}/alarms", "alarm", STATES, FILTERS),
    "work.md": (
        work_api.router,
        f"{PREFIX}/work-orders",
        "order",
        work.STATES,
        work_api.FILTERS,
    ),
}


@pytest.mark.parametrize("name", ROOMS)
def test_pages_about_rooms_name_every_state_filter_and_path(name: str) -> None:
    """Of alarms and work orders: all of them, and no others."""
    router, prefix, record, states, filters = ROOMS[name]
    page = (Path(__file__).parents[2] / "docs" / name).read_text()
    part = page.split("\n## In the register\n")[-1].split("\n## What it does not")[0]
    assert sorted(re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)) == sorted(states)
    told = re.findall(r"^\| `(GET|POST) (\S+)` \|", part, re.MULTILINE)
    served = [
        (method, route.path.removeprefix(PREFIX).replace(f"{{{record}}}", "ID"))
        for route in router.routes
        if isinstance(route, APIRoute) and route.path.startswith(prefix)
        for method in route.methods or ()
    ]
    assert sorted(told) == sorted(served)
    assert all(f"`{one}`" in part for one in filters)


def test_the_page_about_conditions_names_every_path() -> None:
    """All of them, and no others."""
    page = (Path(__file__).parents[2] / "docs" / "condition.md").read_text()
    told = re.findall(r"^\| `(GET|POST) (\S+)` \|", page, re.MULTILINE)
    served = [
        (method, re.sub(r"\{\w+\}", "ID", route.path.removeprefix(PREFIX)))
        for route in condition_api.router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    ]
    assert sorted(told) == sorted(served)
