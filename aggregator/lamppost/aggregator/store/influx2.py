"""InfluxDB 2.x, 3 and Cloud as a house for readings, through influxdb-client.

The client's write service takes prebuilt line protocol, compressed by us: the client itself
would do it at zlib's level 9, which costs more than all the rest of the way. Its batching mode
is never used, because it logs and drops what it could not write. Queries go to the `/query`
endpoint, in the language all versions share.
"""

import urllib3
from influxdb_client import InfluxDBClient, WritePrecision, WriteService
from influxdb_client.rest import ApiException

from lamppost.aggregator.store.deadletter import DeadLetters
from lamppost.aggregator.store.http import (
    CONNECT_TIMEOUT_S,
    GZIP_HEADERS,
    Http,
    Server,
    gzipped,
    why,
)
from lamppost.aggregator.store.influx import TWO, InfluxStore, Prove
from lamppost.aggregator.store.linewriter import Answer, message_of, retry_after_s
from lamppost.aggregator.store.seam import StoreUnreachable
from lamppost.wire.series import Database

SCHEME = "Token "


def bearing(token: str) -> dict[str, str]:
    """Return the headers that prove who we are by a token."""
    return {"Authorization": SCHEME + token}


class Influx2Store(InfluxStore):
    """The buckets of a city on InfluxDB 2.x, 3 or Cloud; `lamppost influx setup` makes them.

    Args:
        server: where it is; its headers are left as they are.
        org: organisation; version 3 ignores it.
        city: what the names of the buckets, also the database names for queries, begin with.
        token: may write to the buckets and read from them.
        dead: where lines go that the server refuses for good.
        prove: see `InfluxStore`.
    """

    KIND = TWO

    def __init__(
        self,
        server: Server,
        org: str,
        city: str,
        token: str,
        dead: DeadLetters,
        prove: Prove | None = None,
    ) -> None:
        headers = {**server.headers, **bearing(token)}
        http = Http(Server(server.url, headers, server.ca_file, server.read_timeout_s))
        super().__init__(http, city, dead, prove)
        self._server = server
        self._org = org
        self._connect(token)

    def _connect(self, token: str) -> None:
        server = self._server
        self._client = InfluxDBClient(
            server.url,
            token,
            org=self._org,
            timeout=(CONNECT_TIMEOUT_S * 1000, server.read_timeout_s * 1000),
            ssl_ca_cert=None if server.ca_file is None else str(server.ca_file),
            retries=False,
        )
        self._writes = WriteService(self._client.api_client)

    def close(self) -> None:
        """Close the connections."""
        self._leave()
        super().close()

    def _leave(self) -> None:
        self._client.close()

    def _proves_anew(self) -> bool:
        if not super()._proves_anew():
            return False
        self._leave()
        self._connect(self._http.server.headers["Authorization"].removeprefix(SCHEME))
        return True

    def _send(self, database: Database, body: bytes) -> Answer:
        try:
            _, status, _ = self._writes.post_write_with_http_info(
                self._org,
                database.named(self._city),
                gzipped(body),
                precision=WritePrecision.MS,
                content_encoding=GZIP_HEADERS["Content-Encoding"],
                content_type=GZIP_HEADERS["Content-Type"],
            )
        except ApiException as problem:
            if not problem.status:  # TLS: the client reports it as an answer without status
                raise StoreUnreachable(f"{self._server.url}: {problem.reason}") from problem
            retry = (problem.headers or {}).get("Retry-After")
            message = message_of(problem.body or "", str(problem.reason))
            if problem.status == 404:
                message += "; `lamppost influx setup` makes the buckets"
            return Answer(problem.status, message, retry_after_s(retry))
        except urllib3.exceptions.HTTPError as problem:
            raise StoreUnreachable(f"{self._server.url}: {why(problem)}") from problem
        return Answer(status, message_of(self._client.api_client.last_response.data or ""))
