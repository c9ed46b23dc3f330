"""`lamppost register` as people and scripts call it."""

import json
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from lamppost.register import cli
from lamppost.register.exports.formats import FORMATS
from lamppost.register.exports.names import CSV, NAMES
from lamppost.register.records.commands import SHOWN
from lamppost.register.records.migrations import versions
from lamppost.register.records.reading import KINDS
from lamppost.register.records.store import Register

from .registers import CHANNEL, FLOW, birth
from .test_records_import import PUMPS

STEPS = [one.name for one in pkgutil.iter_modules(versions.__path__)]


class Shell:
    """Calls the command on one data folder."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def __call__(self, *words: str, code: int = 0) -> str:
        """Call it; returns what it printed, or its complaint when it should fail to run."""
        command, *rest = words
        assert cli.main([command, *rest, "--data", str(self.folder)]) == code
        said = self._capsys.readouterr()
        return said.out or said.err

    def json(self, *words: str, code: int = 0) -> Any:
        """Call it with --json and read the answer."""
        return json.loads(self(*words, "--json", code=code))


@pytest.fixture
def shell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Shell:
    """A shell in an empty data folder."""
    monkeypatch.delenv("LAMPPOST_REGISTER_URL", raising=False)
    return Shell(tmp_path, capsys)


@pytest.fixture
def file(shell: Shell) -> str:
    """A file of three assets."""
    path = shell.folder / "assets.csv"
    path.write_text(PUMPS)
    return str(path)


def test_migrate_says_what_it_did(shell: Shell) -> None:
    """First from nothing, then nothing to do; the place is told."""
    newest = max(name[1:5] for name in STEPS)
    first = shell.json("migrate")
    assert first == {
        "database": f"sqlite:{shell.folder}/register.db",
        "before": None,
        "after": newest,
    }
    assert f"at step {newest} already" in shell("migrate")


def test_import_dry_then_real_then_listed(shell: Shell, file: str) -> None:
    """The way an operator goes."""
    dry = shell("import", file, "--dry-run")
    assert "3 new, 0 changed, 0 as they were; would be written\ndry run: nothing" in dry
    assert shell("list", "assets", "--json") == ""
    report = shell.json("import", file)
    assert (report["created"], report["written"], report["dry_run"]) == (3, True, False)
    rows = [json.loads(line) for line in shell("list", "assets", "--json").splitlines()]
    assert [row["id"] for row in rows] == ["pump-1", "pump-2", "station"]
    assert "pump-1\tpump\tPump 1\tstation" in shell("list", "assets")


def test_an_import_that_is_wrong_tells_file_and_line(shell: Shell, file: str) -> None:
    """As compilers do, so editors can jump there; the exit code is 1."""
    Path(file).write_text(PUMPS.replace("L/s", "l/sec"))
    said = shell("import", file, code=1)
    assert f"{file}:3: capacity_unit: came 'l/sec', allowed: a UCUM unit" in said
    assert "2 problems: nothing was written" in said
    report = shell.json("import", file, "--dry-run", code=1)
    assert [problem["line"] for problem in report["problems"]] == [3, 4]


def test_bind_calibrate_unbind(shell: Shell, file: str) -> None:
    """What people say of channels, with who says it."""
    shell("import", file)
    register = Register("sqlite:register.db", shell.folder)
    register.observe_births([birth(FLOW)])
    bound = shell.json("bind", CHANNEL, "pump-1", "--role", "state", "--as", "ada")
    assert bound["new"]
    assert "said already" in shell("bind", CHANNEL, "pump-1", "--role", "state")
    assert shell("calibrate", CHANNEL, "--on", "2026-03-01", "--due", "2028-03-01") == "noted\n"
    assert shell.json("list", "channels")["calibrated_ms"] == 1_772_323_200_000
    assert shell.json("unbind", bound["link"])["ended"]
    assert shell("list", "links", "--json") == ""
    assert shell.json("list", "links", "--all")["asserted_by"] == "ada"
    assert "asset: came 'x'" in shell("bind", CHANNEL, "x", "--role", "state", code=1)
    register.close()


def test_verify_audit_finds_a_tampered_row(shell: Shell, file: str) -> None:
    """Exit code 1, the entry named; a noted head is checked too."""
    shell("import", file)
    whole = shell.json("verify-audit")
    assert (whole["ok"], whole["entries"], whole["faults"]) == (True, 3, [])
    assert "the trail holds" in shell("verify-audit", "--head", whole["head"])
    register = Register("sqlite:register.db", shell.folder)
    with register.database.writing() as connection:
        connection.execute(text("DROP TRIGGER audit_no_update"))
        connection.execute(text("UPDATE audit SET who = 'nobody' WHERE seq = 2"))
    register.close()
    said = shell("verify-audit", code=1)
    assert "entry 2: its content was changed" in said
    assert "THE TRAIL DOES NOT HOLD" in said
    assert shell.json("verify-audit", code=1)["ok"] is False


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["import", "none.csv"], "FILE: came 'none.csv', allowed: a file that is there"),
        (["import", "a.xls"], "allowed: a name that ends in .csv, .geojson, .json"),
        (["verify-audit", "--head", "7"], "--head: came '7', allowed: SEQ:HASH"),
        (["list", "nodes", "--database", "mysql://h/d"], "database: came 'mysql', allowed"),
        (["unbind", "x", "--until", "soon"], "--until: came 'soon', allowed: a day"),
        (["unbind", "x", "--as", "births"], "--as: came 'births', allowed: 1 to 100"),
    ],
)
def test_wrong_use_is_told_with_exit_code_two(
    shell: Shell, words: list[str], told: str
) -> None:
    """What came and what is allowed."""
    assert told in shell(*words, code=2)


def test_a_database_that_cannot_be_used_is_told_without_a_traceback(shell: Shell) -> None:
    """Exit code 1 and one line."""
    (shell.folder / "register.db").write_text("this is no database, and never was one")
    said = shell("list", "assets", code=1)
    assert said == "lamppost register: the database does not do it: file is not a database\n"


def test_the_environment_names_the_database(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As services are set up."""
    monkeypatch.setenv("LAMPPOST_REGISTER_URL", "sqlite:elsewhere.db")
    assert shell.json("migrate")["database"].endswith("/elsewhere.db")


