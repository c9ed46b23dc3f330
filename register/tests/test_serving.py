"""`lamppost register serve` as a program: what it tells, whom it lets in, how it ends."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lamppost.register import cli
from lamppost.register.panels.headline import chain_markup, statement, warnings
from lamppost.register.resting import WARNING, Resting

from .asking import fetch
from .test_register_cli import Shell

MAIN = "import sys; from lamppost.register.cli import main; sys.exit(main(sys.argv[1:]))"


@contextmanager
def serving(
    folder: Path, *words: str
) -> Iterator[tuple[dict[str, Any], subprocess.Popen[str]]]:
    """Run the command on a free port; gives what it told, and the process."""
    command = [sys.executable, "-c", MAIN, "serve", "--port", "0", "--json", *words]
    environment = {k: v for k, v in os.environ.items() if k != "LAMPPOST_REGISTER_URL"}
    process = subprocess.Popen(
        [*command, "--data", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline()), process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        for pipe in (process.stdout, process.stderr):
            assert pipe is not None
            pipe.close()


def test_by_default_it_asks_who_comes(tmp_path: Path) -> None:
    """Health answers, the rest does not; it says which database, and how to make a user."""
    with serving(tmp_path) as (told, process):
        assert told["database"] == f"sqlite:{tmp_path}/register.db"
        assert told["url"].startswith("http://127.0.0.1:")
        assert fetch(f"{told['url']}/api/v0/health").status_code == 200
        assert fetch(f"{told['url']}/api/v1/assets").status_code == 401
        page = fetch(f"{told['url']}/sign-in")
        assert "lamppost register user add NAME" in page.text
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert process.stderr is not None
        assert "nobody can sign in yet" in process.stderr.read()


def test_demo_mode_is_open_here_and_says_so(tmp_path: Path) -> None:
    """On the terminal and on the page; the records can be read, and nobody plays aggregator."""
    with serving(tmp_path, "--demo", "--database", f"sqlite://{tmp_path}/x.db") as (
        told,
        process,
    ):
        assert told["database"] == f"sqlite:{tmp_path}/x.db"
        assets = fetch(f"{told['url']}/api/v1/assets")
        assert assets.json()["total"] == 0
        page = fetch(told["url"])
        assert "Demo mode: without sign-in" in page.text
        health = fetch(f"{told['url']}/api/v0/health").json()
        assert health["warnings"] == [WARNING]
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        assert process.stderr is not None
        assert "demo mode: no sign-in" in process.stderr.read()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--demo", "--host", "0.0.0.0"), "--host: came '0.0.0.0', allowed with --demo"),  # noqa: S104
        (("--port", "70000"), "--port: came 70000, allowed: 0 to 65535"),
    ],
)
def test_wrong_use_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], told: str
) -> None:
    """Exit code 2, and nothing is served."""
    assert cli.main(["serve", "--data", str(tmp_path), *words]) == 2
    assert told in capsys.readouterr().err


def test_a_console_that_rests_knows_no_channel() -> None:
    """Asked for a curve, it says that there is none."""
    with pytest.raises(LookupError, match="g/n/d/m"):
        Resting(lambda: 0).history("g", "n", "d", "m", 0, 1, 1)


def test_a_console_that_rests_says_so_once() -> None:
    """In its first sentence, not in a warning for each part that is not here."""
    snapshot = Resting(lambda: 0).snapshot()
    said = statement(snapshot, 0)
    assert (said.text, said.tone, said.hint) == (
        "Nothing is watched from here",
        "quiet",
        WARNING,
    )
    assert warnings(snapshot) == []
    assert chain_markup(snapshot) == ""


def test_users_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made, changed, disabled; the password comes from stdin, never from an argument."""
    monkeypatch.delenv("LAMPPOST_REGISTER_URL", raising=False)
    shell = Shell(tmp_path, capsys)
    piped(monkeypatch, "correct horse battery\n")
    assert "ann: viewer, west" in shell(
        "user", "add", "ann", "--role", "viewer", "--district", "west"
    )
    assert "viewer" in (listed := shell("user", "list"))
    assert "west" in listed
    assert "operator, whole city" in shell("user", "role", "ann", "--role", "operator")
    piped(monkeypatch, "short\n")
    assert "password: came 5 characters" in shell("user", "passwd", "ann", code=1)
    assert "disabled" in shell("user", "disable", "ann")
    assert "was disabled before" in shell("user", "disable", "ann")
    assert "may come in" in shell("user", "enable", "ann")
    assert "account: came 'bob'" in shell("user", "disable", "bob", code=1)
    piped(monkeypatch, "correct horse battery\n")
    assert "name: came 'ann'" in shell("user", "add", "ann", "--role", "admin", code=1)
    with pytest.raises(SystemExit):
        cli.main(["user", "add", "eve", "--role", "admin", "--password", "x"])


def piped(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Let stdin be a pipe with a text in it."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
