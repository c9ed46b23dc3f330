"""A real Grafana that the environment names: what tests make there they take away again."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from lamppost.dashboards.influx import Influx
from lamppost.dashboards.sources import SOURCES, TYPE

TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Grafana:
    """The HTTP API of a Grafana."""

    url: str
    token: str = field(repr=False)

    def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Make a request; return status and document."""
        content = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = Request(f"{self.url}{path}", content, headers, method=method)
        try:
            with urlopen(request, timeout=TIMEOUT_S) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    @contextmanager
    def sources(self, influx: Influx, city: str) -> Iterator[None]:
        """Have the data sources of a city while the block lasts."""
        wanted = [_source(influx, source, city) for source in SOURCES]
        for one in wanted:
            status, answer = self.call("POST", "/api/datasources", one)
            assert status == 200, f"data source {one['uid']}: {status} {answer}"
        try:
            yield
        finally:
            for one in wanted:
                self.call("DELETE", f"/api/datasources/uid/{one['uid']}")

    @contextmanager
    def board(self, board: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Have a board while the block lasts; yields it as Grafana gives it back."""
        path = f"/api/dashboards/uid/{board['uid']}"
        assert self.call("GET", path)[0] == 404, f"{board['uid']} is there already"
        status, answer = self.call("POST", "/api/dashboards/db", {"dashboard": board})
        assert status == 200, f"{board['uid']}: {status} {answer}"
        try:
            yield self.call("GET", path)[1]["dashboard"]
        finally:
            self.call("DELETE", path)


def named_grafana() -> Grafana:
    """The Grafana that the environment names; without one the test is skipped."""
    url = os.environ.get("LAMPPOST_GRAFANA_URL")
    if not url:
        pytest.skip("no LAMPPOST_GRAFANA_URL is set")
    return Grafana(url.rstrip("/"), os.environ.get("LAMPPOST_GRAFANA_TOKEN", ""))


def _source(influx: Influx, source: Any, city: str) -> dict[str, Any]:
    database = source.database.named(city)
    made = {
        "name": f"{source.name} of a test",
        "uid": source.uid,
        "type": TYPE,
        "access": "proxy",
        "url": influx.url,
        "database": database,
        "jsonData": {"dbName": database, "version": "InfluxQL", "httpMode": "GET"},
    }
    if influx.token:
        made["jsonData"] |= {"httpHeaderName1": "Authorization"}
        made["secureJsonData"] = {"httpHeaderValue1": f"Token {influx.token}"}
    return made
