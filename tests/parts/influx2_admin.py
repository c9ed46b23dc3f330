"""The part of an InfluxDB 2.x that makes buckets, mappings and tokens, in memory.

It answers as 2.9.1 was seen to: it tells a token once and hashes it, gives every bucket a
virtual mapping, shows a token only the buckets it may read, and takes a write of no lines.
"""

import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from lamppost.sim.ports import LOOPBACK

Document = dict[str, Any]
Answer = tuple[int, Document | None]
ORG = "city works"


@dataclass(slots=True)
class Influx2:
    """The server's state; a test may change it.

    Attributes:
        version: what /ping tells.
        orgs: id by name.
        rights: what each token may do, as (action, bucket id); None is everything.
        requests: every change that was asked for, as "METHOD path".
        writes: how many writes came to each bucket, as it was named.
        broken: status of every answer but /ping's, 0 for the true ones.
    """

    url: str
    version: str = "v2.9.1"
    orgs: dict[str, str] = field(default_factory=lambda: {ORG: "0a"})
    buckets: dict[str, Document] = field(default_factory=dict)
    mappings: list[Document] = field(default_factory=list)
    authorizations: list[Document] = field(default_factory=list)
    rights: dict[str, set[tuple[str, str]] | None] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    writes: dict[str, int] = field(default_factory=dict)
    broken: int = 0

    def answer(
        self, method: str, path: str, asked: Mapping[str, str], body: Document, token: str
    ) -> Answer:
        """Answer one request."""
        if path == "/ping":
            return 204, None
        if self.broken:
            return self.broken, {"message": "not now"}
        if token not in self.rights:
            return 401, {"code": "unauthorized", "message": "unauthorized access"}
        rights = self.rights[token]
        if path == "/api/v2/write":
            self.writes[asked["bucket"]] = self.writes.get(asked["bucket"], 0) + 1
            may = rights is None or ("write", asked["bucket"]) in rights
            return (204, None) if may else (403, {"message": "insufficient permissions"})
        if path == "/api/v2/buckets" and method == "GET":
            return self._named(asked["name"], rights)
        if rights is not None:
            return 403, {"message": "insufficient permissions"}
        if method != "GET":
            self.requests.append(f"{method} {path.rpartition('/v2/')[2].partition('/')[0]}")
        return self._admin(method, path, asked, body)

    def _admin(
        self, method: str, path: str, asked: Mapping[str, str], body: Document
    ) -> Answer:
        match method, path.split("/")[3:]:
            case "GET", ["orgs"]:
                orgs = [{"name": name, "id": number} for name, number in self.orgs.items()]
                return 200, {"orgs": orgs}
            case "POST", ["buckets"]:
                made = {"id": f"b{len(self.buckets)}", **body}
                self.buckets[body["name"]] = made
                return 201, made
            case "PATCH", ["buckets", number]:
                (one,) = (b for b in self.buckets.values() if b["id"] == number)
                one |= body
                return 200, one
            case "GET", ["dbrps"]:
                return 200, {"content": self._mapped(asked["db"])}
            case "POST", ["dbrps"]:
                self.mappings.append({"id": f"m{len(self.mappings)}", **body})
                return 201, self.mappings[-1]
            case "GET", ["authorizations"]:
                return 200, {"authorizations": self.authorizations}
            case "POST", ["authorizations"]:
                return 201, self._authorized(body)
        return 404, {"message": "path not found"}

    def _named(self, name: str, rights: set[tuple[str, str]] | None) -> Answer:
        one = self.buckets.get(name)
        if one is None or not (rights is None or ("read", one["id"]) in rights):
            return 404, {"code": "not found", "message": f'bucket "{name}" not found'}
        return 200, {"buckets": [one]}

    def _mapped(self, name: str) -> list[Document]:
        own = [one for one in self.mappings if one["database"] == name]
        one = self.buckets.get(name)
        if one is None:
            return own
        virtual = {"id": one["id"], "database": name, "bucketID": one["id"]}
        return [*own, virtual | {"default": not own, "virtual": True}]

    def _authorized(self, body: Document) -> Document:
        token = secrets.token_hex(8)
        self.rights[token] = {
            (one["action"], one["resource"]["id"]) for one in body["permissions"]
        }
        self.authorizations.append({**body, "token": ""})  # from now on nobody can read it
        return {**body, "token": token}


class Handler(BaseHTTPRequestHandler):
    """Answers one connection on behalf of the server's state."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body together: apart, the second waits for the client's word
    server: "AdminServer"

    def do_GET(self) -> None:
        """Answer a request, whatever its method."""
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        token = self.headers.get("Authorization", "").removeprefix("Token ")
        body = json.loads(data) if data and url.path != "/api/v2/write" else {}
        status, document = self.server.state.answer(self.command, url.path, asked, body, token)
        content = b"" if document is None else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("X-Influxdb-Version", self.server.state.version)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_PATCH = do_GET  # noqa: N815 - the library's names

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class AdminServer(ThreadingHTTPServer):
    """The server, with the state its handlers share."""

    def __init__(self) -> None:
        super().__init__((LOOPBACK, 0), Handler)
        self.state = Influx2(f"http://{LOOPBACK}:{self.server_port}")


@contextmanager
def running_influx2(admin_token: str) -> Iterator[Influx2]:
    """An empty server with one token that may do everything; it ends with the block."""
    server = AdminServer()
    server.state.rights[admin_token] = None
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
