"""The shape of the house: what must hold for every distribution."""

import ast
import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("wire", "edge", "aggregator", "register", "firmware-sim", "dashboards", "benchmarks")
LINES_MAX = 400
FUNCTION_LINES_MAX = 60


def sources() -> list[Path]:
    """All modules that ship."""
    return [file for room in ROOMS for file in (ROOT / room / "lamppost").rglob("*.py")]


def test_no_stray_namespace_file() -> None:
    """`lamppost` stays a namespace: an __init__.py in it would hide the other distributions."""
    assert [room for room in ROOMS if (ROOT / room / "lamppost" / "__init__.py").exists()] == []


@pytest.mark.parametrize("room", ROOMS)
def test_room_is_one_installable_house(room: str) -> None:
    """Each folder has its own pyproject, README and type marker."""
    project = tomllib.loads((ROOT / room / "pyproject.toml").read_text())
    module = project["tool"]["uv"]["build-backend"]["module-name"]
    assert (ROOT / room / Path(*module.split(".")) / "py.typed").exists()
    assert len((ROOT / room / "README.md").read_text()) > 200


def test_modules_and_functions_stay_small() -> None:
    """No module past 400 lines, no function past 60."""
    too_long = []
    for file in sources():
        text = file.read_text()
        if (lines := text.count("\n")) > LINES_MAX:
            too_long.append(f"{file.relative_to(ROOT)}: {lines}")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                if size > FUNCTION_LINES_MAX:
                    too_long.append(f"{file.relative_to(ROOT)}: {node.name} {size}")
    assert too_long == []


def test_init_files_hold_names_only() -> None:
    """An `__init__.py` has a docstring, imports and `__all__`, and no logic."""
    allowed = (ast.Import, ast.ImportFrom, ast.Expr, ast.Assign)
    for file in sources():
        if file.name == "__init__.py":
            assert all(
                isinstance(node, allowed) for node in ast.parse(file.read_text()).body
            ), file


def test_readme_gives_a_reason_for_every_dependency() -> None:
    """Each direct dependency of a distribution has a row in the README's table."""
    rows = set(
        re.findall(r"^\| `([a-zA-Z0-9-]+)`", (ROOT / "README.md").read_text(), re.MULTILINE)
    )
    needed = set()
    for room in ROOMS:
        project = tomllib.loads((ROOT / room / "pyproject.toml").read_text())["project"]
        extras = project.get("optional-dependencies", {}).values()
        for spec in [*project["dependencies"], *(s for extra in extras for s in extra)]:
            name = re.match(r"[a-zA-Z0-9-]+", spec)
            assert name
            if not name[0].startswith("lamppost-"):
                needed.add(name[0])
    assert needed - rows == set()


def test_relative_links_in_docs_resolve() -> None:
    """Every relative link in a Markdown file of ours leads to a file."""
    ours = [file for file in ROOT.rglob("*.md") if not {".venv", ".tools"} & set(file.parts)]
    broken = [
        f"{file.relative_to(ROOT)}: {target}"
        for file in ours
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", file.read_text())
        if "://" not in target and not (file.parent / target).exists()
    ]
    assert broken == []


def test_compiler_flags_live_in_one_place() -> None:
    """Numba's decorators are used in the one module that owns their flags."""
    users = [
        file.name
        for file in (ROOT / "aggregator" / "lamppost").rglob("*.py")
        if re.search(
            r"\bn(?:umba|b)\.(?:n?jit|vectorize)\b|from numba import", file.read_text()
        )
    ]
    assert users == ["jit.py"]


def test_urllib3_is_the_real_one() -> None:
    """Nothing in the environment overwrites the package that our stores write through."""
    from urllib3._version import version as imported

    assert imported == version("urllib3")
