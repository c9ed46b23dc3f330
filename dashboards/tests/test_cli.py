"""`lamppost dashboards`: exit codes and words."""

from pathlib import Path

import pytest

from lamppost.dashboards.boards.every import every_board
from lamppost.dashboards.cli import FAILED, OK, WRONG_USE, main


def test_rendered_boards_in_git_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    """What stands in git is what the code makes, to the byte."""
    assert main(["render", "--check"]) == OK, capsys.readouterr().err


def test_drift_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is missing, differs or belongs to no board is named; nothing is written."""
    main(["render", "--out", str(tmp_path)])
    first, *_ = sorted(tmp_path.iterdir())
    first.write_text("{}")
    (tmp_path / "old.json").write_text("{}")
    assert main(["render", "--check", "--out", str(tmp_path)]) == FAILED
    told = capsys.readouterr().err
    assert f"{first}: differs" in told
    assert f"{tmp_path / 'old.json'}: no board is" in told
    assert first.read_text() == "{}"


def test_rendering_twice_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second run finds every file as it is."""
    for changed in (len(every_board()), 0):
        assert main(["render", "--out", str(tmp_path)]) == OK
        assert f"{changed} changed" in capsys.readouterr().out


PROVISION = ["provision", "/none", "--influx", "http://h", "--notify", "http://n"]


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["render", "--console", "file:///etc/passwd"], id="no web address"),
        pytest.param(["check", "--influx", "127.0.0.1:8086"], id="no scheme"),
        pytest.param(["check", "--influx", "http://u:p@h"], id="password in the address"),
        pytest.param(["check", "--influx", "http://h", "--token-file", "/none"], id="token"),
        pytest.param(["check", "--influx", "http://h", "--city", "a/b"], id="city"),
        pytest.param([*PROVISION, "--city", "a b"], id="city of a tree"),
    ],
)
def test_wrong_use_says_what_is_allowed(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and one line that names the option and what it takes."""
    assert main(words) == WRONG_USE
    assert "allowed: " in capsys.readouterr().err


def test_an_influxdb_that_is_not_there_fails_the_check(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One line says that nobody answered, not one for each query; the exit code is 1."""
    assert main(["check", "--influx", "http://127.0.0.1:1", "--json"]) == FAILED
    told = capsys.readouterr()
    assert "Connection refused" in told.err
    assert (told.out, told.err.count("\n")) == ("", 1)
