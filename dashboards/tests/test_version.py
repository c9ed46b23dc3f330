"""Which Grafana can be pushed to: an old, a broken and a strange one are told, and left alone.

Grafanas of other versions cannot be had here; a server that answers as they do can.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lamppost.dashboards.cli import FAILED, main
from lamppost.dashboards.push.run import NOT_YET


@contextmanager
def grafana(health: object, otherwise: object = None) -> Iterator[tuple[str, list[str]]]:
    """A server that says this of its health; yields its address and what it was asked.

    Everything else is not found, or fails with the message that is given.
    """
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.command} {self.path}")
            well = self.path == "/api/health"
            body = json.dumps(health if well else {"message": otherwise}).encode()
            self.send_response(200 if well else 500 if otherwise else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            """Not on the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def pushed(url: str, folder: Path) -> int:
    """Exit code of a push."""
    token = folder / "token"
    token.write_text("t")
    words = ["push", "--url", url, "--token-file", str(token), "--influx", "http://i"]
    return main([*words, "--influx-token-file", str(token), "--notify", "http://n"])


@pytest.mark.parametrize(
    "version", ["8.5.27", "9.2.20", "9.4.0", "9.4.17", "9.5.0", "9.5.0-55231pre"]
)
def test_a_version_that_does_not_work_is_refused(
    version: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says which came and which are allowed; nothing else is asked."""
    with grafana({"version": version, "database": "ok"}) as (url, asked):
        assert pushed(url, tmp_path) == FAILED
        assert asked == ["GET /api/health"]
    told = capsys.readouterr().err
    assert f"came Grafana {version}, allowed: 9.3, and 9.5.1 or later" in told


@pytest.mark.parametrize(
    "version", ["9.3.0", "9.3.16", "9.5.1", "10.0.0+security-01", "13.1.2"]
)
def test_a_version_that_works_is_asked_on(version: str, tmp_path: Path) -> None:
    """Beyond the version there is more to ask."""
    with grafana({"version": version}) as (url, asked):
        assert pushed(url, tmp_path) == FAILED
        assert len(asked) > 1


@pytest.mark.parametrize(
    "health", [{}, [], {"version": ""}, {"version": "dev"}, {"version": None}, "grafana"]
)
def test_what_is_no_grafana_is_told(
    health: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever another server says of its health, the answer is one sentence."""
    with grafana(health) as (url, _):
        assert pushed(url, tmp_path) == FAILED
    assert "came no answer of a Grafana" in capsys.readouterr().err


def test_an_organisation_that_was_just_made_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Grafana makes its alerting configuration within a minute, and says 500 until then."""
    with grafana({"version": "9.3.2"}, NOT_YET) as (url, _):
        assert pushed(url, tmp_path) == FAILED
    assert "then push again" in capsys.readouterr().err