def test_help_has_examples_that_parse(capsys: pytest.CaptureFixture[str]) -> None:
    """Every example in the help is a command that exists."""
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    shown = [
        line.split("  ")[1]
        for line in capsys.readouterr().out.splitlines()
        if "  lamppost register" in line
    ]
    assert len(shown) >= 7
    for line in shown:
        cli._parser().parse_args(line.split()[2:])


HEAVY = ("sqlalchemy", "pydantic", "fastapi", "nicegui", "argon2", "numpy")
LOADED = f"print([one for one in {HEAVY} if one in sys.modules], file=sys.stderr)"
HELPS = f"""
import sys
from lamppost.register import cli
def words(parser, before):
    yield before
    for action in parser._actions:
        for name, one in (action.choices if hasattr(action, "add_parser") else {{}}).items():
            yield from words(one, [*before, name])
for one in words(cli._parser(), []):
    try:
        cli.main([*one, "--help"])
    except SystemExit as ended:
        assert ended.code == 0, one
{LOADED}
"""


def alone(script: str, *words: str) -> tuple[str, str]:
    """Run a script in a Python of its own; returns what it printed, and complained."""
    command = [sys.executable, "-c", script, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout, done.stderr.strip()


def test_help_of_every_command_waits_for_nothing_heavy() -> None:
    """What databases and pages need takes seconds to import, and help needs none of it."""
    said, loaded = alone(HELPS)
    assert said.count("usage: ") > 25
    assert "usage: lamppost register seed" in said
    assert "usage: lamppost register token revoke" in said
    assert loaded == "[]"


@pytest.mark.parametrize(
    ("words", "loaded"),
    [
        (("list", "assets"), "['sqlalchemy']"),
        (("user", "list"), "['sqlalchemy', 'argon2']"),
    ],
)
def test_a_command_imports_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], loaded: str
) -> None:
    """Listing needs no web server."""
    monkeypatch.delenv("LAMPPOST_REGISTER_URL", raising=False)
    script = f"import sys; from lamppost.register import cli; cli.main(sys.argv[1:]); {LOADED}"
    assert alone(script, *words, "--data", str(tmp_path))[1] == loaded


def test_names_that_stand_apart_are_those_there_are() -> None:
    """Kinds and formats are named where naming them costs nothing, and nowhere else."""
    assert set(SHOWN) == set(KINDS)
    assert (*FORMATS, CSV) == NAMES
