"""How large the body of a request may be: known before it is read, and watched while it is."""

from asyncio import timeout
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from types import MappingProxyType

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lamppost.register.problems import problem

BODY_BYTES_MAX = 1024 * 1024
LET_GO_BYTES_MAX, LET_GO_S = 64 * 1024 * 1024, 5.0
"""Of a body that was refused so much is read and dropped, and for so long."""


class BodyLimit:
    """ASGI middleware: a body beyond the bound is answered with 413, whatever it claims.

    Args:
        app: What is guarded.
        bytes_max: The bound.
        large: Bounds of paths whose routes take a file piece by piece and count it. Held
            here, it would be in memory before anybody has looked at who sends it.
    """

    def __init__(
        self,
        app: ASGIApp,
        bytes_max: int = BODY_BYTES_MAX,
        large: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self._app = app
        self._bytes_max = bytes_max
        self._large = large

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        bytes_max = self._large.get(scope["path"], self._bytes_max)
        claimed = Headers(scope=scope).get("content-length", "0")
        if claimed.isascii() and claimed.isdigit() and int(claimed) > bytes_max:
            await _refuse(receive, send, bytes_max)
            return
        if scope["path"] in self._large:
            await self._app(scope, receive, send)
            return
        body, again = await taken(receive, self._bytes_max)
        if len(body) > self._bytes_max:
            await _refuse(receive, send, bytes_max)
        else:
            await self._app(scope, again, send)


async def _refuse(receive: Receive, send: Send, bytes_max: int) -> None:
    told = f"body: allowed: at most {bytes_max} bytes"
    refusal = problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, told)
    head = {"status": refusal.status_code, "headers": refusal.raw_headers}
    await send({"type": "http.response.start", **head})
    await send({"type": "http.response.body", "body": refusal.body, "more_body": True})
    await _let_go(receive)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _let_go(receive: Receive) -> None:
    """Take what still comes and drop it: who hangs up on a sender takes the answer away too."""
    read, more = 0, True
    with suppress(TimeoutError):
        async with timeout(LET_GO_S):
            while more and read < LET_GO_BYTES_MAX:
                message = await receive()
                more = message["type"] == "http.request" and message.get("more_body", False)
                read += len(message.get("body", b""))


async def taken(receive: Receive, bytes_max: int = BODY_BYTES_MAX) -> tuple[bytes, Receive]:
    """Return a body, or a bit more than `bytes_max` of it, and how to read it again."""
    body = bytearray()
    message: Message = {"type": "http.request", "body": b"", "more_body": True}
    while message["type"] == "http.request" and message.get("more_body", False):
        message = await receive()
        body += message.get("body", b"")
        if len(body) > bytes_max:
            break
    return bytes(body), _again(bytes(body), message, receive)


def _again(body: bytes, last: Message, receive: Receive) -> Receive:
    """Give what was read once more, then what comes after it."""
    waiting = [last] if last["type"] != "http.request" else []
    waiting.append({"type": "http.request", "body": body, "more_body": False})

    async def given() -> Message:
        return waiting.pop() if waiting else await receive()

    return given
