"""One HTTP connection pool to a database, with its outages as store errors."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import urllib3
from isal import isal_zlib

from lamppost.aggregator.store.seam import StoreUnreachable

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 30.0
THREADS = 4
"""So many may ask at once (drain, console, canary) with a connection kept for each."""
NO_HEADERS: Mapping[str, str] = {}
GZIP_LEVEL = 1  # makes lines a fifth as long; level 0 is hardly cheaper, 2 hardly smaller
GZIP_WINDOW = 31
GZIP_HEADERS = {"Content-Type": "text/plain; charset=utf-8", "Content-Encoding": "gzip"}


@dataclass(frozen=True, slots=True)
class Server:
    """Where a database is and how to prove who we are.

    Attributes:
        url: scheme, host and port, without a path.
        headers: sent with each request; they hold the secrets and are not shown.
        ca_file: certificates to trust instead of the system's.
        read_timeout_s: how long an answer may take.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    ca_file: Path | None = None
    read_timeout_s: float = READ_TIMEOUT_S


def why(problem: Exception) -> str:
    """Return what went wrong, without the name of the connection object it went wrong on."""
    return str(problem).rpartition("): ")[2]


def gzipped(body: bytes) -> bytes:
    """Return lines as they travel, with `GZIP_HEADERS`."""
    packed: bytes = isal_zlib.compress(body, GZIP_LEVEL, GZIP_WINDOW)
    return packed


class Http:
    """Asks a server; safe from several threads."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._pool = urllib3.PoolManager(
            maxsize=THREADS,
            retries=False,
            timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=server.read_timeout_s),
            ca_certs=None if server.ca_file is None else str(server.ca_file),
        )

    def prove(self, headers: Mapping[str, str]) -> None:
        """Prove who we are with other headers from now on."""
        self.server = replace(self.server, headers=headers)

    def post(
        self, path: str, body: bytes, headers: Mapping[str, str]
    ) -> urllib3.BaseHTTPResponse:
        """Return the answer to a POST, whatever its status.

        Raises:
            StoreUnreachable: there is no answer.
        """
        return self.request("POST", path, body, headers)

    def request(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] = NO_HEADERS
    ) -> urllib3.BaseHTTPResponse:
        """Return the answer to any request, whatever its status.

        Raises:
            StoreUnreachable: there is no answer.
        """
        try:
            return self._pool.request(
                method,
                self.server.url + path,
                body=body,
                headers={**self.server.headers, **headers},
            )
        except urllib3.exceptions.HTTPError as problem:
            raise StoreUnreachable(f"{self.server.url}: {why(problem)}") from problem

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()
