from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from lamppost.wire.command import FAILED, GROUP, OK, USAGE_ERROR, main

SOURCE = '''
def lamp(argv):
    """Switch a lamp.

    More about lamps.
    """
    print("lamp", *argv)
    return 7
'''
LAMP = EntryPoint("lamp", "commands_under_test:lamp", GROUP)
BROKEN = EntryPoint("broken", "commands_under_test:missing", GROUP)
ABSENT = EntryPoint("absent", "module_that_is_not_there:main", GROUP)


@pytest.fixture(autouse=True)
def commands_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a module with one command where the import system finds it."""
    (tmp_path / "commands_under_test.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)


def test_it_runs_the_command_with_the_words_after_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The subcommand gets its own words and its exit code is passed on."""
    assert main(["lamp", "--on", "3"], [LAMP]) == 7
    assert capsys.readouterr().out == "lamp --on 3\n"


def test_help_lists_each_command_with_its_first_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`--help` shows the name and the first docstring line of every command."""
    assert main(["--help"], [LAMP]) == OK
    out = capsys.readouterr().out
    assert "  lamp         Switch a lamp.\n" in out
    assert "More about lamps" not in out


def test_no_word_at_all_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    """Bare `lamppost` shows the overview and fails as wrong use."""
    assert main([], [LAMP]) == USAGE_ERROR
    assert "usage: lamppost" in capsys.readouterr().out


def test_an_unknown_command_lists_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    """A name that is not installed exits 2 and says what is."""
    assert main(["lantern"], [LAMP, BROKEN]) == USAGE_ERROR
    assert "no command 'lantern' here; installed: broken, lamp" in capsys.readouterr().err


def test_no_installed_command_is_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    """With nothing installed the list reads "none" and not as an empty space."""
    assert main(["lamp"], []) == USAGE_ERROR
    assert "installed: none" in capsys.readouterr().err


@pytest.mark.parametrize("entry", [BROKEN, ABSENT], ids=["no function", "no module"])
def test_a_broken_command_does_not_spoil_the_help(
    entry: EntryPoint, capsys: pytest.CaptureFixture[str]
) -> None:
    """A command that cannot be loaded is shown as such, beside those that can."""
    assert main(["--help"], [entry, LAMP]) == OK
    out = capsys.readouterr().out
    assert f"  {entry.name:<12} (cannot be loaded:" in out
    assert "Switch a lamp." in out


@pytest.mark.parametrize("entry", [BROKEN, ABSENT], ids=["no function", "no module"])
def test_running_a_broken_command_fails_with_the_reason(
    entry: EntryPoint, capsys: pytest.CaptureFixture[str]
) -> None:
    """A command that cannot be loaded exits 1 and says why, without a traceback."""
    assert main([entry.name], [entry]) == FAILED
    assert f"lamppost: {entry.name} cannot be loaded: " in capsys.readouterr().err


def test_version_names_the_release(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` prints the command and a version number."""
    assert main(["--version"], []) == OK
    name, number = capsys.readouterr().out.split()
    assert name == "lamppost"
    assert number[0].isdigit()
