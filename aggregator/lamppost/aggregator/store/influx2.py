"""InfluxDB 2.x, 3 and Cloud as a house for readings, through influxdb-client.

The client's synchronous write takes prebuilt line protocol; its batching mode is never used,
because it logs and drops what it could not write. Queries go to the `/query` endpoint, in the
language all versions share.
"""

import urllib3
from influxdb_client import InfluxDBClient, WritePrecision
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException

from lamppost.aggregator.series import SeriesKey
from lamppost.aggregator.store.deadletter import DeadLetters
from lamppost.aggregator.store.http import CONNECT_TIMEOUT_S, Http, Server, why
from lamppost.aggregator.store.influxql import Reader
from lamppost.aggregator.store.lineprotocol import Lines
from lamppost.aggregator.store.linewriter import Answer, LineWriter, message_of, retry_after_s
from lamppost.aggregator.store.seam import EventRow, SeriesColumns, StoreBatch, StoreUnreachable


class Influx2Store:
    """One bucket of an InfluxDB 2.x, 3 or Cloud server; somebody else creates it.

    Args:
        server: where it is; its headers are left as they are.
        org: organisation; version 3 ignores it.
        bucket: bucket, also the database name for queries.
        token: may write to the bucket and read from it.
        dead: where lines go that the server refuses for good.
    """

    def __init__(
        self, server: Server, org: str, bucket: str, token: str, dead: DeadLetters
    ) -> None:
        self._server = server
        self._org = org
        self._bucket = bucket
        headers = {**server.headers, "Authorization": f"Token {token}"}
        self._http = Http(Server(server.url, headers, server.ca_file, server.read_timeout_s))
        self._client = InfluxDBClient(
            server.url,
            token,
            org=org,
            enable_gzip=True,
            timeout=(CONNECT_TIMEOUT_S * 1000, server.read_timeout_s * 1000),
            ssl_ca_cert=None if server.ca_file is None else str(server.ca_file),
            retries=False,
        )
        self._api = self._client.write_api(write_options=SYNCHRONOUS)
        self._lines = Lines()
        self._reader = Reader(self._http, bucket)
        self._writer = LineWriter(self._send, dead)

    def write(self, batch: StoreBatch) -> None:
        """Keep a batch, durably; see `Store.write`."""
        self._writer.write(self._lines.of(batch))

    def read(self, series: SeriesKey, from_ms: int, to_ms: int, step_ms: int) -> SeriesColumns:
        """Return the readings of a window; see `Store.read`."""
        return self._reader.read(series, from_ms, to_ms, step_ms)

    def events(self, from_ms: int, to_ms: int) -> tuple[EventRow, ...]:
        """Return the events of a window; see `Store.events`."""
        return self._reader.events(from_ms, to_ms)

    def close(self) -> None:
        """Close the connections."""
        self._api.close()
        self._client.close()
        self._http.close()

    def _send(self, body: bytes) -> Answer:
        try:
            self._api.write(self._bucket, self._org, body, WritePrecision.MS)
        except ApiException as problem:
            if not problem.status:  # TLS: the client reports it as an answer without status
                raise StoreUnreachable(f"{self._server.url}: {problem.reason}") from problem
            retry = (problem.headers or {}).get("Retry-After")
            message = message_of(problem.body or "", str(problem.reason))
            return Answer(problem.status, message, retry_after_s(retry))
        except urllib3.exceptions.HTTPError as problem:
            raise StoreUnreachable(f"{self._server.url}: {why(problem)}") from problem
        return Answer(204)
