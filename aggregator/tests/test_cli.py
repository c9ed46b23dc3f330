"""`lamppost aggregator` on the command line."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from lamppost.aggregator.cli import FAILED, OK, WRONG_USE, main
from lamppost.sim.ports import free_port


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["run", "--broker", "nowhere"], "--broker: came 'nowhere', allowed: HOST:PORT"),
        (["run", "--console", "a:b"], "--console: came 'a:b', allowed: HOST:PORT"),
        (["run", "missing.toml"], "missing.toml: file"),
        (["status", "ftp://x"], "URL: came 'ftp://x'"),
    ],
)
def test_wrong_use_is_named(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where, what came and what is allowed, on stderr, exit code 2, before anything starts."""
    assert main(arguments) == WRONG_USE
    assert named in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value", "named"),
    [
        ("--store", "mysql://x/y", "[store] url"),
        ("--console", "192.0.2.1:0", "[console] host"),
    ],
)
def test_wrong_values_that_only_the_parts_know(
    tmp_path: Path, option: str, value: str, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A store or an address that cannot be used is a configuration error too."""
    assert main(["run", "--data", str(tmp_path), option, value]) == WRONG_USE
    assert named in capsys.readouterr().err


def test_a_data_folder_in_use_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two aggregators on one folder: the second says so and leaves, exit code 1."""
    from lamppost.aggregator.spool.spool import Spool

    with Spool(tmp_path / "spool"):
        assert main(["run", "--data", str(tmp_path), "--console", ":-1"]) == FAILED
    assert "in use" in capsys.readouterr().err


def test_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file is checked without starting anything, for people and for scripts."""
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text("[mqtt]\nport = 1883\n")
    bad.write_text("[mqtt]\nport = 'x'\nodd = 1\n")
    assert main(["check", str(good)]) == OK
    assert main(["check", str(bad)]) == WRONG_USE
    assert capsys.readouterr().err.count("bad.toml: [mqtt]") == 2
    assert main(["check", "--json", str(bad)]) == WRONG_USE
    assert len(json.loads(capsys.readouterr().out)["problems"]) == 2


class _Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer with a health document."""
        body = json.dumps({"path": self.path, "warnings": ["a", "b"]}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


def test_status(capsys: pytest.CaptureFixture[str]) -> None:
    """The health of a running aggregator, in words and as JSON."""
    server = HTTPServer(("127.0.0.1", 0), _Health)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    assert main(["status", url, "--json"]) == OK
    assert json.loads(capsys.readouterr().out)["path"] == "/api/v0/health"
    assert main(["status", url]) == OK
    assert "a, b" in capsys.readouterr().out
    server.shutdown()
    server.server_close()


def test_status_of_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody listens there: told with the address, exit code 1."""
    port = free_port()
    assert main(["status", f"http://127.0.0.1:{port}"]) == FAILED
    assert str(port) in capsys.readouterr().err


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    """--help shows how."""
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    assert "lamppost aggregator run" in capsys.readouterr().out
