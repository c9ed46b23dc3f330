"""Asks an InfluxDB in InfluxQL over `/query`, which 1.x, 2.x and 3 all answer."""

import json
from base64 import b64encode
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

MAX_ANSWER_BYTES = 64 << 20
MAX_MESSAGE_CHARS = 300


class InfluxError(Exception):
    """An InfluxDB did not answer a query, or answered that it will not."""


class UnreachableError(InfluxError):
    """Nobody answered at all."""


@dataclass(frozen=True, slots=True)
class Influx:
    """An InfluxDB.

    Attributes:
        url: "http://127.0.0.1:8086".
        token: of 2.x and 3.
        user: of 1.x; empty without users.
        password: that user's.
        timeout_s: how long an answer may take.
    """

    url: str
    token: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)
    timeout_s: float = 30.0

    def query(self, database: str, text: str) -> list[dict[str, Any]]:
        """Return the series of the answer to one statement.

        Raises:
            UnreachableError: no answer.
            InfluxError: one that is none.
        """
        body = urlencode({"db": database, "epoch": "ms", "q": text}).encode()
        request = Request(f"{self.url}/query", body, self._headers())  # noqa: S310 - checked
        try:
            with urlopen(request, timeout=self.timeout_s) as answer:  # noqa: S310 - the CLI checks it
                content = answer.read(MAX_ANSWER_BYTES + 1)
        except HTTPError as error:
            raise InfluxError(f"{error.code} {_message(error.read(4096))}") from error
        except (OSError, HTTPException) as error:
            raise UnreachableError(f"{self.url}: {getattr(error, 'reason', error)}") from error
        if len(content) > MAX_ANSWER_BYTES:
            raise InfluxError(f"an answer of more than {MAX_ANSWER_BYTES} bytes")
        return _series(content)

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if self.token:
            headers["Authorization"] = f"Token {self.token}"
        elif self.user:
            pair = b64encode(f"{self.user}:{self.password}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        return headers


def _series(content: bytes) -> list[dict[str, Any]]:
    try:
        result = json.loads(content)["results"][0]
    except (ValueError, LookupError, TypeError) as error:
        raise InfluxError(f"not an InfluxDB's answer: {_message(content)}") from error
    if "error" in result:
        raise InfluxError(str(result["error"])[:MAX_MESSAGE_CHARS])
    series: list[dict[str, Any]] = result.get("series", [])
    return series


def _message(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if isinstance(document, dict):
        text = str(document.get("error") or document.get("message") or text)
    return " ".join(text.split())[:MAX_MESSAGE_CHARS]
