"""How long a store's server may take: to connect, and then to answer."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lamppost.aggregator.store import http
from lamppost.aggregator.store.http import Http, Server

CONNECT_S, THINKS_S = 0.2, 0.6


class Thinker(BaseHTTPRequestHandler):
    """Answers, but not at once."""

    def do_GET(self) -> None:
        """Think longer than connecting may take."""
        threading.Event().wait(THINKS_S)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    """A server that thinks."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Thinker) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_an_answer_may_take_longer_than_connecting(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time to connect is no bound on the whole request: a slow answer is one."""
    monkeypatch.setattr(http, "CONNECT_TIMEOUT_S", CONNECT_S)
    assert Http(Server(url)).request("GET", "/query").status == 204
