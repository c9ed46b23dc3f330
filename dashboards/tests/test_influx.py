"""What an InfluxDB answers, and what is none."""

import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lamppost.dashboards.influx import Influx, InfluxError
from parts.influx import RunningInflux


@pytest.fixture
def stranger() -> Iterator[str]:
    """A web server that is no InfluxDB."""
    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_series_of_an_answer(influx: RunningInflux) -> None:
    """A statement's answer comes as series with columns and values."""
    asked = Influx(influx.url)
    asked.query("", 'CREATE DATABASE "asked"')
    names = [row[0] for row in asked.query("", "SHOW DATABASES")[0]["values"]]
    assert "asked" in names


def test_the_words_of_the_database_are_told(influx: RunningInflux) -> None:
    """An error of the database is raised with its own words."""
    with pytest.raises(InfluxError, match="database not found: nowhere"):
        Influx(influx.url).query("nowhere", 'SELECT "a" FROM "b"')
    with pytest.raises(InfluxError, match="400 error parsing query"):
        Influx(influx.url).query("", "SELECT FROM")


def test_another_server_is_told_apart(
    stranger: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever is no InfluxDB does not make a board look well."""
    with pytest.raises(InfluxError, match="501"):
        Influx(stranger).query("city", "SHOW DATABASES")
    capsys.readouterr()  # the stranger's log


def test_a_secret_is_not_shown() -> None:
    """Neither token nor password is in the text of the value."""
    assert "s3cret" not in repr(Influx("http://h", token="s3cret", password="s3cret"))
