"""An HTTP server before a real InfluxDB 1.x, for what the real one does not do by itself.

It speaks `/api/v2/write` (organisation ignored, bucket as database) and passes everything else
on, so the client of version 2 can be tried on a real database; and it gives the answers a test
has laid ready, before it passes a request on.
"""

import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

import urllib3

from lamppost.sim.ports import LOOPBACK

TOKEN = "a-token-of-the-tests"
LATE_S = 60.0


class Canned(NamedTuple):
    """An answer that a test lays ready."""

    status: int
    body: bytes = b"{}"
    headers: Mapping[str, str] = {}


@dataclass(slots=True)
class Front:
    """The running server.

    Attributes:
        url: where it listens.
        upstream: the real server, "" for none.
        canned: answers for the next write requests, in order.
        wants_token: whether requests without `token` get a 401.
        token: the one that is valid at the moment.
        bodies: size of each write request that came.
        query: the answer to all queries, None to pass them on.
        unanswered: how the next write requests end that are passed on all the same: "late",
            without an answer in time, or "cut", with a closed connection.
        version: what it says on `/ping`; nothing by default.
        over: set when the test is over.
    """

    url: str
    upstream: str = ""
    wants_token: bool = True
    token: str = TOKEN
    canned: deque[Canned] = field(default_factory=deque)
    bodies: list[int] = field(default_factory=list)
    query: Canned | None = None
    unanswered: deque[str] = field(default_factory=deque)
    version: str = ""
    over: threading.Event = field(default_factory=threading.Event)


class Handler(BaseHTTPRequestHandler):
    """Answers one connection on behalf of the server's `front`."""

    protocol_version = "HTTP/1.1"
    server: "FrontServer"

    def do_GET(self) -> None:
        """Answer `/ping` and nothing else."""
        version = self.server.front.version
        self.send_response(204 if version and self.path == "/ping" else 404)
        self.send_header("X-Influxdb-Version", version)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        """Answer a request."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer, front = self._answer(body), self.server.front
        if front.unanswered and urlsplit(self.path).path != "/query":
            if front.unanswered.popleft() == "late":
                front.over.wait(LATE_S)
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if answer.status != 204:
            self.wfile.write(answer.body)

    def _answer(self, body: bytes) -> Canned:
        front, url = self.server.front, urlsplit(self.path)
        if url.path != "/query":
            front.bodies.append(len(body))
            if front.canned:
                return front.canned.popleft()
        elif front.query is not None:
            return front.query
        given = self.headers.get("Authorization")
        if front.wants_token and given != f"Token {front.token}":
            return Canned(401, b'{"code":"unauthorized","message":"unauthorized access"}')
        path = self.path
        if url.path == "/api/v2/write":
            asked = parse_qs(url.query)
            named = {"db": asked["bucket"][0], "precision": asked["precision"][0]}
            path = "/write?" + urlencode(named)
        return self._passed_on(path, body)

    def _passed_on(self, path: str, body: bytes) -> Canned:
        kept = ("Content-Type", "Content-Encoding")
        headers = {name: self.headers[name] for name in kept if name in self.headers}
        answer = self.server.pool.request(
            "POST", self.server.front.upstream + path, body=body, headers=headers
        )
        return Canned(answer.status, answer.data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class FrontServer(ThreadingHTTPServer):
    """The server, with what its handlers share."""

    def __init__(self) -> None:
        super().__init__((LOOPBACK, 0), Handler)
        self.pool = urllib3.PoolManager(retries=False, timeout=60.0)
        self.front = Front(f"http://{LOOPBACK}:{self.server_port}")


@contextmanager
def running_front(upstream: str = "", *, wants_token: bool = True) -> Iterator[Front]:
    """A front for a test; it ends with the block."""
    server = FrontServer()
    server.front.upstream, server.front.wants_token = upstream, wants_token
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.front
    finally:
        server.front.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
        server.pool.clear()
